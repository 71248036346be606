"""A part of a transaction may have a time limit, and the rest goes on."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from kontora.db.engine import Database
from kontora.db.limits import is_time_limit, time_limit

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


def _endless(connection: Connection) -> None:
    with connection.begin_nested():
        connection.execute(text(ENDLESS))


def test_a_statement_that_runs_too_long_is_ended_and_the_rest_goes_on(database: Database) -> None:
    with database.read_engine.connect() as connection:
        started = time.monotonic()
        with time_limit(connection, 0.1):
            with pytest.raises(DBAPIError) as caught:
                _endless(connection)
            assert is_time_limit(caught.value)
        assert time.monotonic() - started < 3
        assert connection.scalar(text("SELECT 1")) == 1
        if database.dialect == "postgresql":
            assert connection.scalar(text("SHOW statement_timeout")) == "15s"


def test_a_quick_statement_notices_nothing(database: Database) -> None:
    with database.read_engine.connect() as connection, time_limit(connection, 5):
        assert connection.scalar(text("SELECT 1")) == 1
    assert not is_time_limit(ValueError())
