"""A panel on the page of a contact or counterparty, a widget on the home page, a kind of view."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from kontora.api import (
    Panel,
    Query,
    RecordType,
    ScopedSession,
    ViewKind,
    Widget,
    hookimpl,
    records,
)
from kontora_hello import _
from kontora_hello.models import Greeting


def greetings_of(session: ScopedSession, record_id: UUID) -> Mapping[str, Any]:
    """The newest greetings for a party; the session shows only what the user may see."""
    found = select(Greeting).where(Greeting.party_id == record_id)
    greetings = session.scalars(found.order_by(Greeting.created_at.desc()).limit(5)).all()
    rows = [{"name": each.subject, "url": f"/hello/greetings/{each.id}"} for each in greetings]
    may_add = session.principal.rights.scope("hello.greeting", "create") is not None
    return {"greetings": greetings, "rows": rows, "party_id": record_id, "may_add": may_add}


def count_greetings(session: ScopedSession) -> Mapping[str, Any]:
    return {"count": session.scalar(select(func.count(Greeting.id))) or 0}


@hookimpl
def register_slots() -> Iterable[Panel]:
    template, title = "hello/panel.html", _("Greetings")
    panel = Panel(
        id="hello.greetings", title=title, entity="party", template=template, load=greetings_of
    )
    return (panel,)


@hookimpl
def register_widgets() -> Iterable[Widget]:
    widget = Widget(
        id="hello.count",
        title=_("Greetings"),
        help=_("How many there are that you may see."),
        template="hello/widget.html",
        load=count_greetings,
    )
    return (widget,)


def postcards(session: ScopedSession, rtype: RecordType, query: Query) -> Mapping[str, Any]:
    """The greetings of the list, with its filter and its order, read like any list."""
    page = records.list_records(session, rtype, replace(query, fields=("subject", "body", "party")))
    return {"cards": page.items}


@hookimpl
def register_view_kinds() -> Iterable[ViewKind]:
    kind = ViewKind(
        key="hello.postcards",
        label=_("Postcards"),
        icon="mail",
        template="hello/postcards.html",
        load=postcards,
        entities=("hello.greeting",),
    )
    return (kind,)
