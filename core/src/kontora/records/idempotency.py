"""Answers kept for requests that are sent again, in the same transaction as their effect.

The claim of a key is a row with the first answer yet to come. A second request with the same key
waits for the first one's transaction (SQLite has one writer; PostgreSQL makes the insert wait for
the row), and then finds its answer, or, when it failed, a free key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kontora.access.session import ScopedSession
from kontora.errors import Conflict, Invalid
from kontora.records.models import IdempotencyKey
from kontora.text import _

DOOR = {"door": "idempotency"}
KEPT = timedelta(hours=48)
_kept: Any = IdempotencyKey.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A first answer: status, body and the headers that belong to it."""

    status: int
    body: str
    headers: Mapping[str, str]


def claim(session: ScopedSession, owner: str, key: str, request_hash: str) -> Answer | None:
    """Take a key for this transaction, or return the answer that was given under it.

    Raises Invalid when the key was used for another request.
    """
    dialect = session.get_bind().dialect.name
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    row = {
        "key": key,
        "owner": owner,
        "request_hash": request_hash,
        "status": 0,
        "body": "",
        "headers": {},
        "done": False,
        "created_at": session.now,
    }
    statement = make(_kept).values(row).on_conflict_do_nothing().returning(_kept.c.key)
    if session.execute(statement, execution_options=DOOR).first() is not None:
        return None
    at = (_kept.c.key == key) & (_kept.c.owner == owner)
    row_kept = session.execute(select(_kept).where(at), execution_options=DOOR).first()
    if row_kept is None:
        raise Conflict(_("This key is just being forgotten; send the request again."))
    found = row_kept._mapping
    if found["request_hash"] != request_hash:
        text = _("This key was used for another request; take a new one.")
        raise Invalid({"Idempotency-Key": [text]})
    return Answer(status=found["status"], body=found["body"], headers=found["headers"])


def keep(session: ScopedSession, owner: str, key: str, answer: Answer) -> None:
    """Keep the answer under the key that this transaction has claimed."""
    at = (_kept.c.key == key) & (_kept.c.owner == owner)
    values = {
        "status": answer.status,
        "body": answer.body,
        "headers": dict(answer.headers),
        "done": True,
    }
    session.execute(update(_kept).where(at).values(**values), execution_options=DOOR)


def release(session: ScopedSession, owner: str, key: str) -> None:
    """Free the key that this transaction has claimed: its request had no effect to repeat."""
    at = (_kept.c.key == key) & (_kept.c.owner == owner)
    session.execute(delete(_kept).where(at), execution_options=DOOR)


def forget_old(session: ScopedSession) -> int:
    """Delete answers that are old, by the setting of retention; returns how many. A job of the
    system runs it."""
    value = session.site.setting(session, "retention.answers")
    kept = KEPT if value is None else timedelta(days=int(value))
    if not kept:
        return 0
    gone = delete(_kept).where(_kept.c.created_at < session.now - kept).returning(_kept.c.key)
    return len(session.execute(gone, execution_options=DOOR).all())
