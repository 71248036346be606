"""Indexes that are made and dropped while the site runs.

Their names begin with `ixr_`, which the comparison of models and tables passes over. PostgreSQL
builds them beside the work of others; SQLite holds up writers while it builds, readers never.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, text


def settle(engine: Engine, statements: Mapping[str, str]) -> dict[str, list[str]]:
    """Make the indexes that are missing and drop those that nobody wants any more."""
    done: dict[str, list[str]] = {"made": [], "dropped": []}
    with engine.connect() as connection:
        there = _present(connection)
    for name in there - statements.keys():
        _run(engine, f"DROP INDEX {_beside(engine)}IF EXISTS {name}")
        done["dropped"].append(name)
    for name, statement in statements.items():
        if name not in there:
            concurrent = f"CREATE INDEX {_beside(engine)}"
            _run(engine, statement.replace("CREATE INDEX ", concurrent, 1))
            done["made"].append(name)
    return done


def _beside(engine: Engine) -> str:
    return "CONCURRENTLY " if engine.dialect.name == "postgresql" else ""


def _run(engine: Engine, statement: str) -> None:
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        try:
            connection.exec_driver_sql(statement.replace("%", "%%"))
        finally:
            connection.execute(text("RESET statement_timeout"))


def _present(connection: Connection) -> set[str]:
    """The indexes that are there; one whose making was interrupted is dropped first."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'index' AND name GLOB 'ixr_*'")
        )
        return set(rows.scalars())
    rows = connection.execute(
        text(
            "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE starts_with(c.relname, 'ixr_')"
            " AND c.relnamespace = current_schema()::regnamespace"
        )
    )
    found = {row.relname: bool(row.indisvalid) for row in rows}
    for name, valid in found.items():
        if not valid:
            _run(connection.engine, f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    return {name for name, valid in found.items() if valid}
