"""PostgreSQL knows how many rows there are as soon as an import has ended."""

from __future__ import annotations

from sqlalchemy import text

from kontora.db.engine import Database


def test_statistics_are_those_of_now(database: Database) -> None:
    with database.write_engine.begin() as connection:
        connection.execute(text("CREATE TABLE counted (a INTEGER)"))
        connection.execute(text("INSERT INTO counted VALUES (1), (2), (3)"))
    database.refresh_statistics()
    if database.dialect == "postgresql":
        with database.read_engine.connect() as connection:
            known = text("SELECT reltuples FROM pg_class WHERE relname = 'counted'")
            assert connection.execute(known).scalar() == 3
