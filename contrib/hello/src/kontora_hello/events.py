"""A subscriber: told of every new greeting after its commit, once, and again if it fails; and the
kind of notice by which the owner of whom it is for hears of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.api import (
    Event,
    NoticeKind,
    Party,
    ScopedSession,
    Subscriber,
    hookimpl,
    notices,
    records,
)
from kontora_hello import _


def note_it(session: ScopedSession, event: Event) -> None:
    """Write a note into the timeline of whom the greeting is for."""
    if not session.site.setting(session, "hello.note") or event.record_id is None:
        return
    greetings = session.registry.record_type("hello/greetings")
    greeting = records.get_record(session, greetings, event.record_id)
    if greeting["party"] is not None:
        note = {"kind": "note", "subject": greeting["subject"], "body": greeting["body"]}
        note |= {"parties": [greeting["party"]["id"]]}
        records.create_record(session, session.registry.record_type("activities"), note)
        tell_owner(session, event, greeting["party"])


def tell_owner(session: ScopedSession, event: Event, party: Mapping[str, Any]) -> None:
    """The owner of the party hears of it, unless he greets himself."""
    owner = session.scalar(select(Party.owner_id).where(Party.id == UUID(party["id"])))
    if owner is not None and owner != session.principal.user_id:
        text, params = _("There is a new greeting for %(name)s."), {"name": party["name"]}
        link, key = f"/hello/greetings/{event.record_id}", f"hello.{event.id}"
        notices.tell(session, [owner], "hello.greeting", text, params, link, key=key)


@hookimpl
def register_subscribers() -> Iterable[Subscriber]:
    return (Subscriber(name="hello.note", pattern="hello.greeting.created", handler=note_it),)


@hookimpl
def register_notice_kinds() -> Iterable[NoticeKind]:
    return (NoticeKind(name="hello.greeting", label=_("A greeting for one of my clients")),)
