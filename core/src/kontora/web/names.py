"""Names of records by id, and where their pages are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from kontora.records.read import kinds_of, names_of


def titles(session: Any, entity: str, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names of records of an entity; those that the principal may not see are missing."""
    if entity not in session.predicates.by_entity:
        return {}
    return {key: str(name or "") for key, name in names_of(session, entity, ids).items()}


def reference(session: Any, entity: str, value: Any) -> dict[str, str] | None:
    """`{"id", "name"}` of what a form or a record names; an unknown id keeps a blank name."""
    if isinstance(value, Mapping):
        if value.get("name"):
            return {"id": str(value.get("id", "")), "name": str(value["name"])}
        value = value.get("id")
    try:
        record_id = UUID(str(value))
    except ValueError:
        return None
    return {"id": str(record_id), "name": titles(session, entity, [record_id]).get(record_id, "")}


def path_of(registry: Any, entity: str, record_id: object, kind: str | None = None) -> str | None:
    """The page of a record, or None when its entity has no pages."""
    rtype = registry.of_entity(entity, kind)
    return f"/{rtype.path}/{record_id}" if rtype else None


def kinds(session: Any, entity: str, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Which kind the records are of, where the entity has kinds."""
    return kinds_of(session, entity, ids)
