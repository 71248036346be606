"""A panel on the page of a contact or counterparty, and a widget on the home page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from kontora.api import Panel, ScopedSession, Widget, hookimpl
from kontora_hello import _
from kontora_hello.models import Greeting


def greetings_of(session: ScopedSession, record_id: UUID) -> Mapping[str, Any]:
    """The newest greetings for a party; the session shows only what the user may see."""
    found = select(Greeting).where(Greeting.party_id == record_id)
    greetings = session.scalars(found.order_by(Greeting.created_at.desc()).limit(5)).all()
    rows = [{"name": each.subject, "url": f"/hello/greetings/{each.id}"} for each in greetings]
    return {"greetings": greetings, "rows": rows, "party_id": record_id}


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
    template, title = "hello/widget.html", _("Greetings")
    return (Widget(id="hello.count", title=title, template=template, load=count_greetings),)
