"""The change log over all records, for those who hold `admin.audit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access.session import ScopedSession
from kontora.errors import Forbidden
from kontora.records.changes import DOOR, hides
from kontora.records.masking import ids_in, masked, visible_ids
from kontora.records.models import ChangeRow

_change: Any = ChangeRow.__table__
# Entities of the log that are no records: whoever may read the audit log may see them.
PLAIN = frozenset({"role", "setting", "plugin", "job", "export", "reading", "sign_in"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What to show: by user, entity, verb, and from when (inclusive) to when (exclusive)."""

    user_id: UUID | None = None
    entity: str | None = None
    verb: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One save. `visible` tells whether the reader may see the record; otherwise neither its
    values nor its name are told. `fields` holds (name, old, new)."""

    id: int
    at: datetime
    who: str
    principal_kind: str
    entity: str
    record_id: UUID
    verb: str
    visible: bool
    request_id: str | None
    fields: Sequence[tuple[str, Any, Any]]


def entries(
    session: ScopedSession, wanted: AuditFilter, before: int | None = None, limit: int = 50
) -> list[AuditEntry]:
    """The newest entries behind the id `before`, at most `limit`. Raises Forbidden."""
    if not session.principal.rights.has("admin.audit"):
        raise Forbidden("admin.audit")
    statement = select(_change).order_by(_change.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_change.c.id < before)
    for condition in _conditions(wanted):
        statement = statement.where(condition)
    rows = [dict(row._mapping) for row in session.execute(statement, execution_options=DOOR)]
    ids = {row["record_id"] for row in rows if row["entity"] not in PLAIN}
    ids |= {each for row in rows for each in ids_in(row["diff"])}
    seen = visible_ids(session, ids)
    return [_entry(session, row, seen) for row in rows]


def entities(session: ScopedSession) -> list[str]:
    """The entities that the log may speak of."""
    return [*session.registry.entities, *sorted(PLAIN)]


def _conditions(wanted: AuditFilter) -> list[Any]:
    found = []
    if wanted.user_id is not None:
        found.append(_change.c.principal_id == wanted.user_id)
    if wanted.entity:
        found.append(_change.c.entity == wanted.entity)
    if wanted.verb:
        found.append(_change.c.verb == wanted.verb)
    if wanted.since is not None:
        found.append(_change.c.at >= wanted.since)
    if wanted.until is not None:
        found.append(_change.c.at < wanted.until)
    return found


def _entry(session: ScopedSession, row: Mapping[str, Any], seen: set[UUID]) -> AuditEntry:
    entity = row["entity"]
    visible = entity in PLAIN or row["record_id"] in seen
    fields = []
    for name, pair in (row["diff"] or {}).items() if visible else ():
        if not hides(session, entity, name) and _is_pair(pair):
            fields.append((name, masked(pair[0], seen), masked(pair[1], seen)))
    return AuditEntry(
        id=row["id"],
        at=row["at"],
        who=row["principal_name"],
        principal_kind=row["principal_kind"],
        entity=entity,
        record_id=row["record_id"],
        verb=row["verb"],
        visible=visible,
        request_id=row["request_id"],
        fields=fields,
    )


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2
