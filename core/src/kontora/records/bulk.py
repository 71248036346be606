"""Many records at once: each passes the same checks as one, and has a result of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select

from kontora.access.session import ScopedSession
from kontora.errors import KontoraError
from kontora.records import changes, restoring, save
from kontora.records.models import ChangeRow
from kontora.records.query import Query, matching
from kontora.registry.records import RecordType

_change: Any = ChangeRow.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What became of one record of a bulk operation."""

    id: UUID
    ok: bool
    version: int | None = None
    error: KontoraError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """What became of all of them, in the order given."""

    rows: Sequence[RowResult]

    @property
    def done(self) -> int:
        return sum(row.ok for row in self.rows)

    @property
    def failed(self) -> list[RowResult]:
        return [row for row in self.rows if not row.ok]


def selected(
    session: ScopedSession, rtype: RecordType, chosen: Query | Sequence[UUID]
) -> list[UUID]:
    """The ids of a selection: those given, or all that match a query."""
    return matching(session, rtype, chosen) if isinstance(chosen, Query) else list(chosen)


def change_many(
    session: ScopedSession,
    rtype: RecordType,
    chosen: Query | Sequence[UUID],
    data: Mapping[str, Any],
) -> BulkResult:
    """Change the same fields in all chosen records; one that cannot be changed hinders none."""
    return _each(
        session,
        selected(session, rtype, chosen),
        lambda record_id: save.change_record(session, rtype, record_id, data).version,
    )


def delete_many(
    session: ScopedSession, rtype: RecordType, chosen: Query | Sequence[UUID]
) -> BulkResult:
    """Put all chosen records into the bin."""
    return _each(
        session,
        selected(session, rtype, chosen),
        lambda record_id: save.delete_record(session, rtype, record_id),
    )


def restore_many(session: ScopedSession, rtype: RecordType, ids: Sequence[UUID]) -> BulkResult:
    """Take records out of the bin: the undo of `delete_many`."""
    return _each(
        session, list(ids), lambda record_id: save.restore_record(session, rtype, record_id)
    )


def take_back(
    session: ScopedSession, rtype: RecordType, record_id: UUID, version: int
) -> bool | None:
    """Give a record the values that it had before the save which made this version; None when it
    has been changed since, so that nobody's later work is undone.

    It is a change like any other: it takes the right to edit, and stands in the history.
    """
    rtype = session.registry.effective(rtype)
    record = save.find(session, rtype, record_id)
    if record.version != version:
        return None
    saved = and_(
        *(_change.c.entity == rtype.entity, _change.c.record_id == record_id),
        *(_change.c.version == version, _change.c.verb == "change"),
    )
    found = session.execute(select(_change.c.diff).where(saved), execution_options=changes.DOOR)
    body: dict[str, Any] = {}
    may = restoring.restorable(session, rtype, getattr(record, "kind", None))
    for (diff,) in found:
        for name, (before, _after) in (diff or {}).items():
            field = rtype.field_named(name)
            if field is None or name not in may:
                continue
            space, _dot, last = name.rpartition(".")
            inside = body.setdefault(space, {}) if space else body
            inside[last] = restoring.sendable(field, before)
    if not body:
        return None
    save.change_record(session, rtype, record_id, body, version)
    return True


def made_by(
    session: ScopedSession, rtype: RecordType, source: str, after: int, most: int
) -> list[tuple[int, UUID, str, int]]:
    """What a job of this principal did (`source` is `job:<number>`): number of the change, record,
    verb, version; a portion behind the change `after`."""
    mine = and_(
        _change.c.principal_id == session.principal.user_id,
        *(_change.c.source == source, _change.c.entity == rtype.entity, _change.c.id > after),
    )
    columns = (_change.c.id, _change.c.record_id, _change.c.verb, _change.c.version)
    statement = select(*columns).where(mine).order_by(_change.c.id).limit(most)
    rows = session.execute(statement, execution_options=changes.DOOR)
    return [(row.id, row.record_id, row.verb, row.version) for row in rows]


def _each(
    session: ScopedSession, ids: Sequence[UUID], do: Callable[[UUID], int | None]
) -> BulkResult:
    rows = []
    for record_id in ids:
        try:
            with session.begin_nested():
                rows.append(RowResult(id=record_id, ok=True, version=do(record_id)))
        except KontoraError as error:
            rows.append(RowResult(id=record_id, ok=False, error=error))
    return BulkResult(rows=rows)
