"""What the functions of this layer run their statements on: a connection or a session.

The scoped session refuses raw statements; ours pass by the named door “work”.
"""

from __future__ import annotations

from typing import Any, Protocol, cast
from uuid import UUID

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult

DOOR = {"door": "work"}


class Executor(Protocol):
    """A `sqlalchemy.Connection`, a plain `Session` or the scoped session."""

    def execute(
        self, statement: Any, params: Any = None, /, *, execution_options: Any = ...
    ) -> Any: ...


def run(executor: Executor, statement: Executable, params: Any = None) -> CursorResult[Any]:
    """Execute a Core statement through the door of this layer."""
    result = executor.execute(statement, params, execution_options=DOOR)
    return cast("CursorResult[Any]", result)


def insert(executor: Executor, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT, in the dialect of the executor."""
    if _dialect(executor) == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def _dialect(executor: Any) -> str:
    engine = executor if isinstance(executor, Connection) else executor.get_bind()
    return str(engine.dialect.name)


class Actor(Protocol):
    """On whose behalf something is done: every principal fits."""

    @property
    def kind(self) -> Any: ...
    @property
    def id(self) -> Any: ...


def acting(executor: Executor, principal: Actor | None) -> dict[str, Any]:
    """The columns `principal_kind` and `principal_id`: those of `principal`, else of the
    session's own principal, else of the system."""
    actor: Any = principal or getattr(executor, "principal", None)
    if actor is None:
        return {"principal_kind": "system", "principal_id": None}
    kind = getattr(actor.kind, "value", actor.kind)
    identity = UUID(actor.id) if isinstance(actor.id, str) else actor.id
    return {"principal_kind": str(kind), "principal_id": identity}
