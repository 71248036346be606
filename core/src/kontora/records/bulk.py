"""Many records at once: each passes the same checks as one, and has a result of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kontora.access.session import ScopedSession
from kontora.errors import KontoraError
from kontora.records import save
from kontora.records.query import Query, matching
from kontora.registry.records import RecordType


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
