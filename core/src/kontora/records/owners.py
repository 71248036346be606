"""Who owned a record from when to when, with the names that the reader may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kontora.access.session import ScopedSession
from kontora.records import service
from kontora.records.read import names_of
from kontora.registry.records import RecordType


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A span with one owner and one branch. `changed_by` made it so; None for spans from before
    this was kept. `by_system` tells that it was the program itself, or its command line."""

    owner: tuple[UUID, str] | None
    branch: tuple[UUID, str] | None
    begin: datetime
    end: datetime | None
    changed_by: str | None
    by_system: bool


def has_owner(rtype: RecordType) -> bool:
    """Whether records of this type belong to somebody."""
    return hasattr(rtype.model, "owner_id") and rtype.field_named("owner") is not None


def periods(session: ScopedSession, rtype: RecordType, record_id: UUID) -> list[Period]:
    """The owners of a record, newest first; without those fields that are hidden from the
    reader. Raises NotFound when the record may not be seen."""
    rows = service.ownership(session, rtype, record_id)
    rights = session.principal.rights
    if rights.hides(rtype.entity, "owner"):
        return []
    users = names_of(session, "user", (row["owner_id"] for row in rows))
    branches: dict[UUID, str] = {}
    if not rights.hides(rtype.entity, "branch"):
        branches = names_of(session, "branch", (row["branch_id"] for row in rows))
    return [
        Period(
            owner=_pair(users, row["owner_id"]),
            branch=_pair(branches, row["branch_id"]),
            begin=row["valid_from"],
            end=row["valid_to"],
            changed_by=row["changed_by"],
            by_system=row["changed_by_kind"] == "system",
        )
        for row in rows
    ]


def _pair(names: dict[UUID, str], found: UUID | None) -> tuple[UUID, str] | None:
    return (found, names[found]) if found is not None and found in names else None
