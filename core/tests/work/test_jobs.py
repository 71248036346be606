"""A job is claimed by one worker at a time, comes back when that one vanishes, and ends once."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from work_ledger import effects

from kontora import clock
from kontora.db.engine import Database
from kontora.errors import Conflict, NotFound
from kontora.work import jobs, models, upkeep

NAMES = ["test.work"]


def enqueue(database: Database, **options: Any) -> int:
    with database.write_engine.begin() as connection:
        return jobs.enqueue(connection, "test.work", **options)


def row(database: Database, job_id: int) -> Any:
    with database.read_engine.connect() as connection:
        return connection.execute(select(jobs.JOB).where(jobs.JOB.c.id == job_id)).one()


def claimed(database: Database, lease: float = jobs.LEASE) -> jobs.ClaimedJob:
    job = jobs.claim(database, "worker", NAMES, lease)
    assert job is not None
    return job


def test_a_job_runs_when_it_is_due_and_by_priority(database: Database) -> None:
    now = clock.now()
    later = enqueue(database, run_at=now + timedelta(hours=1))
    second = enqueue(database)
    first = enqueue(database, priority=-1)
    assert [claimed(database).id, claimed(database).id] == [first, second]
    assert jobs.claim(database, "worker", NAMES) is None
    with clock.frozen(now + timedelta(hours=2)):
        assert claimed(database).id == later
    assert jobs.claim(database, "worker", ["other.name"]) is None


def test_two_threads_never_get_the_same_job(database: Database) -> None:
    for _each in range(60):
        enqueue(database)
    got: list[int] = []

    def take(name: str) -> None:
        while job := jobs.claim(database, name, NAMES):
            got.append(job.id)

    threads = [threading.Thread(target=take, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 60


CLAIMER = """
import sys
from kontora.db.engine import Database
from kontora.work import jobs
database = Database(sys.argv[1])
while job := jobs.claim(database, sys.argv[2], ["test.work"]):
    print(job.id)
"""


def test_two_processes_never_get_the_same_job(database: Database, url: str) -> None:
    for _each in range(100):
        enqueue(database)
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMER, url, f"p{n}"], stdout=subprocess.PIPE, text=True
        )
        for n in range(3)
    ]
    got = [int(line) for child in children for line in child.communicate(timeout=60)[0].split()]
    assert [child.returncode for child in children] == [0, 0, 0]
    assert len(got) == len(set(got)) == 100


def test_the_effects_and_the_mark_done_are_one_transaction(database: Database) -> None:
    job_id = enqueue(database)
    job = claimed(database)
    with database.write_engine.connect() as connection:
        connection.execute(effects.insert().values(key="effect"))
        jobs.finish(connection, job)
        connection.rollback()
    assert row(database, job_id).state == models.RUNNING
    with database.write_engine.begin() as connection:
        jobs.finish(connection, job, {"rows": 3})
    assert (row(database, job_id).state, row(database, job_id).result) == ("done", {"rows": 3})


def test_a_worker_that_lost_its_lease_keeps_nothing(database: Database) -> None:
    enqueue(database)
    slow = claimed(database, lease=10)
    frozen = clock.frozen(clock.now() + timedelta(seconds=30))
    with frozen, database.write_engine.begin() as connection:
        assert upkeep.lapsed(connection)
        assert upkeep.sweep(connection) == 1
    with clock.frozen(clock.now() + timedelta(minutes=5)):
        second = claimed(database)
    assert (second.id, second.attempts) == (slow.id, 2)
    with database.write_engine.connect() as connection:
        connection.execute(effects.insert().values(key="effect"))
        with pytest.raises(jobs.LeaseLost):
            jobs.finish(connection, slow)
    with database.write_engine.begin() as connection:
        assert connection.execute(select(effects)).all() == []
        jobs.heartbeat(connection, second)
        jobs.finish(connection, second)


def test_a_failing_job_waits_longer_each_time_and_then_is_dead(database: Database) -> None:
    job_id = enqueue(database, max_attempts=3)
    now, waits = clock.now(), []
    for _attempt in range(3):
        with clock.frozen(now):
            job = claimed(database)
            with database.write_engine.begin() as connection:
                jobs.fail(connection, job, "no answer")
        waits.append((row(database, job_id).run_at - now).total_seconds())
        now += timedelta(days=1)
    assert 4 <= waits[0] <= 6
    assert 12 <= waits[1] <= 18
    ended = row(database, job_id)
    assert (ended.state, ended.attempts, ended.error) == (models.DEAD, 3, "no answer")
    assert ended.error_id


def test_delays_grow_to_six_hours_with_jitter() -> None:
    assert len({jobs.delay(3) for _each in range(20)}) > 10
    assert max(jobs.delay(50) for _each in range(100)) <= 6 * 3600 * 1.2
    assert sum(min(5 * 3.0**n, 21600) for n in range(20)) > 3 * 24 * 3600 * 0.9


def test_a_permanent_failure_ends_at_once_and_can_be_tried_again(database: Database) -> None:
    job_id = enqueue(database)
    job = claimed(database)
    with database.write_engine.begin() as connection:
        jobs.fail(connection, job, "wrong argument", permanent=True)
    assert row(database, job_id).state == models.FAILED
    with database.write_engine.begin() as connection:
        jobs.retry(connection, job_id)
    assert claimed(database).attempts == 1
    with database.write_engine.begin() as connection, pytest.raises(Conflict, match="is running"):
        jobs.retry(connection, job_id)
    with database.write_engine.begin() as connection, pytest.raises(NotFound):
        jobs.retry(connection, 999_999)


def test_a_unique_key_allows_one_job_until_that_has_ended(database: Database) -> None:
    first = enqueue(database, unique_key="reindex")
    assert enqueue(database, unique_key="reindex") == first
    job = claimed(database)
    assert enqueue(database, unique_key="reindex") == first
    with database.write_engine.begin() as connection:
        jobs.finish(connection, job)
    assert enqueue(database, unique_key="reindex") != first


def test_a_cancelled_job_keeps_nothing_more(database: Database) -> None:
    waiting, running = enqueue(database, unique_key="a"), enqueue(database, priority=-1)
    job = claimed(database)
    assert job.id == running
    with database.write_engine.begin() as connection:
        jobs.cancel(connection, waiting)
        jobs.cancel(connection, running)
    with pytest.raises(jobs.LeaseLost), database.write_engine.begin() as connection:
        jobs.finish(connection, job)
    assert row(database, running).state == row(database, waiting).state == models.CANCELLED
    assert row(database, waiting).unique_key is None
    with database.write_engine.begin() as connection, pytest.raises(Conflict):
        jobs.cancel(connection, running)


def test_a_released_job_does_not_lose_an_attempt(database: Database) -> None:
    job_id = enqueue(database)
    job = claimed(database)
    with database.write_engine.begin() as connection:
        jobs.release(connection, job)
    assert (row(database, job_id).state, row(database, job_id).attempts) == (models.QUEUED, 0)


def test_progress_is_kept_and_told(database: Database) -> None:
    job_id = enqueue(database)
    job = claimed(database)
    with database.write_engine.begin() as connection:
        jobs.progress(connection, job, 3, 10, "rows")
    with database.read_engine.connect() as connection:
        status = jobs.status(connection, job_id)
        assert status.progress == {"done": 3, "total": 10, "note": "rows"}
        assert not status.has_ended
        with pytest.raises(NotFound):
            jobs.status(connection, job_id + 1)


def test_jobs_of_absent_plugins_are_parked_until_they_are_back(database: Database) -> None:
    job_id = enqueue(database)
    for known, state in ((["other.name"], models.PARKED), (NAMES, models.QUEUED)):
        with database.write_engine.begin() as connection:
            assert upkeep.misplaced(connection, known)
            assert upkeep.park(connection, known) == 1
            assert not upkeep.misplaced(connection, known)
        assert row(database, job_id).state == state


def test_old_marks_of_schedules_go(database: Database) -> None:
    with database.write_engine.begin() as connection:
        for age in (1, 31):
            minute = clock.now() - timedelta(days=age)
            connection.execute(upkeep.RUN.insert().values(name="x", minute=minute))
        assert upkeep.purge_marks(connection) == 1
        assert upkeep.purge_marks(connection) == 0
