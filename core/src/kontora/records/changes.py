"""The change log: who, when, which field, from what to what. Append-only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from kontora.access.models import Ownership
from kontora.access.principal import Principal
from kontora.access.session import ScopedSession
from kontora.records.masking import ids_in, masked, visible_ids
from kontora.records.models import ChangeRow
from kontora.registry.records import Change, RecordType
from kontora.text import Text, _

DOOR = {"door": "changes"}
HISTORY = 200  # saves that one look at a record shows
# What is logged with a record, but is none of its fields.
BESIDE_FIELDS: Mapping[str, Text] = {"file": _("File")}
# By which name a field rule hides it.
_HIDDEN_WITH: Mapping[str, str] = {"file": "files"}
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
    source: str | None = None


def write(
    session: ScopedSession, change: Change, version: int, by: Principal | None = None
) -> None:
    """Append one row for a save, in its transaction. Creation keeps no values: the record has
    them, and what it is changed to later brings the old ones along.
    `by`: who did it, where the session is the program's own."""
    diff: dict[str, Any] | None = None
    if change.verb not in ("create", "delete", "restore"):
        diff = {name: [change.before.get(name), new] for name, new in change.after.items()}
    principal = by or session.principal
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
        "source": session.info.get("source"),
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
        "changed_by": session.principal.name,
        "changed_by_kind": session.principal.kind,
    }
    session.execute(insert(_ownership), [row], execution_options=DOOR)


def hides(session: ScopedSession, entity: str, name: str) -> bool:
    """Whether a name of the log does not exist for the principal: that of a field, of a custom
    field (rules name `custom` or `custom.<key>`), or of what is logged beside fields."""
    rights = session.principal.rights
    names = [name, _HIDDEN_WITH.get(name, name)]
    if name.startswith("custom."):
        names.append("custom")
    return any(rights.hides(entity, each) for each in names)


def changed_since(session: ScopedSession, entity: str, record_id: UUID, version: int) -> list[str]:
    """Names of the fields that were changed after a version."""
    rows = session.execute(
        select(_change.c.diff)
        .where(_change.c.entity == entity, _change.c.record_id == record_id)
        .where(_change.c.version > version)
        .order_by(_change.c.id),
        execution_options=DOOR,
    )
    names = [name for (diff,) in rows for name in (diff or {})]
    return [name for name in dict.fromkeys(names) if not hides(session, entity, name)]


def history(session: ScopedSession, rtype: RecordType, record_id: UUID) -> list[HistoryEntry]:
    """The saves of a record, newest first. Call it only after the scope has shown the record.

    Fields that are hidden from the principal are left out; a field that no longer exists (its
    plugin is gone) keeps its name.
    """
    rows = session.execute(
        select(_change)
        .where(_change.c.entity == rtype.entity, _change.c.record_id == record_id)
        .order_by(_change.c.id.desc())
        .limit(HISTORY),
        execution_options=DOOR,
    )
    entries: list[Any] = [row._mapping for row in rows]
    seen = visible_ids(session, {each for row in entries for each in ids_in(row["diff"])})
    return [_entry(session, rtype, row, seen) for row in entries]


def _entry(
    session: ScopedSession, rtype: RecordType, row: Mapping[str, Any], seen: set[UUID]
) -> HistoryEntry:
    fields = []
    for name, (old, new) in (row["diff"] or {}).items():
        if not hides(session, rtype.entity, name):
            declared = rtype.field_named(name)
            label = str(declared.label if declared else BESIDE_FIELDS.get(name, name))
            fields.append((name, label, masked(old, seen), masked(new, seen)))
    return HistoryEntry(
        id=row["id"],
        at=row["at"],
        who=row["principal_name"],
        principal_kind=row["principal_kind"],
        verb=row["verb"],
        version=row["version"],
        fields=fields,
        source=row["source"],
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
