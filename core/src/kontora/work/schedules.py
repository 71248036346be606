"""Schedules: cron text, and one row per fired minute.

The unique pair (name, minute) makes a second scheduler harmless. After a pause the last missed
run is made up for, and no more than that one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import cast

from cronsim import CronSim, CronSimError
from sqlalchemy import Table, func, select

from kontora import clock
from kontora.errors import KontoraError
from kontora.registry.work import JobSpec
from kontora.work import models
from kontora.work.executor import Executor, insert, run
from kontora.work.jobs import enqueue

RUN = cast(Table, models.ScheduleRun.__table__)


def last_due(cron: str, now: datetime, zone: tzinfo = UTC) -> datetime:
    """The latest minute, `now`'s own included, at which `cron` fires in `zone`; in UTC.

    Hours that a change to summer time skips or doubles are treated as Debian's cron does.
    """
    local = now.astimezone(zone).replace(second=0, microsecond=0) + timedelta(minutes=1)
    return next(_before(cron, local)).astimezone(UTC)


def _before(cron: str, start: datetime) -> CronSim:
    try:
        if len(cron.split()) != 5:
            raise CronSimError("Five fields are needed")
        return CronSim(cron, start, reverse=True)
    except CronSimError as error:
        raise KontoraError(
            f"The schedule “{cron}” cannot be read: {error}.",
            "Write five cron fields: minute, hour, day, month, day of the week.",
        ) from error


def scheduled(specs: Iterable[JobSpec]) -> list[tuple[JobSpec, str]]:
    """The kinds of jobs that have a schedule, with it."""
    return [(spec, spec.schedule) for spec in specs if spec.schedule]


def fire(
    executor: Executor, specs: Iterable[JobSpec], now: datetime | None = None, zone: tzinfo = UTC
) -> int:
    """Queue a job for every schedule that became due since its last run; return how many.

    A schedule that was never seen starts now: what it would have done before is not made up for.
    A run that is still waiting or running is not doubled.
    """
    now = now or clock.now()
    found = run(
        executor, select(RUN.c.name, func.max(RUN.c.minute).label("minute")).group_by(RUN.c.name)
    )
    seen = {row.name: row.minute for row in found}
    return sum(_fire(executor, spec, cron, seen, now, zone) for spec, cron in scheduled(specs))


def _fire(
    executor: Executor,
    spec: JobSpec,
    cron: str,
    seen: dict[str, datetime],
    now: datetime,
    zone: tzinfo,
) -> bool:
    due, this_minute = last_due(cron, now, zone), now.replace(second=0, microsecond=0)
    last = seen.get(spec.name)
    if last is None and due < this_minute:
        _mark(executor, spec.name, this_minute)
        return False
    if (last is not None and due <= last) or not _mark(executor, spec.name, due):
        return False
    enqueue(executor, spec.name, unique_key=f"schedule:{spec.name}")
    return True


def _mark(executor: Executor, name: str, minute: datetime) -> bool:
    """Note that `name` fired at `minute`; False when somebody has noted it before."""
    row = insert(executor, RUN).values(name=name, minute=minute)
    noted = row.on_conflict_do_nothing(index_elements=["name", "minute"]).returning(RUN.c.id)
    return run(executor, noted).first() is not None
