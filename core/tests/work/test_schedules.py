"""A schedule fires once a minute that it names, whoever looks, and makes up for one missed run."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from kontora.db.engine import Database
from kontora.errors import KontoraError
from kontora.registry.work import JobContext, JobSpec
from kontora.work import jobs, schedules


def nothing(context: JobContext) -> None:
    """A handler that is never called here."""


NIGHTLY = JobSpec(name="test.nightly", handler=nothing, schedule="30 2 * * *")
DAY = timedelta(days=1)
NIGHT = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)


def fire(database: Database, now: datetime, spec: JobSpec = NIGHTLY) -> int:
    with database.write_engine.begin() as connection:
        return schedules.fire(connection, [spec], now)


def end_all(database: Database) -> None:
    with database.write_engine.begin() as connection:
        connection.execute(update(jobs.JOB).values(state="done", unique_key=None))


def test_a_new_schedule_waits_for_its_first_minute(database: Database) -> None:
    assert fire(database, NIGHT - timedelta(hours=1)) == 0
    assert fire(database, NIGHT - timedelta(minutes=1)) == 0
    assert fire(database, NIGHT + timedelta(seconds=12)) == 1
    assert fire(database, NIGHT + timedelta(seconds=48)) == 0
    assert fire(database, NIGHT + timedelta(hours=5)) == 0


def test_after_a_pause_one_missed_run_is_made_up_for(database: Database) -> None:
    assert fire(database, NIGHT) == 1
    end_all(database)
    assert fire(database, NIGHT + 5 * DAY + timedelta(hours=7)) == 1
    end_all(database)
    assert fire(database, NIGHT + 5 * DAY + timedelta(hours=8)) == 0


def test_a_run_that_still_waits_is_not_doubled(database: Database) -> None:
    for day in range(3):
        assert fire(database, NIGHT + day * DAY) == 1
    with database.read_engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(jobs.JOB)) == 1


def test_many_schedulers_fire_once(database: Database) -> None:
    fire(database, NIGHT - timedelta(hours=1))
    counts: list[int] = []

    def look() -> None:
        for _again in range(5):
            counts.append(fire(database, NIGHT))

    threads = [threading.Thread(target=look) for _each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 1
    with database.read_engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(jobs.JOB)) == 1


def test_times_are_those_of_the_site() -> None:
    kyiv = ZoneInfo("Europe/Kyiv")
    assert schedules.last_due("30 2 * * *", NIGHT, kyiv) == datetime(
        2026, 11, 21, 0, 30, tzinfo=UTC
    )
    # 03:30 does not exist on the day when summer time begins, and the job still runs once.
    spring = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
    assert schedules.last_due("30 3 * * *", spring, kyiv).date() == spring.date()


@pytest.mark.parametrize("wrong", ["", "* * * *", "61 * * * *", "0 0 0 * * *"])
def test_a_wrong_schedule_is_named(wrong: str) -> None:
    with pytest.raises(KontoraError, match="five cron fields"):
        schedules.last_due(wrong, NIGHT)
