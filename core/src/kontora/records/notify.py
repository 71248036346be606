"""Tell others of a save: hooks inside the transaction, events behind it."""

from __future__ import annotations

from typing import Any

from kontora.access.session import ScopedSession
from kontora.registry.records import Change, Draft
from kontora.work import outbox

PAST = {
    "create": "created",
    "change": "changed",
    "delete": "deleted",
    "restore": "restored",
    "merge": "merged",
}


def before_save(session: ScopedSession, draft: Draft) -> None:
    """Let hooks check or complete what is about to be written; an exception stops the save."""
    session.site.notify("before_save", session=session, draft=draft)


def after_save(session: ScopedSession, change: Change) -> None:
    """Let hooks keep what must agree with the record, then leave an event for subscribers."""
    session.site.notify("record_changed", session=session, change=change)
    name = f"{change.entity}.{PAST[change.verb]}"
    if any(each.wants(name) for each in session.registry.subscribers):
        payload: dict[str, Any] = {"kind": change.kind, "fields": sorted(change.after)}
        outbox.emit(session, name, change.entity, change.record_id, payload)
