"""What a user has set for himself, by key: the columns of a list, for example."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select

from kontora.access.models import UserPreference

DOOR = {"door": "administration"}
_table: Any = UserPreference.__table__


def get(session: Any, user_id: UUID | None, key: str) -> Any:
    """The kept value, or None."""
    return several(session, user_id, (key,)).get(key)


def put(session: Any, user_id: UUID, key: str, value: Any) -> None:
    """Keep a JSON value under a key; None forgets it. Needs a writing session."""
    session.execute(
        delete(_table).where(_table.c.user_id == user_id, _table.c.key == key),
        execution_options=DOOR,
    )
    if value is not None:
        row = {"user_id": user_id, "key": key, "value": value}
        session.execute(insert(_table), [row], execution_options=DOOR)


def several(session: Any, user_id: UUID | None, keys: Sequence[str]) -> dict[str, Any]:
    """The kept values of those keys that have one. They are few: a page reads all at once, since
    its parts have keys of their own."""
    if user_id is None:
        return {}
    known = session.remembered
    kept = known.get((several, user_id))
    if kept is None:
        statement = select(_table.c.key, _table.c.value).where(_table.c.user_id == user_id)
        rows = session.execute(statement, execution_options=DOOR)
        kept = known[several, user_id] = {row[0]: row[1] for row in rows}
    return {key: kept[key] for key in keys if key in kept}
