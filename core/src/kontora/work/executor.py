"""What the functions of this layer run their statements on: a connection or a session.

The scoped session refuses raw statements; ours pass by the named door “work”.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult

from kontora.access.principal import Principal

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


def acting(executor: Executor, principal: Principal | None) -> dict[str, Any]:
    """The columns `principal_kind` and `principal_id` for work that `principal`, or else the
    session's own one, asks for: (token, its id), (user, his id) or (system, None).

    A token's work keeps to the narrower rights of the token.
    """
    actor: Principal | None = principal or getattr(executor, "principal", None)
    if actor is not None and actor.token_id is not None:
        return {"principal_kind": "token", "principal_id": actor.token_id}
    if actor is not None and actor.user_id is not None:
        return {"principal_kind": "user", "principal_id": actor.user_id}
    return {"principal_kind": "system", "principal_id": None}
