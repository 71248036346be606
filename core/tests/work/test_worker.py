"""The worker runs what is due, interrupts what hangs, and stops in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from work_ledger import JOBS, SLICES, effects, fails, site, spec

from kontora.db.engine import Database
from kontora.registry.work import JobContext
from kontora.work import jobs, outbox
from kontora.work.runner import run_pending
from kontora.work.worker import Worker


def enqueue(database: Database, name: str, **args: Any) -> int:
    with database.write_engine.begin() as connection:
        return jobs.enqueue(connection, f"test.{name}", args)


def row(database: Database, job_id: int) -> Any:
    with database.read_engine.connect() as connection:
        return connection.execute(select(jobs.JOB).where(jobs.JOB.c.id == job_id)).one()


def ledger(database: Database) -> list[str]:
    with database.read_engine.connect() as connection:
        return list(connection.scalars(select(effects.c.key).order_by(effects.c.id)))


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Running:
    """A worker in a thread of the test."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.thread = threading.Thread(target=worker.run)

    def __enter__(self) -> Worker:
        self.thread.start()
        return self.worker

    def __exit__(self, *failure: object) -> None:
        self.worker.stop()
        self.thread.join(20)


def test_pending_work_runs_in_process(database: Database) -> None:
    first, second = enqueue(database, "effect", n=1), enqueue(database, "sliced", n=2)
    with database.write_engine.begin() as connection:
        outbox.emit(connection, "test.happened", "party", None, {"n": 3})
    assert run_pending(site(database)) == {"done": 3}
    assert ledger(database) == [
        "job 1",
        "second 1",
        *(f"slice 2.{n}" for n in range(SLICES)),
        "event 3",
    ]
    assert (row(database, first).state, row(database, first).result) == ("done", {"n": 1})
    assert row(database, second).progress == {"done": SLICES, "total": SLICES, "note": ""}
    assert run_pending(site(database)) == {}


def test_a_failed_run_leaves_no_effect_and_says_why(database: Database) -> None:
    job_id = enqueue(database, "fails")
    assert run_pending(site(database)) == {"failed": 1}
    assert ledger(database) == []
    failed = row(database, job_id)
    assert (failed.state, failed.attempts) == ("queued", 1)
    assert "no answer from the other side" in failed.error
    assert failed.error_id


def test_arguments_and_results_are_checked(database: Database) -> None:
    class Refuses:
        def load(self, data: Any) -> Any:
            raise ValueError("n is missing")

    def strange(context: JobContext) -> object:
        context.session.execute(effects.insert().values(key="must not stay"))
        return object()

    specs = (spec("picky", fails, args=Refuses()), spec("strange", strange))
    ids = [enqueue(database, "picky"), enqueue(database, "strange")]
    assert run_pending(site(database, specs=specs)) == {"failed": 2}
    ends = [row(database, job_id) for job_id in ids]
    assert [end.state for end in ends] == ["failed", "failed"]
    assert "n is missing" in ends[0].error
    assert "not JSON" in ends[1].error
    assert ledger(database) == []


def test_a_handler_that_outlives_its_lease_commits_nothing(database: Database) -> None:
    def loses(context: JobContext) -> None:
        with context.slice() as session:
            session.execute(effects.insert().values(key="kept"))
        with database.write_engine.begin() as connection:
            jobs.cancel(connection, context.job_id)
        with context.slice() as session:
            session.execute(effects.insert().values(key="too late"))

    enqueue(database, "loses")
    specs = (spec("loses", loses, sliced=True),)
    assert run_pending(site(database, specs=specs)) == {"lost": 1}
    assert ledger(database) == ["kept"]


def test_the_worker_runs_jobs_events_and_both_lanes(database: Database) -> None:
    with Running(Worker(site(database))):
        slow = enqueue(database, "slow")
        wait_for(lambda: row(database, slow).state == "running")
        quick = enqueue(database, "effect", n=1)
        with database.write_engine.begin() as connection:
            outbox.emit(connection, "test.happened", "party", None, {"n": 2})
        wait_for(lambda: row(database, quick).state == "done" and "event 2" in ledger(database))
        assert row(database, slow).state == "running"
        with database.write_engine.begin() as connection:
            jobs.cancel(connection, slow)


def test_a_hanging_job_is_interrupted_and_tried_again(database: Database) -> None:
    job_id = enqueue(database, "hangs")
    with Running(Worker(site(database))):
        wait_for(lambda: row(database, job_id).error is not None)
        quick = enqueue(database, "effect", n=1)
        wait_for(lambda: row(database, quick).state == "done")
    hung = row(database, job_id)
    assert (hung.state, hung.attempts) == ("queued", 1)
    assert hung.error == "Interrupted after 0.5 seconds."


def test_a_stopping_worker_gives_its_job_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kontora.work.worker.STOP_SECONDS", 0.3)
    job_id = enqueue(database, "slow")
    with Running(Worker(site(database))):
        wait_for(lambda: row(database, job_id).state == "running")
    given_back = row(database, job_id)
    assert (given_back.state, given_back.attempts, given_back.lease_by) == ("queued", 0, None)


def test_leases_of_long_jobs_are_renewed(database: Database) -> None:
    job_id = enqueue(database, "slow")
    with Running(Worker(site(database), lease=1.2)):
        wait_for(lambda: row(database, job_id).state == "running")
        first = row(database, job_id).lease_until
        wait_for(lambda: row(database, job_id).lease_until > first)
        with database.write_engine.begin() as connection:
            jobs.cancel(connection, job_id)


def test_jobs_of_a_plugin_that_is_off_wait_for_it(database: Database) -> None:
    job_id = enqueue(database, "effect", n=1)
    off = replace(site(database), jobs={each.name: each for each in JOBS[1:]})
    with Running(Worker(off)):
        wait_for(lambda: row(database, job_id).state == "parked")
    with Running(Worker(site(database))):
        wait_for(lambda: row(database, job_id).state == "done")
