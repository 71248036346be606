"""Four processes that read, add one and write lose no update, on either engine."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kontora.db.engine import Database

from .migrations import run, scalar

PROCESSES, TIMES = 4, 150

# A pessimistic read on PostgreSQL (READ COMMITTED); on SQLite the lock comes with BEGIN.
PROGRAM = """
import sys
from sqlalchemy import text
from kontora.db.engine import Database
database = Database(sys.argv[1])
read = "SELECT n FROM counter" + (" FOR UPDATE" if database.dialect == "postgresql" else "")
for _ in range(int(sys.argv[2])):
    with database.write_engine.begin() as connection:
        n = connection.scalar(text(read))
        connection.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})
"""


@pytest.mark.slow
def test_six_hundred_of_six_hundred(database: Database, database_url: str) -> None:
    run(database, "CREATE TABLE counter (n INTEGER)", "INSERT INTO counter VALUES (0)")
    command = [sys.executable, "-c", PROGRAM, database_url, str(TIMES)]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(PROCESSES)]
    for process in started:
        _out, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    assert scalar(database, "SELECT n FROM counter") == PROCESSES * TIMES
