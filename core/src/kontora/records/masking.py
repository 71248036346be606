"""Values of the change log without the names of records that their reader may not see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access.session import ScopedSession


def ids_in(value: Any) -> Iterator[UUID]:
    """The ids of records that are named inside a value of the log."""
    if isinstance(value, Mapping):
        if value.keys() == {"id", "name"}:
            yield UUID(value["id"])
        for inner in value.values():
            yield from ids_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from ids_in(inner)


def visible_ids(session: ScopedSession, ids: set[UUID]) -> set[UUID]:
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


def masked(value: Any, seen: set[UUID]) -> Any:
    """A value of the log without the names of records that the principal may not see."""
    if isinstance(value, Mapping):
        if value.keys() == {"id", "name"} and UUID(value["id"]) not in seen:
            return None
        return {key: masked(inner, seen) for key, inner in value.items()}
    return [masked(inner, seen) for inner in value] if isinstance(value, list) else value


def mask(session: ScopedSession, values: Sequence[Any]) -> list[Any]:
    """Values as the log keeps them, without the names of records that may not be seen."""
    seen = visible_ids(session, {each for value in values for each in ids_in(value)})
    return [masked(value, seen) for value in values]
