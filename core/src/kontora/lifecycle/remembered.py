"""What the program remembers of its own operation: the last backup, the last drill."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DBAPIError

from kontora import clock
from kontora.access.models import SiteState
from kontora.db.engine import Database, is_database_away

BACKUP, DRILL = "operation:backup", "operation:drill"
_state: Any = SiteState.__table__


def remember(database: Database, key: str, facts: Mapping[str, Any]) -> None:
    """Keep `facts` (JSON) under `key` in place of what was there."""
    row = {"key": key, "value": dict(facts), "updated_at": clock.now()}
    with database.write_engine.begin() as connection:
        connection.execute(delete(_state).where(_state.c.key == key))
        connection.execute(insert(_state), [row])


def recall(database: Database, key: str) -> dict[str, Any]:
    """The facts under `key`; {} when there are none, or no tables yet."""
    try:
        with database.read_engine.connect() as connection:
            found = connection.execute(select(_state.c.value).where(_state.c.key == key)).scalar()
    except DBAPIError as error:
        if is_database_away(error):
            raise
        return {}
    return dict(found) if isinstance(found, dict) else {}


def age(facts: Mapping[str, Any], name: str = "good_at") -> float | None:
    """Seconds since the moment that the facts hold under `name`; None when it never came."""
    moment = facts.get(name)
    if not moment:
        return None
    return max(0.0, (clock.now() - datetime.fromisoformat(str(moment))).total_seconds())
