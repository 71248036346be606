"""Names of records by id, and where their pages are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.records.read import title_column


def titles(session: Any, entity: str, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names of records of an entity; those that the principal may not see are missing."""
    wanted = set(ids)
    if not wanted or entity not in session.predicates.by_entity:
        return {}
    model: Any = session.predicates.by_entity[entity]
    column = title_column(session, entity, model)
    with session.with_deleted():
        rows = session.execute(select(model.id, column).where(model.id.in_(wanted)))
        return {row[0]: str(row[1] or "") for row in rows}


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
    model: Any = session.predicates.by_entity.get(entity)
    wanted = set(ids)
    if model is None or not wanted or not hasattr(model, "kind"):
        return {}
    with session.with_deleted():
        rows = session.execute(select(model.id, model.kind).where(model.id.in_(wanted)))
        return {row[0]: row[1] for row in rows}
