"""Somebody must always be able to give rights: the last administrator stays one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select

from kontora.access.models import Role, RolePermission, User, UserRole
from kontora.errors import Conflict
from kontora.hookspecs import hookimpl
from kontora.registry.records import Change
from kontora.text import _

DOOR = {"door": "administration"}
NEEDED = ("admin.roles", "admin.users")
FIRST = "administrator"
_user: Any = User.__table__
_role: Any = Role.__table__
_held: Any = UserRole.__table__
_permission: Any = RolePermission.__table__


def keep_one(session: Any) -> None:
    """Raise Conflict when, as things now stand in this transaction, no user who can sign in
    holds all permissions that are needed to give rights.

    Who asks holds the shipped role's row until his transaction ends, so two administrators who
    take each other's rights away at once are asked one after the other.
    """
    first = select(_role.c.key).where(_role.c.key == FIRST).with_for_update(key_share=True)
    session.execute(first, execution_options=DOOR)
    able = (
        select(_held.c.user_id)
        .join(_permission, _permission.c.role_key == _held.c.role_key)
        .join(_user, _user.c.id == _held.c.user_id)
        .where(_permission.c.permission.in_(NEEDED), _user.c.state == "active")
        .where(_user.c.deleted_at.is_(None), _user.c.email.is_not(None))
        .group_by(_held.c.user_id)
        .having(func.count(_permission.c.permission.distinct()) == len(NEEDED))
        .limit(1)
    )
    if session.execute(able, execution_options=DOOR).first() is None:
        raise Conflict(
            _("Nobody would be left who can manage users and roles."),
            _("Make somebody else an administrator first."),
        )


@hookimpl
def record_changed(session: Any, change: Change) -> None:
    """Refuse what would take the last administrator his account or his roles. The command line
    may do it: it can make a new one."""
    if change.entity != "user" or session.principal.is_system:
        return
    if change.verb == "delete":
        roles: Iterable[str] = _roles_of(session, change.record_id)
    elif change.verb == "change" and {"roles", "state", "email"} & set(change.after):
        roles = change.before.get("roles") or _roles_of(session, change.record_id)
    else:
        return
    if _could_administrate(session, roles):
        keep_one(session)


def _roles_of(session: Any, user_id: Any) -> list[str]:
    statement = select(_held.c.role_key).where(_held.c.user_id == user_id)
    return list(session.execute(statement, execution_options=DOOR).scalars())


def _could_administrate(session: Any, roles: Iterable[str]) -> bool:
    statement = select(_permission.c.permission).where(
        _permission.c.role_key.in_(sorted(roles)), _permission.c.permission.in_(NEEDED)
    )
    found = set(session.execute(statement, execution_options=DOOR).scalars())
    return found == set(NEEDED)
