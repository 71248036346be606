"""A time limit for a part of a transaction, for example for one panel of a page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

# How many steps of SQLite's virtual machine pass between two looks at the clock (about 0.1 ms).
_STEPS = 10_000
_CANCELLED = "57014"  # SQLSTATE query_canceled
_INTERRUPTED = 9  # SQLITE_INTERRUPT


@contextmanager
def time_limit(connection: Connection, seconds: float) -> Iterator[None]:
    """End statements that run too long within the block; `is_time_limit` knows the error.

    PostgreSQL counts for each statement, SQLite for all of the block. A cancelled statement
    spoils a PostgreSQL transaction: put a savepoint inside this block, and let it roll back.
    """
    if connection.dialect.name == "postgresql":
        before = connection.exec_driver_sql("SHOW statement_timeout").scalar_one()
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}")
        yield
        # After an exception the transaction or savepoint around us rolls the setting back.
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{before}'")
        return
    driver: Any = connection.connection.dbapi_connection
    deadline = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def is_time_limit(error: BaseException) -> bool:
    """Whether `error` comes from `time_limit` or from the server's own limit."""
    original = getattr(error, "orig", None) or error
    code = getattr(original, "sqlite_errorcode", None)
    return getattr(original, "sqlstate", None) == _CANCELLED or code == _INTERRUPTED
