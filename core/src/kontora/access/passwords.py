"""Passwords and sign-in: argon2id, the same work for known and unknown names, throttled."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import insert, select, update

from kontora.access.identity import DOOR, hashed
from kontora.access.models import ApiToken, Credential, User, UserSession
from kontora.errors import Invalid
from kontora.ids import new_id
from kontora.text import _

SHORTEST, LONGEST = 10, 1024
_hasher = PasswordHasher()
# Verified when there is no such user, so that the answer takes as long as for one that exists.
_NOBODY = _hasher.hash(secrets.token_hex(16))
_user: Any = User.__table__
_credential: Any = Credential.__table__
_device: Any = UserSession.__table__
_token: Any = ApiToken.__table__


def check_strength(password: str) -> None:
    """Raise Invalid for a password that is too short or too long."""
    if len(password) < SHORTEST:
        message = _("Use at least %(n)s characters.") % {"n": SHORTEST}
        raise Invalid({"password": [message]})
    if len(password) > LONGEST:
        message = _("Use at most %(n)s characters.") % {"n": LONGEST}
        raise Invalid({"password": [message]})


def set_password(session: Any, user_id: UUID, password: str) -> None:
    """Set a password and sign the user out everywhere."""
    check_strength(password)
    values = {"password_hash": _hasher.hash(password), "changed_at": session.now}
    changed = session.execute(
        update(_credential).where(_credential.c.user_id == user_id).values(values),
        execution_options=DOOR,
    )
    if not changed.rowcount:
        row = {"user_id": user_id, **values}
        session.execute(insert(_credential), [row], execution_options=DOOR)
    revoke_devices(session, user_id)


def verify(session: Any, email: str, password: str) -> UUID | None:
    """The user with this e-mail and password, or None; both cases cost the same."""
    row = session.execute(
        select(_user.c.id, _credential.c.password_hash)
        .join(_credential, _credential.c.user_id == _user.c.id)
        .where(_user.c.email == email.strip().casefold(), _user.c.state == "active")
        .where(_user.c.deleted_at.is_(None)),
        execution_options=DOOR,
    ).first()
    known = row.password_hash if row else _NOBODY
    try:
        _hasher.verify(known, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return None
    return row.id if row else None


def open_device(session: Any, user_id: UUID, *, address: str, agent: str) -> str:
    """Sign a device in; returns its token, which is kept nowhere else."""
    token = secrets.token_urlsafe(32)
    row = {
        "user_id": user_id,
        "token_hash": hashed(token),
        "created_at": session.now,
        "seen_at": session.now,
        "address": address[:64],
        "agent": agent[:255],
    }
    session.execute(insert(_device), [row], execution_options=DOOR)
    return token


def devices(session: Any, user_id: UUID) -> list[dict[str, Any]]:
    """The devices on which a user is signed in, the last used first."""
    rows = session.execute(
        select(_device.c.id, _device.c.created_at, _device.c.seen_at)
        .add_columns(_device.c.address, _device.c.agent)
        .where(_device.c.user_id == user_id, _device.c.revoked_at.is_(None))
        .order_by(_device.c.seen_at.desc(), _device.c.id.desc()),
        execution_options=DOOR,
    )
    return [dict(row._mapping) for row in rows]


def revoke_devices(session: Any, user_id: UUID, device_id: int | None = None) -> int:
    """Sign a user out on one device, or on all; returns how many there were."""
    statement = update(_device).where(_device.c.user_id == user_id, _device.c.revoked_at.is_(None))
    if device_id is not None:
        statement = statement.where(_device.c.id == device_id)
    gone = session.execute(statement.values(revoked_at=session.now), execution_options=DOOR)
    return int(gone.rowcount)


def create_token(
    session: Any, user_id: UUID, name: str, *, scope: str = "write", expires_at: Any = None
) -> str:
    """Make a named API token and return it; only its hash is kept."""
    if scope not in ("read", "write"):
        raise Invalid({"scope": [_("Must be one of: %(k)s.") % {"k": "read, write"}]})
    if not name.strip():
        raise Invalid({"name": [_("Give the token a name.")]})
    token = f"kontora_{secrets.token_urlsafe(32)}"
    row = {
        "id": new_id(),
        "user_id": user_id,
        "name": name.strip()[:255],
        "token_hash": hashed(token),
        "scope": scope,
        "created_at": session.now,
        "expires_at": expires_at,
    }
    session.execute(insert(_token), [row], execution_options=DOOR)
    return token


def tokens(session: Any, user_id: UUID) -> list[dict[str, Any]]:
    """The valid API tokens of a user, without their secret."""
    rows = session.execute(
        select(_token.c.id, _token.c.name, _token.c.scope, _token.c.created_at)
        .add_columns(_token.c.used_at, _token.c.expires_at)
        .where(_token.c.user_id == user_id, _token.c.revoked_at.is_(None))
        .order_by(_token.c.created_at, _token.c.id),
        execution_options=DOOR,
    )
    return [dict(row._mapping) for row in rows]


def revoke_token(session: Any, user_id: UUID, token_id: UUID) -> bool:
    """Take back one token of a user."""
    gone = session.execute(
        update(_token)
        .where(_token.c.id == token_id, _token.c.user_id == user_id)
        .where(_token.c.revoked_at.is_(None))
        .values(revoked_at=session.now),
        execution_options=DOOR,
    )
    return bool(gone.rowcount)
