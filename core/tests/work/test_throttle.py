"""A limit holds across connections, and opens again after its window."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from kontora import clock
from kontora.db.engine import Database
from kontora.work import throttle


def hit(database: Database, key: str = "login:anna@example.org") -> bool:
    with database.write_engine.begin() as connection:
        return throttle.hit(connection, key, 3, 60)


def wait(database: Database) -> float:
    with database.read_engine.connect() as connection:
        return throttle.wait(connection, "login:anna@example.org", 3, 60)


def test_the_fourth_try_within_the_window_is_refused(database: Database) -> None:
    now = clock.now()
    with clock.frozen(now):
        assert [hit(database) for _try in range(4)] == [True, True, True, False]
        assert hit(database, "login:other@example.org")
        assert wait(database) == 60
    with clock.frozen(now + timedelta(seconds=61)):
        assert wait(database) == 0
        assert hit(database)


def test_a_success_forgets_the_tries(database: Database) -> None:
    for _try in range(3):
        hit(database)
    with database.write_engine.begin() as connection:
        throttle.reset(connection, "login:anna@example.org")
    assert hit(database)


def test_tries_at_the_same_time_are_all_counted(database: Database) -> None:
    allowed: list[bool] = []
    threads = [
        threading.Thread(target=lambda: allowed.extend(hit(database) for _try in range(5)))
        for _each in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(allowed) == 3


def test_the_table_tells_no_address(database: Database) -> None:
    hit(database)
    with database.read_engine.connect() as connection:
        assert "anna" not in connection.scalars(select(throttle.THROTTLE.c.key)).one()


def test_processes_share_one_count(url: str, database: Database, tmp_path: Path) -> None:
    """T-14, small: four processes, 200 tries together, exactly the limit is let in."""
    program = str(Path(__file__).parent / "throttle_tries.py")
    arguments = [sys.executable, program, url, str(tmp_path), "50", "5"]
    running = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _each in range(4)]
    allowed = [int(each.communicate(timeout=120)[0]) for each in running]
    assert sum(allowed) == 5
