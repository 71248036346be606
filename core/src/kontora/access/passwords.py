"""Passwords and sign-in: argon2id, the same work for known and unknown names, throttled."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, insert, select, update

from kontora import limits
from kontora.access import breached, sign_in_settings
from kontora.access.identity import DOOR, hashed
from kontora.access.models import ApiToken, Credential, User, UserSession
from kontora.access.sign_in_models import AccountLink
from kontora.errors import Invalid
from kontora.ids import new_id
from kontora.text import _

SHORTEST = 10
LONGEST = limits.current().password_chars
_hasher = PasswordHasher()
_user: Any = User.__table__
_credential: Any = Credential.__table__
_device: Any = UserSession.__table__
_token: Any = ApiToken.__table__
_link: Any = AccountLink.__table__


def check_strength(
    password: str, shortest: int = SHORTEST, about: tuple[str | None, ...] = ()
) -> None:
    """Raise Invalid for a password that is too short or too long, that everybody tries first, or
    that is made of `about`: the user's name and address."""
    if len(password) < shortest:
        message = _("Use at least %(n)s characters.") % {"n": shortest}
    elif len(password) > LONGEST:
        message = _("Use at most %(n)s characters.") % {"n": LONGEST}
    elif breached.is_common(password):
        message = _(
            "This password stands on lists of stolen ones, or nearly so. "
            "Take a few words that belong to nothing."
        )
    elif breached.is_about(password, about):
        message = _(
            "This is your name or address, which others know. "
            "Take a few words that belong to nothing."
        )
    else:
        return
    raise Invalid({"password": [message]})


def shortest(session: Any) -> int:
    """How many characters a password must have here."""
    return sign_in_settings.in_force(session)[sign_in_settings.SHORTEST_PASSWORD]


def check_password(session: Any, user_id: UUID, password: str) -> None:
    """Raise Invalid for a password that this user may not take."""
    row = session.execute(
        select(_user.c.name, _user.c.email).where(_user.c.id == user_id), execution_options=DOOR
    ).first()
    about = (row.name, row.email) if row else ()
    check_strength(password, shortest(session), about)


def set_password(session: Any, user_id: UUID, password: str) -> None:
    """Set a password, sign the user out everywhere and take back his links."""
    check_password(session, user_id, password)
    values = {"password_hash": _hasher.hash(password), "changed_at": session.now}
    changed = session.execute(
        update(_credential).where(_credential.c.user_id == user_id).values(values),
        execution_options=DOOR,
    )
    if not changed.rowcount:
        row = {"user_id": user_id, **values}
        session.execute(insert(_credential), [row], execution_options=DOOR)
    revoke_devices(session, user_id)
    mine = (_link.c.user_id == user_id) & _link.c.used_at.is_(None) & _link.c.revoked_at.is_(None)
    session.execute(
        update(_link).where(mine).values(revoked_at=session.now), execution_options=DOOR
    )


def has_password(session: Any, user_id: UUID) -> bool:
    """Whether the user ever got a password."""
    found = select(_credential.c.user_id).where(_credential.c.user_id == user_id)
    return session.execute(found, execution_options=DOOR).first() is not None


@cache
def _nobody() -> str:
    """The hash that is verified when there is no such user, so that the answer takes as long as
    for one that exists. Made by the first sign-in of a process: commands need none."""
    return _hasher.hash(secrets.token_hex(16))


def verify(session: Any, email: str, password: str) -> UUID | None:
    """The user with this e-mail and password, or None; both cases cost the same."""
    row = session.execute(
        select(_user.c.id, _credential.c.password_hash)
        .join(_credential, _credential.c.user_id == _user.c.id)
        .where(_user.c.email == email.strip().casefold(), _user.c.state == "active")
        .where(_user.c.deleted_at.is_(None)),
        execution_options=DOOR,
    ).first()
    nobody = _nobody()  # also for known users: a slow first try tells nothing
    known = row.password_hash if row else nobody
    try:
        _hasher.verify(known, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return None
    return row.id if row else None


def open_device(
    session: Any, user_id: UUID, *, address: str, agent: str, method: str = "password"
) -> str:
    """Sign a device in; returns its token, which is kept nowhere else. `method` is `password`,
    or a strong one: `password+code`, `passkey`."""
    token = secrets.token_urlsafe(32)
    row = {
        "user_id": user_id,
        "token_hash": hashed(token),
        "created_at": session.now,
        "seen_at": session.now,
        "address": address[:64],
        "agent": agent[:255],
        "method": method,
        "confirmed_at": session.now,
    }
    session.execute(insert(_device), [row], execution_options=DOOR)
    return token


def confirm_device(session: Any, device_id: int, method: str | None = None) -> None:
    """Note that the user of this device has just proved who he is, by `method` if it is new."""
    values: dict[str, Any] = {"confirmed_at": session.now}
    if method is not None:
        values["method"] = method
    statement = update(_device).where(_device.c.id == device_id).values(values)
    session.execute(statement, execution_options=DOOR)


def devices(session: Any, user_id: UUID) -> list[dict[str, Any]]:
    """The devices on which a user is signed in, the last used first."""
    rows = session.execute(
        select(_device.c.id, _device.c.created_at, _device.c.seen_at)
        .add_columns(_device.c.address, _device.c.agent, _device.c.method)
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


def _check_number(session: Any, user_id: UUID) -> None:
    """Raise Invalid when the user has as many tokens as he may. His row is held meanwhile, so
    that two requests at once are counted one after the other."""
    mine = select(_user.c.id).where(_user.c.id == user_id).with_for_update(key_share=True)
    session.execute(mine, execution_options=DOOR)
    opens = (_token.c.user_id == user_id) & _token.c.revoked_at.is_(None)
    later = _token.c.expires_at.is_(None) | (_token.c.expires_at > session.now)
    count = select(func.count()).select_from(_token).where(opens, later)
    most = sign_in_settings.in_force(session)[sign_in_settings.TOKENS]
    if session.execute(count, execution_options=DOOR).scalar_one() >= most:
        text = _("You have %(n)s API tokens, which is the most. Take one back first.")
        raise Invalid({"name": [text % {"n": most}]})


def create_token(
    session: Any,
    user_id: UUID,
    name: str,
    *,
    scope: str = "write",
    expires_at: Any = None,
    per_minute: int | None = None,
    per_day: int | None = None,
) -> str:
    """Make a named API token and return it; only its hash is kept.

    `per_minute` None means the limit of the site, `per_day` None no limit a day.
    """
    if scope not in ("read", "write"):
        raise Invalid({"scope": [_("Must be one of: %(k)s.") % {"k": "read, write"}]})
    if not name.strip():
        raise Invalid({"name": [_("Give the token a name.")]})
    if not session.principal.is_system:
        _check_number(session, user_id)
    token = f"kontora_{secrets.token_urlsafe(32)}"
    row = {
        "id": new_id(),
        "user_id": user_id,
        "name": name.strip()[:255],
        "token_hash": hashed(token),
        "scope": scope,
        "created_at": session.now,
        "expires_at": expires_at,
        "per_minute": per_minute,
        "per_day": per_day,
    }
    session.execute(insert(_token), [row], execution_options=DOOR)
    return token


def tokens(session: Any, user_id: UUID) -> list[dict[str, Any]]:
    """The valid API tokens of a user, without their secret."""
    rows = session.execute(
        select(_token.c.id, _token.c.name, _token.c.scope, _token.c.created_at)
        .add_columns(_token.c.used_at, _token.c.expires_at, _token.c.per_minute, _token.c.per_day)
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
