"""Steps of a sign-in that wait for their end: held by the database, ended once, soon over.

The browser holds a handle of 256 random bits, the database its hash.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select

from kontora.access.identity import DOOR, hashed
from kontora.access.sign_in_models import SignInStep

CODE, PASSKEY_IN, PASSKEY_ADD = "code", "passkey-in", "passkey-add"
LIFE = timedelta(minutes=5)
_step: Any = SignInStep.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that is open: of whom, if that is known, and the challenge of a passkey."""

    user_id: UUID | None
    challenge: bytes | None


def begin(session: Any, purpose: str, user_id: UUID | None, challenge: bytes | None = None) -> str:
    """Open a step for five minutes and return its handle. Old ones are cleared away."""
    past = delete(_step).where(_step.c.expires_at <= session.now)
    session.execute(past, execution_options=DOOR)
    handle = secrets.token_urlsafe(32)
    row = {
        "handle_hash": hashed(handle),
        "purpose": purpose,
        "user_id": user_id,
        "challenge": challenge,
        "expires_at": session.now + LIFE,
    }
    session.execute(insert(_step), [row], execution_options=DOOR)
    return handle


def look(session: Any, purpose: str, handle: str | None) -> Step | None:
    """The open step of a handle, which stays open."""
    if not handle:
        return None
    row = session.execute(_open(select(_step), session, purpose, handle), execution_options=DOOR)
    return _as_step(row.first())


def end(session: Any, purpose: str, handle: str | None) -> Step | None:
    """The open step of a handle, which is over with this: a second call finds nothing."""
    if not handle:
        return None
    statement = _open(delete(_step), session, purpose, handle)
    row = session.execute(
        statement.returning(_step.c.user_id, _step.c.challenge), execution_options=DOOR
    )
    return _as_step(row.first())


def _open(statement: Any, session: Any, purpose: str, handle: str) -> Any:
    same = (_step.c.handle_hash == hashed(handle)) & (_step.c.purpose == purpose)
    return statement.where(same, _step.c.expires_at > session.now)


def _as_step(row: Any) -> Step | None:
    return None if row is None else Step(user_id=row.user_id, challenge=row.challenge)
