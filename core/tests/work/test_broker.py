"""With a broker, Celery hands out ids; the table of jobs stays the truth."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
import work_ledger
from sqlalchemy import select

from kontora.db.engine import Database
from kontora.work import jobs, models

pytest.importorskip("celery")
from kontora.work.broker import CeleryWorker, application

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def worker(database: Database, url: str = "memory://") -> CeleryWorker:
    site = replace(work_ledger.site(database), broker_url=url, site_key="test")
    return CeleryWorker(site, lease=5.0)


def ledger(database: Database) -> Counter[str]:
    with database.read_engine.connect() as connection:
        return Counter(connection.scalars(select(work_ledger.effects.c.key)))


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def enqueue(database: Database, *numbers: int) -> list[int]:
    with database.write_engine.begin() as connection:
        return [jobs.enqueue(connection, "test.effect", {"n": n}) for n in numbers]


def test_jobs_and_events_run_once_by_way_of_the_broker(database: Database) -> None:
    enqueue(database, *range(12))
    with database.write_engine.begin() as connection:
        jobs.enqueue(connection, "test.sliced", {"n": 1})
    one = worker(database)
    thread = threading.Thread(target=one.run)
    thread.start()
    try:
        wait_for(lambda: len(ledger(database)) == 24 + work_ledger.SLICES)
    finally:
        one.stop()
        thread.join(30)
    assert not thread.is_alive()
    assert set(ledger(database).values()) == {1}
    assert sum(seat.ran for seat in one.lanes) == 13


def test_an_id_that_comes_twice_or_is_of_no_job_does_nothing(database: Database) -> None:
    (job,) = enqueue(database, 1)
    one = worker(database)
    for each in (job, job, job, 10**9):
        one.run_job(each)
    assert ledger(database) == {"job 1": 1, "second 1": 1}
    assert len(one._free) == len(one.lanes), "a seat was not given back"


def test_a_job_that_waits_for_its_time_is_not_run_early(database: Database) -> None:
    (job,) = enqueue(database, 1)
    with database.write_engine.begin() as connection:
        connection.execute(jobs.JOB.update().values(state=models.RUNNING))
    worker(database).run_job(job)
    assert not ledger(database)


def test_a_broker_that_is_away_leaves_the_job_in_the_table(database: Database) -> None:
    (job,) = enqueue(database, 1)
    one = worker(database, "amqp://guest:guest@127.0.0.1:1//")
    one._stop.set()  # so that it does not pause after the failure
    assert one.announcer.announce() == 0
    with database.read_engine.connect() as connection:
        assert jobs.status(connection, job).state == models.QUEUED


def test_what_was_announced_is_announced_again_only_after_a_while(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue(database, 1, 2)
    one = worker(database)
    sent: list[list[int]] = []

    def send(ids: list[int]) -> int:
        sent.append(ids)
        one.announcer._told |= dict.fromkeys(ids, time.monotonic())
        return len(ids)

    monkeypatch.setattr(one.announcer, "_send", send)
    assert [one.announcer.announce(), one.announcer.announce()] == [2, 0]
    one.announcer._told = dict.fromkeys(sent[0], time.monotonic() - 60)
    assert one.announcer.announce() == 2


def test_nothing_but_an_id_is_sent() -> None:
    app = application("memory://", "abc")
    assert app.conf.task_default_queue == "kontora-abc"
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_acks_late is True
