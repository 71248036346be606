"""The job table: enqueue with the change, claim by lease, finish with the effects.

Every function runs in the transaction of the executor that it is given; `claim` and the others
that a worker calls between jobs open a short one of their own on the database.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Table, and_, select, update

from kontora import clock, traces
from kontora.access.principal import Principal
from kontora.errors import Conflict, KontoraError, NotFound
from kontora.text import _
from kontora.work import models, wake
from kontora.work.executor import Executor, acting, insert, run

JOB = cast(Table, models.Job.__table__)
DEFAULT_ATTEMPTS = 5
LEASE = 60.0
_FIRST_DELAY, _LONGEST_DELAY = 5.0, 6 * 3600.0


class Engines(Protocol):
    """The part of `kontora.db.engine.Database` that this layer uses."""

    @property
    def read_engine(self) -> Engine: ...
    @property
    def write_engine(self) -> Engine: ...
    @property
    def dialect(self) -> str: ...


class LeaseLost(KontoraError):
    """Another worker has taken the job over, or it was cancelled: keep nothing of this run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A job that this worker holds until `lease_until`."""

    id: int
    name: str
    args: Mapping[str, Any]
    attempts: int
    max_attempts: int | None
    lease_by: str
    principal_kind: str
    principal_id: UUID | None
    trace: str | None = None

    def held(self) -> ColumnElement[bool]:
        """True for the row as long as the lease is ours. The number of the attempt tells this
        claim from a later one by the same worker."""
        return and_(
            JOB.c.id == self.id,
            JOB.c.state == models.RUNNING,
            JOB.c.lease_by == self.lease_by,
            JOB.c.attempts == self.attempts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """How a job stands, for those who wait for it. `error` is for administrators only; to
    everybody else show `error_id`. `progress` is {"done", "total", "note"} or None."""

    id: int
    name: str
    state: str
    attempts: int
    progress: Mapping[str, Any] | None
    result: Any
    error: str | None
    error_id: str | None
    principal_kind: str
    principal_id: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def has_ended(self) -> bool:
        return self.state in models.ENDED


def status(executor: Executor, job_id: int) -> JobStatus:
    """How the job stands. Raises NotFound. Whether the asker may know it is for the caller to
    check, by `principal_id`."""
    columns = (JOB.c[column] for column in JobStatus.__dataclass_fields__)
    row = run(executor, select(*columns).where(JOB.c.id == job_id)).mappings().first()
    if row is None:
        raise NotFound(_("There is no job %(id)s.") % {"id": job_id})
    return JobStatus(**row)


def enqueue(
    session: Executor,
    name: str,
    args: Mapping[str, Any] | None = None,
    *,
    run_at: datetime | None = None,
    unique_key: str | None = None,
    principal: Principal | None = None,
    max_attempts: int | None = None,
    priority: int = 0,
) -> int:
    """Queue a job in the session's transaction and return its id.

    With `unique_key` there is at most one job of that key waiting or running; the id of that one
    is returned. The job acts for `principal`, or for the session's own. `max_attempts` None
    means what the declaration of the job says. A lower `priority` runs sooner.
    """
    now = clock.now()
    row = {
        "name": name,
        "args": dict(args or {}),
        "state": models.QUEUED,
        "priority": priority,
        "run_at": run_at or now,
        "attempts": 0,
        "max_attempts": max_attempts,
        "unique_key": unique_key,
        "created_at": now,
        "trace": traces.current(),
        **acting(session, principal),
    }
    wake.mark(session)
    statement = (
        insert(session, JOB).values(row).on_conflict_do_nothing(index_elements=["unique_key"])
    )
    for _try in range(10):
        made = run(session, statement.returning(JOB.c.id)).scalar_one_or_none()
        if made is not None:
            return int(made)
        same = select(JOB.c.id).where(JOB.c.unique_key == unique_key)
        found = run(session, same).scalar_one_or_none()
        if found is not None:
            return int(found)
    raise Conflict(f"The job key “{unique_key}” changes hands too quickly.", "Try again.")


def due(executor: Executor, names: Collection[str], now: datetime | None = None) -> bool:
    """Whether a job of these names could be claimed: a look without a lock."""
    return run(executor, _next(names, now or clock.now())).first() is not None


def claim(
    database: Engines, worker_name: str, names: Collection[str], lease: float = LEASE
) -> ClaimedJob | None:
    """Take the next due job of these names for `lease` seconds, or return None.

    SQLite serialises the claimers (BEGIN IMMEDIATE); on PostgreSQL they skip each other's rows.
    """
    now = clock.now()
    with database.read_engine.connect() as reader:
        if not due(reader, names, now):
            return None
    return _claim(database, worker_name, _next(names, now), now, lease)


def claim_one(
    database: Engines, worker_name: str, job_id: int, names: Collection[str], lease: float = LEASE
) -> ClaimedJob | None:
    """Take this very job if it is due and one of these names; None when somebody else has it."""
    now = clock.now()
    wanted = _next(names, now).where(JOB.c.id == job_id)
    return _claim(database, worker_name, wanted, now, lease)


def _claim(
    database: Engines, worker_name: str, wanted: Any, now: datetime, lease: float
) -> ClaimedJob | None:
    taken = (
        update(JOB)
        .where(JOB.c.id == wanted.with_for_update(skip_locked=True).scalar_subquery())
        .values(
            state=models.RUNNING,
            attempts=JOB.c.attempts + 1,
            lease_by=worker_name,
            lease_until=now + timedelta(seconds=lease),
            started_at=now,
            finished_at=None,
        )
        .returning(*(JOB.c[column] for column in ClaimedJob.__dataclass_fields__))
    )
    with database.write_engine.begin() as writer:
        row = run(writer, taken).mappings().first()
    return ClaimedJob(**row) if row else None


def waiting(executor: Executor, names: Collection[str], limit: int) -> list[int]:
    """The ids of the next jobs of these names that could be claimed, without taking them."""
    found = run(executor, _next(names, clock.now(), limit))
    return [int(row.id) for row in found]


def _next(names: Collection[str], now: datetime, limit: int = 1) -> Any:
    return (
        select(JOB.c.id)
        .where(JOB.c.state == models.QUEUED, JOB.c.run_at <= now, JOB.c.name.in_(sorted(names)))
        .order_by(JOB.c.priority, JOB.c.run_at, JOB.c.id)
        .limit(limit)
    )


def heartbeat(executor: Executor, job: ClaimedJob, lease: float = LEASE) -> None:
    """Keep the job for another `lease` seconds. Raises LeaseLost when it is no longer ours."""
    _change(executor, job, lease_until=clock.now() + timedelta(seconds=lease))


def progress(
    executor: Executor, job: ClaimedJob, done: int, total: int | None, note: str = ""
) -> None:
    """Say how far the job is. Raises LeaseLost when it is no longer ours."""
    _change(executor, job, progress={"done": done, "total": total, "note": note})


def finish(session: Executor, job: ClaimedJob, result: Any = None) -> None:
    """Mark the job done in the transaction of its effects.

    Both are kept or neither, so a worker that dies at any moment leaves effects exactly once.
    Raises LeaseLost (roll back then!) when another worker took the job over.
    """
    _end(session, job, models.DONE, result=result, error=None, error_id=None)


def fail(
    executor: Executor,
    job: ClaimedJob,
    error: str,
    *,
    permanent: bool = False,
    max_attempts: int | None = None,
) -> str:
    """Note a failure and return its `error_id`, which a user may quote.

    The job is queued again after a growing delay, or is `dead` after the last attempt, or
    `failed` at once when `permanent`. Nothing happens when the lease is no longer ours.
    """
    error_id = secrets.token_hex(4)
    allowed = job.max_attempts or max_attempts or DEFAULT_ATTEMPTS
    noted: dict[str, Any] = {"error": error[-8000:], "error_id": error_id}
    try:
        if permanent or job.attempts >= allowed:
            _end(executor, job, models.FAILED if permanent else models.DEAD, **noted)
        else:
            later = clock.now() + timedelta(seconds=delay(job.attempts))
            _change(executor, job, run_at=later, **noted, **_free())
    except LeaseLost:
        pass
    return error_id


def release(executor: Executor, job: ClaimedJob) -> None:
    """Give an interrupted job back: queued at once, and the attempt does not count."""
    run(executor, update(JOB).where(job.held()).values(attempts=JOB.c.attempts - 1, **_free()))


def retry(executor: Executor, job_id: int) -> None:
    """Queue a job that failed, died or was cancelled again, with all its attempts."""
    stopped = JOB.c.state.in_((models.FAILED, models.DEAD, models.CANCELLED))
    again = {"state": models.QUEUED, "attempts": 0, "run_at": clock.now(), "finished_at": None}
    changed = run(executor, update(JOB).where(JOB.c.id == job_id, stopped).values(again))
    if not changed.rowcount:
        raise _unfit(executor, job_id, "Only a failed, dead or cancelled job can be tried again.")


def cancel(executor: Executor, job_id: int) -> None:
    """Cancel a job that has not ended. A running one loses its lease and keeps nothing more."""
    open_ = JOB.c.state.not_in(models.ENDED)
    values = {**_free(models.CANCELLED), "unique_key": None, "finished_at": clock.now()}
    changed = run(executor, update(JOB).where(JOB.c.id == job_id, open_).values(values))
    if not changed.rowcount:
        raise _unfit(executor, job_id, "Only a job that has not ended can be cancelled.")


def delay(attempts: int) -> float:
    """Seconds to wait after the given number of attempts: 5, 15, 45 … up to six hours, each
    ±20 % so that jobs that failed together do not come back together."""
    exponential = _FIRST_DELAY * 3.0 ** min(attempts - 1, 20)
    return min(exponential, _LONGEST_DELAY) * random.uniform(0.8, 1.2)  # noqa: S311


def _change(executor: Executor, job: ClaimedJob, **values: Any) -> None:
    if not run(executor, update(JOB).where(job.held()).values(values)).rowcount:
        raise LeaseLost(f"Job {job.id} ({job.name}) is no longer held by {job.lease_by}.")


def _end(executor: Executor, job: ClaimedJob, state: str, **values: Any) -> None:
    _change(executor, job, **_free(state), unique_key=None, finished_at=clock.now(), **values)


def _free(state: str = models.QUEUED) -> dict[str, Any]:
    return {"state": state, "lease_by": None, "lease_until": None}


def _unfit(executor: Executor, job_id: int, remedy: str) -> KontoraError:
    state = run(executor, select(JOB.c.state).where(JOB.c.id == job_id)).scalar_one_or_none()
    if state is None:
        return NotFound(f"There is no job {job_id}.")
    return Conflict(f"Job {job_id} is {state}.", remedy)
