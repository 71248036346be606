"""The change log: who, when, which field, from what to what. Append-only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from kontora.access.models import Ownership
from kontora.access.session import ScopedSession
from kontora.records.models import ChangeRow
from kontora.records.schema import sees_custom
from kontora.registry.records import Change, RecordType

DOOR = {"door": "changes"}
_change: Any = ChangeRow.__table__
_ownership: Any = Ownership.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One save, as the history shows it: `fields` holds (name, label, old, new)."""

    id: int
    at: datetime
    who: str
    principal_kind: str
    verb: str
    version: int
    fields: Sequence[tuple[str, str, Any, Any]]


def write(session: ScopedSession, change: Change, version: int) -> None:
    """Append one row for a save, in its transaction. Creation keeps no values: the record has
    them, and what it is changed to later brings the old ones along."""
    diff: dict[str, Any] | None = None
    if change.verb not in ("create", "delete", "restore"):
        diff = {name: [change.before.get(name), new] for name, new in change.after.items()}
    principal = session.principal
    row = {
        "at": session.now,
        "entity": change.entity,
        "record_id": change.record_id,
        "verb": change.verb,
        "version": version,
        "principal_kind": principal.kind,
        "principal_id": principal.user_id,
        "principal_name": principal.name,
        "request_id": principal.request_id,
        "diff": diff,
    }
    session.execute(insert(_change), [row], execution_options=DOOR)


def write_ownership(
    session: ScopedSession, entity: str, record: Any, *, fresh: bool = False
) -> None:
    """Close the present ownership of a record, unless it is `fresh` and has none, and open the
    one that its columns say."""
    now = session.now
    at = (_ownership.c.entity == entity) & (_ownership.c.record_id == record.id)
    present = update(_ownership).where(at, _ownership.c.valid_to.is_(None))
    if not fresh:
        session.execute(present.values(valid_to=now), execution_options=DOOR)
    row = {
        "entity": entity,
        "record_id": record.id,
        "owner_id": record.owner_id,
        "branch_id": record.branch_id,
        "valid_from": now,
    }
    session.execute(insert(_ownership), [row], execution_options=DOOR)


def changed_since(session: ScopedSession, entity: str, record_id: UUID, version: int) -> list[str]:
    """Names of the fields that were changed after a version."""
    rows = session.execute(
        select(_change.c.diff)
        .where(_change.c.entity == entity, _change.c.record_id == record_id)
        .where(_change.c.version > version)
        .order_by(_change.c.id),
        execution_options=DOOR,
    )
    rights = session.principal.rights
    names = [name for (diff,) in rows for name in (diff or {})]
    return [name for name in dict.fromkeys(names) if not rights.hides(entity, name)]


def history(
    session: ScopedSession, rtype: RecordType, record_id: UUID, *, limit: int = 200
) -> list[HistoryEntry]:
    """The saves of a record, newest first. Call it only after the scope has shown the record.

    Fields that are hidden from the principal are left out; a field that no longer exists (its
    plugin is gone) keeps its name.
    """
    rows = session.execute(
        select(_change)
        .where(_change.c.entity == rtype.entity, _change.c.record_id == record_id)
        .order_by(_change.c.id.desc())
        .limit(limit),
        execution_options=DOOR,
    )
    entries: list[Any] = [row._mapping for row in rows]
    seen = _visible(session, {each for row in entries for each in _ids_in(row["diff"])})
    return [_entry(session, rtype, row, seen) for row in entries]


def _ids_in(value: Any) -> Iterator[UUID]:
    """The ids of records that are named inside a value of the log."""
    if isinstance(value, Mapping):
        if value.keys() == {"id", "name"}:
            yield UUID(value["id"])
        for inner in value.values():
            yield from _ids_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids_in(inner)


def _visible(session: ScopedSession, ids: set[UUID]) -> set[UUID]:
    """Those of the ids that the principal may see now, whatever entity they are of."""
    found: set[UUID] = set()
    if ids:
        with session.with_deleted():
            for model in session.predicates.by_entity.values():
                column: Any = getattr(model, "id", None)
                if column is None:  # definitions go by their key
                    continue
                found |= set(session.scalars(select(column).where(column.in_(ids))))
    return found


def _masked(value: Any, seen: set[UUID]) -> Any:
    """A value of the log without the names of records that the principal may not see."""
    if isinstance(value, Mapping):
        if value.keys() == {"id", "name"} and UUID(value["id"]) not in seen:
            return None
        return {key: _masked(inner, seen) for key, inner in value.items()}
    return [_masked(inner, seen) for inner in value] if isinstance(value, list) else value


def _entry(
    session: ScopedSession, rtype: RecordType, row: Mapping[str, Any], seen: set[UUID]
) -> HistoryEntry:
    rights = session.principal.rights
    fields = []
    for name, (old, new) in (row["diff"] or {}).items():
        if name.startswith("custom.") and not sees_custom(rtype, rights, name[7:]):
            continue
        if not rights.hides(rtype.entity, name):
            declared = rtype.field_named(name)
            label = str(declared.label) if declared else name
            fields.append((name, label, _masked(old, seen), _masked(new, seen)))
    return HistoryEntry(
        id=row["id"],
        at=row["at"],
        who=row["principal_name"],
        principal_kind=row["principal_kind"],
        verb=row["verb"],
        version=row["version"],
        fields=fields,
    )


def owners(session: ScopedSession, entity: str, record_id: UUID) -> list[dict[str, Any]]:
    """Who owned a record from when to when, newest first."""
    rows = session.execute(
        select(_ownership)
        .where(_ownership.c.entity == entity, _ownership.c.record_id == record_id)
        .order_by(_ownership.c.id.desc()),
        execution_options=DOOR,
    )
    return [dict(row._mapping) for row in rows]
