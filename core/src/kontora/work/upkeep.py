"""What keeps the job table in order: lapsed leases, jobs of absent plugins, old rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Table, delete, select, update

from kontora import clock
from kontora.work import models
from kontora.work.executor import Executor, run
from kontora.work.jobs import JOB, ClaimedJob, fail

RUN = cast(Table, models.ScheduleRun.__table__)
THROTTLE = cast(Table, models.Throttle.__table__)
KEEP_DAYS = 30
MOST_MARKS = 500


def lapsed(executor: Executor) -> bool:
    """Whether a running job's worker has not been heard of in time."""
    return run(executor, _lapsed(1)).first() is not None


def sweep(executor: Executor, attempts: Mapping[str, int] | None = None, limit: int = 200) -> int:
    """Queue the jobs of vanished workers again, or end them after their last attempt.

    `attempts`: how many each name is allowed, for jobs that do not say it themselves.
    """
    rows = run(executor, _lapsed(limit).with_for_update(skip_locked=True)).mappings().all()
    for row in rows:
        job = ClaimedJob(**row)
        text = f"The worker {job.lease_by} vanished while it ran this job."
        fail(executor, job, text, max_attempts=(attempts or {}).get(job.name))
    return len(rows)


def _lapsed(limit: int) -> Any:
    columns = (JOB.c[column] for column in ClaimedJob.__dataclass_fields__)
    late = (JOB.c.state == models.RUNNING, JOB.c.lease_until < clock.now())
    return select(*columns).where(*late).order_by(JOB.c.lease_until).limit(limit)


def park(executor: Executor, known: Collection[str]) -> int:
    """Set aside queued jobs whose name nobody knows, and queue those again whose name is back."""
    names = sorted(known)
    away = update(JOB).where(JOB.c.state == models.QUEUED, JOB.c.name.not_in(names))
    back = update(JOB).where(JOB.c.state == models.PARKED, JOB.c.name.in_(names))
    parked = run(executor, away.values(state=models.PARKED)).rowcount
    return parked + run(executor, back.values(state=models.QUEUED)).rowcount


def misplaced(executor: Executor, known: Collection[str]) -> bool:
    """Whether `park` would change a row."""
    names = sorted(known)
    away = select(JOB.c.id).where(JOB.c.state == models.QUEUED, JOB.c.name.not_in(names))
    back = select(JOB.c.id).where(JOB.c.state == models.PARKED, JOB.c.name.in_(names))
    return any(run(executor, each.limit(1)).first() is not None for each in (away, back))


def purge_marks(executor: Executor) -> int:
    """Delete up to 500 marks of schedules and of throttles each that nobody asks for any
    more. Jobs and events go by the settings of retention."""
    before = clock.now() - timedelta(days=KEEP_DAYS)
    old_runs = select(RUN.c.id).where(RUN.c.minute < before).limit(MOST_MARKS)
    gone = run(executor, delete(RUN).where(RUN.c.id.in_(old_runs))).rowcount
    old_keys = select(THROTTLE.c.key).where(THROTTLE.c.window_start < before).limit(MOST_MARKS)
    return gone + run(executor, delete(THROTTLE).where(THROTTLE.c.key.in_(old_keys))).rowcount
