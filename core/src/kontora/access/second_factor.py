"""The second factor: an authenticator app (RFC 6238) and recovery codes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pyotp
from sqlalchemy import delete, func, insert, select, update

from kontora.access import sealing
from kontora.access.identity import DOOR
from kontora.access.models import Role, User, UserRole
from kontora.access.sign_in_models import Passkey, RecoveryCode, Totp

CODES = 10
_SECONDS, _DRIFT = 30, 1
_PURPOSE = "totp"
# Without letters and digits that look alike.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_totp: Any = Totp.__table__
_code: Any = RecoveryCode.__table__
_passkey: Any = Passkey.__table__
_role: Any = Role.__table__
_held: Any = UserRole.__table__
_user: Any = User.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What a user has beyond his password, and whether one of his roles demands it."""

    app: bool
    passkeys: int
    codes_left: int
    required: bool

    @property
    def any(self) -> bool:
        return self.app or self.passkeys > 0

    @property
    def asked_after_password(self) -> bool:
        """An app is always asked for. A passkey alone is so only where a role demands a second
        factor: else it is a quicker way in, and the password stays one."""
        return self.app or (self.required and self.passkeys > 0)


def factors(session: Any, user_id: UUID) -> Factors:
    """The factors of a user."""

    def number(statement: Any) -> int:
        return int(session.execute(statement, execution_options=DOOR).scalar_one())

    count = select(func.count())
    confirmed = (_totp.c.user_id == user_id) & _totp.c.confirmed_at.is_not(None)
    unused = (_code.c.user_id == user_id) & _code.c.used_at.is_(None)
    return Factors(
        app=number(count.select_from(_totp).where(confirmed)) > 0,
        passkeys=number(count.select_from(_passkey).where(_passkey.c.user_id == user_id)),
        codes_left=number(count.select_from(_code).where(unused)),
        required=is_required(session, user_id),
    )


def lock(session: Any, user_id: UUID) -> None:
    """Make others who change the factors of this user wait for the end of this transaction."""
    mine = select(_user.c.id).where(_user.c.id == user_id).with_for_update(key_share=True)
    session.execute(mine, execution_options=DOOR)


def is_required(session: Any, user_id: UUID) -> bool:
    """Whether a role of the user demands a second factor."""
    statement = (
        select(_role.c.key)
        .join(_held, _held.c.role_key == _role.c.key)
        .where(_held.c.user_id == user_id, _role.c.second_factor)
        .limit(1)
    )
    return session.execute(statement, execution_options=DOOR).first() is not None


# The authenticator app


def begin_app(session: Any, user_id: UUID) -> str:
    """Make a secret for an app, or give that of a set-up already begun; it counts for nothing
    until `confirm_app`. Returns it in base32."""
    row = _row(session, user_id)
    if row is not None and row.confirmed_at is None:
        try:
            return sealing.open_sealed(session, _PURPOSE, row.secret)
        except sealing.Unreadable:
            pass
    remove_app(session, user_id)
    secret = pyotp.random_base32()
    values = {
        "user_id": user_id,
        "secret": sealing.seal(session, _PURPOSE, secret),
        "last_step": 0,
        "created_at": session.now,
    }
    session.execute(insert(_totp), [values], execution_options=DOOR)
    return secret


def pending_secret(session: Any, user_id: UUID) -> str | None:
    """The secret of a set-up that was begun and not ended."""
    row = _row(session, user_id)
    if row is None or row.confirmed_at is not None:
        return None
    try:
        return sealing.open_sealed(session, _PURPOSE, row.secret)
    except sealing.Unreadable:
        return None


def address(secret: str, email: str, issuer: str) -> str:
    """The otpauth address that the picture for the app holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def confirm_app(session: Any, user_id: UUID, code: str) -> bool:
    """End the set-up with a first code; False when it does not fit."""
    return _accept(session, user_id, code, confirmed=False)


def check_app(session: Any, user_id: UUID, code: str) -> bool:
    """Accept a code of the app, once: the one of now, of 30 seconds ago or in 30 seconds."""
    return _accept(session, user_id, code, confirmed=True)


def _accept(session: Any, user_id: UUID, code: str, *, confirmed: bool) -> bool:
    row = _row(session, user_id)
    digits = "".join(code.split())
    if row is None or (row.confirmed_at is not None) != confirmed or not digits.isascii():
        return False
    try:
        totp = pyotp.TOTP(sealing.open_sealed(session, _PURPOSE, row.secret))
    except sealing.Unreadable:
        return False
    present = int(session.now.timestamp()) // _SECONDS
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        if secrets.compare_digest(totp.at(step * _SECONDS), digits):
            return _use_step(session, user_id, step)
    return False


def _use_step(session: Any, user_id: UUID, step: int) -> bool:
    """Of two requests with the same code at once, the database lets one through."""
    newer = (_totp.c.user_id == user_id) & (_totp.c.last_step < step)
    confirmed = func.coalesce(_totp.c.confirmed_at, session.now)
    values = {"last_step": step, "confirmed_at": confirmed}
    done = session.execute(update(_totp).where(newer).values(values), execution_options=DOOR)
    return bool(done.rowcount)


def remove_app(session: Any, user_id: UUID) -> bool:
    """Take the app away."""
    gone = delete(_totp).where(_totp.c.user_id == user_id)
    return bool(session.execute(gone, execution_options=DOOR).rowcount)


def _row(session: Any, user_id: UUID) -> Any:
    statement = select(_totp).where(_totp.c.user_id == user_id)
    return session.execute(statement, execution_options=DOOR).first()


# Recovery codes


def make_codes(session: Any, user_id: UUID) -> list[str]:
    """Ten new codes of 49 bits in place of all former ones; only hashes are kept."""
    session.execute(delete(_code).where(_code.c.user_id == user_id), execution_options=DOOR)
    made = ["".join(secrets.choice(_ALPHABET) for _each in range(10)) for _code_ in range(CODES)]
    rows = [
        {"user_id": user_id, "code_hash": _hash(session, user_id, each), "created_at": session.now}
        for each in made
    ]
    session.execute(insert(_code), rows, execution_options=DOOR)
    return [f"{each[:5]}-{each[5:]}" for each in made]


def use_code(session: Any, user_id: UUID, given: str) -> bool:
    """Accept a recovery code, once."""
    cleaned = "".join(each for each in given.casefold() if each.isalnum())
    fits = (_code.c.user_id == user_id) & (_code.c.code_hash == _hash(session, user_id, cleaned))
    statement = update(_code).where(fits, _code.c.used_at.is_(None)).values(used_at=session.now)
    return bool(session.execute(statement, execution_options=DOOR).rowcount)


def _hash(session: Any, user_id: UUID, code: str) -> str:
    return sealing.keyed_hash(session, "recovery", f"{user_id}:{code}")


def remove_all(session: Any, user_id: UUID) -> None:
    """Take app, recovery codes and passkeys away."""
    for table in (_totp, _code, _passkey):
        session.execute(delete(table).where(table.c.user_id == user_id), execution_options=DOOR)
