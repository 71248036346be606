"""What a user opened and exported: for his head, who is named in the audit log for looking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from kontora import clock
from kontora.access.models import User
from kontora.access.principal import Principal
from kontora.access.rights import Scope
from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, NotFound
from kontora.records import changes
from kontora.records.models import ChangeRow
from kontora.records.reading import DOOR
from kontora.records.watch_models import Reading
from kontora.registry.records import Change

PERMISSION = "people.watch"
ENTITY = "reading"
DAYS, MOST_EXPORTS = 30, 500
_reading: Any = Reading.__table__
_change: Any = ChangeRow.__table__
_user: Any = User.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of a user in his own time zone: records opened (each once), and rows exported."""

    day: date
    records: int
    openings: int
    exported: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A record that was opened; `face` is page or api."""

    id: int
    at: datetime
    entity: str
    record_id: UUID
    face: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An export: type, rows, format, and the choice by which the rows were found."""

    at: datetime
    type: str
    rows: int
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The user who is looked at."""

    id: UUID
    name: str
    zone: ZoneInfo


def user_of(session: ScopedSession, user_id: UUID) -> Watched | None:
    """The user of this id, whoever asks; None for nobody."""
    found = select(_user.c.name, _user.c.timezone).where(_user.c.id == user_id)
    row = session.execute(found, execution_options=DOOR).first()
    if row is None:
        return None
    return Watched(id=user_id, name=row.name, zone=clock.zone(row.timezone))


def watched(session: ScopedSession, user_id: UUID) -> Watched:
    """The user to look at. Raises Forbidden without the permission, NotFound for nobody."""
    if not session.principal.rights.has(PERMISSION):
        raise Forbidden(PERMISSION)
    found = user_of(session, user_id)
    if found is None or not may_watch_user(session, user_id):
        raise NotFound()
    return found


def may_watch(principal: Principal, user_id: UUID, branch_id: UUID | None) -> bool:
    """Whether the holder of the permission may look at this user: as far as he sees people."""
    if not principal.rights.has(PERMISSION):
        return False
    scope = principal.rights.scope("person", "view")
    if scope is None or scope is Scope.ALL:
        return scope is Scope.ALL
    if user_id in (principal.user_id, *(principal.team_mates if scope >= Scope.TEAM else ())):
        return True
    if scope is Scope.BRANCH:
        return branch_id is not None and branch_id == principal.branch_id
    return scope is Scope.BRANCH_BELOW and branch_id in principal.branches_below


def may_watch_user(session: ScopedSession, user_id: UUID) -> bool:
    """The same by the id of the user."""
    found = select(_user.c.branch_id).where(_user.c.id == user_id)
    row = session.execute(found, execution_options=DOOR).first()
    return row is not None and may_watch(session.principal, user_id, row.branch_id)


def note_look(session: ScopedSession, user: Watched) -> None:
    """Keep in the audit log who looked at whose readings. Needs a writing session."""
    after: Mapping[str, Any] = {"user": {"id": str(user.id), "name": user.name}, "days": DAYS}
    change = Change(
        entity=ENTITY, record_id=user.id, kind=None, verb="view", before={}, after=after
    )
    changes.write(session, change, 0)


def openings(
    session: ScopedSession,
    user: Watched,
    *,
    before: int | None = None,
    limit: int | None = 100,
) -> list[Opening]:
    """What he opened in the last days, newest first, behind the id `before`."""
    statement = select(
        *(_reading.c[name] for name in ("id", "at", "entity", "record_id", "face"))
    ).where(_reading.c.user_id == user.id, _reading.c.at >= _since(session, user))
    if before is not None:
        statement = statement.where(_reading.c.id < before)
    statement = statement.order_by(_reading.c.id.desc())
    if limit is not None:
        statement = statement.limit(limit)
    rows = session.execute(statement, execution_options=DOOR)
    return [Opening(**row._mapping) for row in rows]


def exports(session: ScopedSession, user: Watched) -> list[Exported]:
    """What he exported in the last days, newest first."""
    return exports_since(session, user.id, _since(session, user))


def exports_since(session: ScopedSession, user_id: UUID, since: datetime) -> list[Exported]:
    """The exports of a user from a moment on, newest first."""
    statement = (
        select(_change.c.at, _change.c.diff)
        .where(_change.c.principal_id == user_id, _change.c.entity == "export")
        .where(_change.c.at >= since)
        .order_by(_change.c.id.desc())
        .limit(MOST_EXPORTS)
    )
    return [_exported(row) for row in session.execute(statement, execution_options=DOOR)]


def _exported(row: Any) -> Exported:
    values = {name: pair[1] for name, pair in (row.diff or {}).items()}
    rows = values.get("rows")
    return Exported(
        at=row.at,
        type=str(values.get("type") or ""),
        rows=rows if isinstance(rows, int) else 0,
        format=str(values.get("format") or ""),
    )


def by_day(session: ScopedSession, user: Watched) -> list[Day]:
    """A line for each of the last days on which something happened, newest first."""
    since = _since(session, user)
    seen: dict[date, set[tuple[str, UUID]]] = {}
    times: dict[date, int] = {}
    statement = select(_reading.c.at, _reading.c.entity, _reading.c.record_id).where(
        _reading.c.user_id == user.id, _reading.c.at >= since
    )
    for at, entity, record_id in session.execute(statement, execution_options=DOOR):
        day = at.astimezone(user.zone).date()
        seen.setdefault(day, set()).add((entity, record_id))
        times[day] = times.get(day, 0) + 1
    taken: dict[date, int] = {}
    for each in exports_since(session, user.id, since):
        day = each.at.astimezone(user.zone).date()
        taken[day] = taken.get(day, 0) + each.rows
    return [
        Day(
            day=day,
            records=len(seen.get(day, ())),
            openings=times.get(day, 0),
            exported=taken.get(day, 0),
        )
        for day in sorted({*seen, *taken}, reverse=True)
    ]


def distinct(session: ScopedSession, user_id: UUID, since: datetime, until: datetime) -> int:
    """How many different records a user opened from `since` to before `until`."""
    pairs = (
        select(_reading.c.entity, _reading.c.record_id)
        .where(_reading.c.user_id == user_id, _reading.c.at >= since, _reading.c.at < until)
        .distinct()
        .subquery()
    )
    statement = select(func.count()).select_from(pairs)
    return int(session.execute(statement, execution_options=DOOR).scalar_one())


def _since(session: ScopedSession, user: Watched) -> datetime:
    """The beginning of the first of the last days, in his time zone."""
    today = session.now.astimezone(user.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=DAYS - 1)


def names_of(
    session: ScopedSession, found: Sequence[Opening]
) -> dict[tuple[str, UUID], tuple[str, str | None]]:
    """Name and kind of the opened records that the reader of the list may see."""
    ids: dict[str, set[UUID]] = {}
    for each in found:
        ids.setdefault(each.entity, set()).add(each.record_id)
    names: dict[tuple[str, UUID], tuple[str, str | None]] = {}
    for entity, wanted in ids.items():
        model: Any = session.predicates.by_entity.get(entity)
        rtype = session.registry.of_entity(entity)
        if model is None or rtype is None:
            continue
        title = next(n for n in (rtype.title, "display_name", "name", "id") if hasattr(model, n))
        columns = [model.id, getattr(model, title)]
        if hasattr(model, "kind") and rtype.kinds:
            columns.append(model.kind)
        ordered = sorted(wanted)
        with session.with_deleted():
            for start in range(0, len(ordered), 500):
                some = select(*columns).where(model.id.in_(ordered[start : start + 500]))
                for row in session.execute(some):
                    kind = row[2] if len(row) > 2 else None
                    names[entity, row[0]] = (str(row[1] or ""), kind)
    return names
