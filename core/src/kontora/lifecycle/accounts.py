"""Accounts: what a user changes of his own, and what an administrator does to an account."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import func, select, update

from kontora.access import passwords, strength
from kontora.access.models import ApiToken, User, UserSession
from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid
from kontora.parties import sign_in_log
from kontora.records import changes
from kontora.records.service import find
from kontora.registry.records import Change
from kontora.text import LANGUAGES, _

DOOR = {"door": "administration"}
OWN = ("name", "locale", "timezone")
_user: Any = User.__table__
_device: Any = UserSession.__table__
_token: Any = ApiToken.__table__


def own(session: ScopedSession) -> dict[str, Any]:
    """What the user of this session may change of himself."""
    row = session.execute(
        select(_user).where(_user.c.id == _me(session)), execution_options=DOOR
    ).one()
    return {name: row._mapping[name] for name in OWN}


def change_own(session: ScopedSession, data: Mapping[str, Any]) -> None:
    """Change one's own name, language or time zone. It takes no right on users."""
    errors: dict[str, list[object]] = {}
    values = {name: str(data[name] or "").strip() for name in OWN if name in data}
    if not values.get("name", "x"):
        errors["name"] = [_("Fill this in.")]
    if values.get("locale", "en") not in LANGUAGES:
        errors["locale"] = [_("Choose one of the list.")]
    if values.get("timezone", "UTC") not in available_timezones():
        errors["timezone"] = [_("Choose one of the list.")]
    if errors:
        raise Invalid(errors)
    before = own(session)
    changed = {name: value[:255] for name, value in values.items() if value != before[name]}
    if changed:
        _update(session, _me(session), changed)
        _log(session, _me(session), "change", {name: before[name] for name in changed}, changed)


def change_password(session: ScopedSession, old: str, new: str, again: str) -> None:
    """Set one's own password and sign out everywhere. Raises Invalid when `old` is wrong."""
    principal = session.principal
    errors: dict[str, list[object]] = {}
    if passwords.verify(session, principal.email or "", old) != principal.user_id:
        errors["old"] = [_("This is not your present password.")]
    try:
        passwords.check_password(session, _me(session), new)
    except Invalid as error:
        errors["password"] = error.errors["password"]
    if new != again:
        errors["again"] = [_("The two passwords differ.")]
    if not errors and old == new:
        errors["password"] = [_("This is the password that you have now.")]
    if errors:
        raise Invalid(errors)
    passwords.set_password(session, _me(session), new)
    _log(session, _me(session), "password", {}, {})


def reset_password(session: ScopedSession, user_id: UUID) -> str:
    """Give somebody a random password, which ends all his sessions; it is returned once."""
    user = _manage(session, user_id)
    strength.require_within(session, user_id)
    if user.email is None:
        text = _("Without an e-mail address this user cannot sign in. Add one first.")
        raise Invalid({"email": [text]})
    made = secrets.token_urlsafe(12)
    passwords.set_password(session, user_id, made)
    _log(session, user_id, "password", {}, {})
    return made


def end_sessions(session: ScopedSession, user_id: UUID) -> None:
    """Sign somebody out everywhere and take his API tokens back."""
    user = _manage(session, user_id)
    passwords.revoke_devices(session, user_id)
    sign_in_log.note(session, "sessions_ended", user_id, user=user.email)
    session.execute(
        update(_token)
        .where(_token.c.user_id == user_id, _token.c.revoked_at.is_(None))
        .values(revoked_at=session.now),
        execution_options=DOOR,
    )


def last_seen(session: ScopedSession) -> dict[UUID, datetime]:
    """When each user was last signed in or active, by his id."""
    rows = session.execute(
        select(_device.c.user_id, func.max(_device.c.seen_at)).group_by(_device.c.user_id),
        execution_options=DOOR,
    )
    return {row[0]: row[1] for row in rows}


def sign_ins(session: ScopedSession, before: int | None, limit: int) -> list[Mapping[str, Any]]:
    """Sign-ins of all users, the newest first, behind the one with the id `before`."""
    if not session.principal.rights.has("admin.audit"):
        raise Forbidden("admin.audit")
    statement = (
        select(_device.c.id, _device.c.created_at, _device.c.seen_at, _device.c.revoked_at)
        .add_columns(_device.c.address, _device.c.agent, _user.c.name)
        .join(_user, _user.c.id == _device.c.user_id)
        .order_by(_device.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(_device.c.id < before)
    return [dict(row._mapping) for row in session.execute(statement, execution_options=DOOR)]


def _manage(session: ScopedSession, user_id: UUID) -> Any:
    if not session.principal.rights.has("admin.users"):
        raise Forbidden("admin.users")
    return find(session, session.registry.record_type("users"), user_id)


def _me(session: ScopedSession) -> UUID:
    user_id = session.principal.user_id
    if user_id is None:
        raise Forbidden("sign_in")
    return user_id


def _update(session: ScopedSession, user_id: UUID, values: Mapping[str, Any]) -> None:
    statement = update(_user).where(_user.c.id == user_id)
    more = {"version": _user.c.version + 1, "updated_at": session.now}
    session.execute(statement.values(**values, **more), execution_options=DOOR)


def _log(
    session: ScopedSession,
    user_id: UUID,
    verb: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    version = session.execute(
        select(_user.c.version).where(_user.c.id == user_id), execution_options=DOOR
    ).scalar_one()
    change = Change(
        entity="user",
        record_id=user_id,
        kind=None,
        verb=verb,
        before=before,
        after=after,
        record=None,
    )
    changes.write(session, change, version)
