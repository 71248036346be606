"""A subscriber: told of every new greeting after its commit, once, and again if it fails."""

from __future__ import annotations

from collections.abc import Iterable

from kontora.api import Event, ScopedSession, Subscriber, hookimpl, records


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


@hookimpl
def register_subscribers() -> Iterable[Subscriber]:
    return (Subscriber(name="hello.note", pattern="hello.greeting.created", handler=note_it),)
