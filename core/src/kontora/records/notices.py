"""Notices: short messages to users, each in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from kontora.access.models import RolePermission, User, UserRole
from kontora.access.session import ScopedSession
from kontora.errors import NotFound
from kontora.records import notice_wishes
from kontora.records.watch_models import Notice
from kontora.text import LazyText, Text
from kontora.work.executor import insert

__all__ = [
    "NoticeEntry",
    "entry",
    "holders",
    "listing",
    "mark_all",
    "mark_read",
    "state",
    "state_of",
    "tell",
    "unread",
]

DOOR = {"door": "notices"}
_notice: Any = Notice.__table__
_user: Any = User.__table__
_role: Any = UserRole.__table__
_held: Any = RolePermission.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeEntry:
    """A notice as its reader gets it. `link` is a path of this site or None."""

    id: int
    kind: str
    text: Text
    link: str | None
    created_at: datetime
    read_at: datetime | None


def tell(
    session: ScopedSession,
    user_ids: Iterable[UUID],
    kind: str,
    message: Text,
    params: Mapping[str, Any] | None = None,
    link: str | None = None,
    *,
    key: str | None = None,
) -> int:
    """Leave a notice for each of the users, in the session's transaction; return for how many.

    `message` comes from `_()` or `n_()`; `params` (plain JSON values) fill its places, and it is
    translated when it is read. With `key` a user gets one notice of that key, however often it
    is told. Who wants to hear nothing of this kind gets none.
    """
    kinds, wishes = session.registry.notice_kinds, notice_wishes.wishes(session, user_ids)
    rows = [
        {
            "user_id": user_id,
            "kind": kind,
            "text": _kept(message, params),
            "link": link,
            "key": key,
            "created_at": session.now,
        }
        for user_id, wish in wishes.items()
        if wish.way(kinds, kind) != notice_wishes.NONE
    ]
    told = 0
    for row in rows:
        statement = insert(session, _notice).values(row)
        statement = statement.on_conflict_do_nothing(index_elements=["user_id", "key"])
        found = session.execute(statement.returning(_notice.c.id), execution_options=DOOR)
        told += found.first() is not None
    return told


def holders(session: ScopedSession, permission: str) -> list[UUID]:
    """The active users who hold a permission by any of their roles."""
    statement = (
        select(_user.c.id)
        .join(_role, _role.c.user_id == _user.c.id)
        .join(_held, _held.c.role_key == _role.c.role_key)
        .where(_held.c.permission == permission, _user.c.state == "active")
        .where(_user.c.deleted_at.is_(None))
        .distinct()
    )
    return sorted(session.execute(statement, execution_options=DOOR).scalars())


def unread_of(user_id: UUID | None) -> Any:
    """How many notices a user has not read, as a part of some statement."""
    mine = (_notice.c.user_id == user_id, _notice.c.read_at.is_(None))
    return select(func.count()).select_from(_notice).where(*mine).scalar_subquery()


def unread(session: ScopedSession) -> int:
    """How many notices the user of this session has not read."""
    if session.principal.user_id is None:
        return 0
    statement = select(unread_of(session.principal.user_id))
    return int(session.execute(statement, execution_options=DOOR).scalar_one())


def state_of(session: ScopedSession) -> tuple[int, int]:
    """How many notices the user of this session has not read, and the id of the newest."""
    statement = select(func.count(), func.max(_notice.c.id)).where(
        *_mine(session, unread_only=True)
    )
    number, newest = session.execute(statement, execution_options=DOOR).one()
    return int(number), int(newest or 0)


def state(engine: Any, user_ids: Iterable[UUID]) -> dict[UUID, tuple[int, int]]:
    """For each of the users how many notices are unread, and the id of the newest: one statement
    on a connection of its own, for whoever watches on behalf of many."""
    statement = (
        select(_notice.c.user_id, func.count(), func.max(_notice.c.id))
        .where(_notice.c.user_id.in_(list(user_ids)), _notice.c.read_at.is_(None))
        .group_by(_notice.c.user_id)
    )
    with engine.connect() as connection:
        return {row[0]: (int(row[1]), int(row[2])) for row in connection.execute(statement)}


def listing(
    session: ScopedSession, *, unread_only: bool = False, before: int | None = None, limit: int = 50
) -> list[NoticeEntry]:
    """The user's own notices, newest first, behind the id `before`."""
    statement = select(_notice).where(*_mine(session, unread_only=unread_only))
    if before is not None:
        statement = statement.where(_notice.c.id < before)
    rows = session.execute(
        statement.order_by(_notice.c.id.desc()).limit(limit), execution_options=DOOR
    )
    return [entry(dict(row._mapping)) for row in rows]


def mark_read(session: ScopedSession, notice_id: int) -> None:
    """Note that one of the user's own notices was read. Raises NotFound for any other."""
    if not 0 < notice_id < 2**63:
        raise NotFound()
    mine = _mine(session)
    found = select(_notice.c.id).where(*mine, _notice.c.id == notice_id)
    if session.execute(found, execution_options=DOOR).first() is None:
        raise NotFound()
    _mark(session, *mine, _notice.c.id == notice_id)


def mark_all(session: ScopedSession) -> int:
    """Note that the user has read all of his notices; return how many were new."""
    return _mark(session, *_mine(session))


def _mark(session: ScopedSession, *which: Any) -> int:
    statement = update(_notice).where(*which, _notice.c.read_at.is_(None))
    found: Any = session.execute(statement.values(read_at=session.now), execution_options=DOOR)
    return int(found.rowcount)


def _mine(session: ScopedSession, *, unread_only: bool = False) -> list[Any]:
    found = [_notice.c.user_id == session.principal.user_id]
    return [*found, _notice.c.read_at.is_(None)] if unread_only else found


def _kept(message: Text, params: Mapping[str, Any] | None) -> dict[str, Any]:
    if isinstance(message, str):
        return {"domain": "", "one": message, "params": dict(params or {})}
    values = {**dict(message.values), **(params or {})}
    return {
        "domain": message.domain,
        "one": message.one,
        "many": message.many,
        "number": message.number,
        "params": values,
    }


def entry(row: Mapping[str, Any]) -> NoticeEntry:
    """A row of the table as its reader gets it."""
    kept = row["text"]
    text = LazyText(
        kept.get("domain") or "",
        kept["one"],
        kept.get("many") or "",
        kept.get("number"),
        tuple((kept.get("params") or {}).items()),
    )
    return NoticeEntry(
        id=row["id"],
        kind=row["kind"],
        text=text,
        link=row["link"],
        created_at=row["created_at"],
        read_at=row["read_at"],
    )
