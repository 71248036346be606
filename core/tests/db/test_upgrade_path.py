"""From the first revision to the newest: data stays, a kill hurts nothing, twice is once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, select

from kontora.db import runner
from kontora.db.engine import Database
from kontora.db.owner import CORE

from . import first_revision

# Ends itself, as a power cut would, before its Nth statement.
KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import Engine, event
from kontora.db import runner
from kontora.db.engine import Database
from kontora.db.owner import CORE
url, home, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
seen = 0
def count(*_given):
    global seen
    seen += 1
    if seen == left:
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(Engine, "before_cursor_execute", count)
database = Database(url, home=Path(home))
done = runner.upgrade(database, [CORE])
print(seen, len(done.applied.get("core", [])))
"""


def snapshot(database: Database, counts: dict[str, int]) -> dict[str, Any]:
    """Rows of the first revision's tables with the columns that they had then: by content."""
    found: dict[str, Any] = {}
    with database.read_engine.connect() as connection:
        for name in counts:
            table = Table(name, MetaData(), autoload_with=connection)
            columns = [table.c[each] for each in sorted(COLUMNS[name]) if each in table.c]
            assert len(columns) == len(COLUMNS[name]), f"{name} has lost a column"
            rows = connection.execute(select(*columns))
            found[name] = sorted(repr(tuple(row)) for row in rows)
    return found


def same(after: dict[str, Any], before: dict[str, Any]) -> bool:
    """Migrations may add facts of the site; every other table has the same rows."""
    facts = set(before["site_state"]) <= set(after["site_state"])
    others = before.keys() - {"site_state"}
    return facts and all(after[name] == before[name] for name in others)


COLUMNS: dict[str, set[str]] = {}


@pytest.fixture
def old(database: Database) -> dict[str, int]:
    counts = first_revision.make(database)
    with database.read_engine.connect() as connection:
        for name in counts:
            table = Table(name, MetaData(), autoload_with=connection)
            COLUMNS[name] = {column.name for column in table.columns}
    return counts


def broken_references(database: Database) -> list[Any]:
    if database.dialect != "sqlite":
        return []  # PostgreSQL checks them at each statement
    with database.read_engine.connect() as connection:
        return list(connection.exec_driver_sql("PRAGMA foreign_key_check"))


def test_the_first_revision_becomes_the_newest_with_its_data(
    database: Database, old: dict[str, int]
) -> None:
    assert sum(old.values()) > 900
    before = snapshot(database, old)
    steps: list[str] = []
    report = runner.upgrade(database, [CORE], on_step=lambda _owner, step: steps.append(step))
    assert report.failed == {}
    assert steps == report.applied["core"]
    assert runner.current(database, CORE) == runner.head(CORE)
    assert same(snapshot(database, old), before)
    assert broken_references(database) == []
    assert (report.backup is not None) == (database.path is not None)
    again = runner.upgrade(database, [CORE])
    assert (again.applied, again.failed, again.backup) == ({}, {}, None)


def run(database: Database, left: int) -> subprocess.CompletedProcess[str]:
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", KILLED, url, str(database.home), str(left)]
    return subprocess.run(command, capture_output=True, text=True, timeout=170)


KILLS = int(os.environ.get("KONTORA_TEST_KILLS", "5"))  # 20 of a night


def test_a_killed_upgrade_is_just_repeated(database: Database, old: dict[str, int]) -> None:
    """Killed before a statement chosen by chance, then again; each time nothing is half done."""
    before = snapshot(database, old)
    first = runner.current(database, CORE)
    database.dispose()
    chance = random.Random(7)
    for left in sorted(chance.randrange(3, 90) for _kill in range(KILLS)):
        done = run(database, left)
        assert done.returncode == -9, (left, done.stdout, done.stderr)
        assert runner.current(database, CORE) == first, "one transaction: all of it, or nothing"
        assert snapshot(database, old) == before
        database.dispose()
    done = run(database, 0)
    assert done.returncode == 0, done.stderr
    statements, steps = map(int, done.stdout.split())
    assert statements > 90
    assert steps > 3
    assert runner.current(database, CORE) == runner.head(CORE)
    assert same(snapshot(database, old), before)
    assert broken_references(database) == []
    assert not list(Path(database.home, "backups").glob("*.part"))
    assert run(database, 0).stdout.split()[1] == "0", "a repetition does nothing"
