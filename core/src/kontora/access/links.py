"""Links by which a password is set, once: after “forgotten”, or by an invitation."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from kontora.access import passwords
from kontora.access.identity import DOOR, hashed
from kontora.access.models import Credential, User
from kontora.access.sign_in_models import AccountLink

RESET, INVITE = "reset", "invite"
LIVES = {RESET: timedelta(hours=1), INVITE: timedelta(days=7)}
_link: Any = AccountLink.__table__
_user: Any = User.__table__
_credential: Any = Credential.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link that still opens: for whom, for what, and until when."""

    id: UUID
    user_id: UUID
    purpose: str
    email: str
    name: str
    locale: str
    expires_at: datetime


def make(session: Any, user_id: UUID, purpose: str) -> tuple[str, datetime]:
    """A new link in place of former ones of this purpose: its token (256 bits) and its end."""
    revoke(session, user_id, purpose)
    token = secrets.token_urlsafe(32)
    end = session.now + LIVES[purpose]
    row = {
        "user_id": user_id,
        "purpose": purpose,
        "token_hash": hashed(token),
        "created_at": session.now,
        "expires_at": end,
    }
    session.execute(insert(_link), [row], execution_options=DOOR)
    return token, end


def find(session: Any, token: str) -> Link | None:
    """The link of a token, when it is neither used, revoked nor too old, and the user active."""
    row = session.execute(
        select(_link.c.id, _link.c.user_id, _link.c.purpose, _link.c.expires_at)
        .add_columns(_user.c.email, _user.c.name, _user.c.locale)
        .join(_user, _user.c.id == _link.c.user_id)
        .where(_link.c.token_hash == hashed(token), _open(session))
        .where(_user.c.state == "active", _user.c.deleted_at.is_(None))
        .where(_user.c.email.is_not(None)),
        execution_options=DOOR,
    ).first()
    return None if row is None else Link(**row._mapping)


def use(session: Any, token: str, password: str) -> Link | None:
    """Set the password by a link: ends it, all others of the user, and all his sessions.

    None when the link opens nothing. Raises Invalid for a bad password, and leaves the link open.
    """
    link = find(session, token)
    if link is None:
        return None
    passwords.check_password(session, link.user_id, password)
    mine = (_link.c.id == link.id) & _open(session)
    done = session.execute(update(_link).where(mine).values(used_at=session.now), **_BY_DOOR)
    if not done.rowcount:  # another request was quicker
        return None
    passwords.set_password(session, link.user_id, password)
    return link


def revoke(session: Any, user_id: UUID, purpose: str | None = None) -> int:
    """Take back the open links of a user; returns how many there were."""
    mine = (_link.c.user_id == user_id) & _open(session)
    if purpose is not None:
        mine &= _link.c.purpose == purpose
    gone = session.execute(update(_link).where(mine).values(revoked_at=session.now), **_BY_DOOR)
    return int(gone.rowcount)


def invitations(session: Any, user_ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """Of these users, those who were invited and have set no password: until when it holds."""
    rows = session.execute(
        select(_link.c.user_id, _link.c.expires_at)
        .outerjoin(_credential, _credential.c.user_id == _link.c.user_id)
        .where(_link.c.user_id.in_(list(user_ids)), _link.c.purpose == INVITE)
        .where(_link.c.used_at.is_(None), _link.c.revoked_at.is_(None))
        .where(_credential.c.user_id.is_(None)),
        execution_options=DOOR,
    )
    return {row.user_id: row.expires_at for row in rows}


_BY_DOOR: dict[str, Any] = {"execution_options": DOOR}


def _open(session: Any) -> Any:
    unused = _link.c.used_at.is_(None) & _link.c.revoked_at.is_(None)
    return unused & (_link.c.expires_at > session.now)
