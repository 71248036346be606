"""The record service: the one door used by pages, API, import and command line alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from kontora.access.session import ScopedSession
from kontora.records import changes
from kontora.records.bulk import (
    BulkResult,
    RowResult,
    change_many,
    delete_many,
    restore_many,
    selected,
)
from kontora.records.changes import HistoryEntry
from kontora.records.query import Page, Query, aggregate, list_records, matching, require
from kontora.records.read import choose, serialise
from kontora.records.save import (
    Saved,
    change_record,
    check_may,
    create_record,
    delete_record,
    find,
    grants_of,
    may,
    restore_record,
)
from kontora.registry.records import RecordType

__all__ = [
    "BulkResult",
    "HistoryEntry",
    "Page",
    "Query",
    "RowResult",
    "Saved",
    "aggregate",
    "change_many",
    "change_record",
    "check_may",
    "create_record",
    "delete_many",
    "delete_record",
    "find",
    "get_record",
    "grants_of",
    "history",
    "list_records",
    "matching",
    "may",
    "ownership",
    "require",
    "restore_many",
    "restore_record",
    "selected",
    "version_of",
]


def get_record(
    session: ScopedSession,
    rtype: RecordType,
    record_id: UUID,
    fields: Iterable[str] | None = None,
    expand: Iterable[str] = (),
) -> dict[str, Any]:
    """One record in the shape of the API. Raises NotFound when it may not be seen."""
    rtype = session.registry.effective(rtype)
    record = find(session, rtype, record_id)
    names = None if fields is None else tuple(fields)
    shown = choose(rtype, session, names, expand)
    custom = names is None or "custom" in names
    return serialise(session, rtype, [record], shown, custom=custom)[0]


def version_of(session: ScopedSession, rtype: RecordType, record_id: UUID) -> int:
    """The present version of a record, which its ETag is made of."""
    return int(find(session, rtype, record_id).version)


def history(session: ScopedSession, rtype: RecordType, record_id: UUID) -> list[HistoryEntry]:
    """The saves of a record that the principal may see, newest first."""
    rtype = session.registry.effective(rtype)
    find(session, rtype, record_id)
    return changes.history(session, rtype, record_id)


def ownership(session: ScopedSession, rtype: RecordType, record_id: UUID) -> list[dict[str, Any]]:
    """Who owned a record from when to when, newest first."""
    find(session, rtype, record_id)
    return changes.owners(session, rtype.entity, record_id)
