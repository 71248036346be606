"""How often a token may ask: the limit of the site, or what the token itself says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from kontora import limits
from kontora.access.models import ApiToken, User
from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid, NotFound
from kontora.text import Text, _

DOOR = {"door": "administration"}
NAMES = ("per_minute", "per_day")
MOST = 1_000_000_000
_token: Any = ApiToken.__table__
_user: Any = User.__table__


def checked(session: ScopedSession, given: Mapping[str, str]) -> dict[str, int | None]:
    """The two figures from a form; an empty one means none of its own. Raises Invalid.

    More than the site allows is for those who may manage users.
    """
    errors: dict[str, list[Text]] = {}
    found: dict[str, int | None] = {}
    for name in NAMES:
        text = str(given.get(name) or "").strip()
        found[name] = int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else None
        value = found[name]
        if text and (value is None or not 1 <= value <= MOST):
            errors[name] = [_("Write a whole number above zero.")]
    wide, most = found["per_minute"], limits.current().api_per_minute
    if wide is not None and wide > most and not session.principal.rights.has("admin.users"):
        errors["per_minute"] = [_("At most %(n)s; an administrator can allow more.") % {"n": most}]
    if errors:
        raise Invalid(errors)
    return found


def listed(session: ScopedSession, limit: int = 500) -> list[dict[str, Any]]:
    """The valid tokens of all users, those used last first."""
    _check(session)
    shown = ("id", "name", "scope", "used_at", "expires_at", *NAMES)
    statement = (
        select(*(_token.c[name] for name in shown), _user.c.name.label("user"))
        .join(_user, _user.c.id == _token.c.user_id)
        .where(_token.c.revoked_at.is_(None))
        .order_by(_token.c.used_at.is_(None), _token.c.used_at.desc(), _token.c.id)
        .limit(limit)
    )
    return [dict(row._mapping) for row in session.execute(statement, execution_options=DOOR)]


def change(session: ScopedSession, token_id: UUID, given: Mapping[str, str]) -> None:
    """Give a token a quota of its own, or take it away. Raises Invalid or NotFound."""
    _check(session)
    values = checked(session, given)
    own = (_token.c.id == token_id) & _token.c.revoked_at.is_(None)
    done: Any = session.execute(update(_token).where(own).values(values), execution_options=DOOR)
    if not done.rowcount:
        raise NotFound(_("There is no such token."))


def _check(session: ScopedSession) -> None:
    if not session.principal.rights.has("admin.users"):
        raise Forbidden("admin.users")
