"""What a job's handler is given, and the site that a worker works for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any
from uuid import UUID

from kontora import clock
from kontora.db.engine import is_database_away, is_database_busy
from kontora.errors import KontoraError
from kontora.registry.work import JobContext, JobSpec, Log, Subscriber
from kontora.work import jobs
from kontora.work.jobs import LEASE
from kontora.work.outbox import event_of
from kontora.work.redis import Redis

_PROGRESS_SECONDS = 0.5
_logger = logging.getLogger("kontora.work")

OpenSession = Callable[[str, UUID | None], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSite:
    """What a worker needs of a site.

    `open_session(principal_kind, principal_id)` gives a writing session for the system, a user
    or a token that commits at the end of the block and rolls back on any exception.
    `zone`: the time zone of the schedules. `lease`: seconds after which the jobs of a worker that
    is not heard of are taken back. `redis` tells of new work, if there is one. With `broker_url`
    Celery hands the jobs out; `site_key` tells its queues from those of other sites.
    """

    database: jobs.Engines
    open_session: OpenSession
    open_reader: OpenSession | None = None
    jobs: Mapping[str, JobSpec] = field(default_factory=dict)
    subscribers: Sequence[Subscriber] = ()
    zone: tzinfo = UTC
    settings: Any = None
    lease: float = LEASE
    redis: Redis | None = None
    broker_url: str | None = None
    site_key: str = ""

    def handlers(self) -> dict[str, JobSpec]:
        """Every kind of job that this site can run; a subscriber's deliveries are jobs too."""
        return {**self.jobs, **{each.job_name: _delivery(each) for each in self.subscribers}}


def _delivery(subscriber: Subscriber) -> JobSpec:
    def handler(context: JobContext) -> None:
        assert isinstance(context, RunningJob)
        job = context.job
        event = event_of(job.args, job.principal_kind, job.principal_id)
        subscriber.handler(context.session, event)

    return JobSpec(
        name=subscriber.job_name,
        handler=handler,
        max_attempts=subscriber.max_attempts,
        timeout=subscriber.timeout,
    )


class _JobLog(logging.LoggerAdapter[logging.Logger]):
    """Puts the job before each message."""

    def process(self, msg: Any, kwargs: Any) -> tuple[Any, Any]:
        return f"{self.extra['job'] if self.extra else ''}: {msg}", kwargs


class RunningJob:
    """One run of one job; the `JobContext` of its handler.

    Use it as a context manager: the session, if the handler opened it, is committed at the end
    of the block and rolled back on an exception.
    """

    def __init__(
        self, site: WorkSite, spec: JobSpec, job: jobs.ClaimedJob, lease: float = jobs.LEASE
    ) -> None:
        self.job = job
        self.spec = spec
        self.logger: Log = _JobLog(_logger, {"job": f"{job.name} {job.id}"})
        self._site = site
        self._lease = lease
        self._stack = ExitStack()
        self._session: Any = None
        self._in_slice = False
        self._progress: tuple[int, int | None, str] | None = None
        self._told_at = 0.0

    def __enter__(self) -> RunningJob:
        return self

    def __exit__(self, *failure: Any) -> None:
        self._session, stack = None, self._stack
        stack.__exit__(*failure)

    @property
    def database(self) -> jobs.Engines:
        """For core's own jobs that talk to the network before they open their session."""
        return self._site.database

    @property
    def settings(self) -> Any:
        """The settings of the process."""
        return self._site.settings

    @property
    def job_id(self) -> int:
        return self.job.id

    @property
    def args(self) -> Mapping[str, Any]:
        return self.job.args

    @property
    def now(self) -> datetime:
        return clock.now()

    @property
    def session(self) -> Any:
        if self.spec.sliced:
            raise KontoraError(
                f"The job {self.spec.name} is declared as sliced and has no session of its own.",
                "Work in blocks of `with context.slice() as session`.",
            )
        if self._session is None:
            self._session = self._stack.enter_context(self._open())
        return self._session

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """A session for reading with the same rights, which makes no writer wait: for figures."""
        opener = self._site.open_reader or self._site.open_session
        with opener(self.job.principal_kind, self.job.principal_id) as session:
            yield session

    @property
    def holds_write_lock(self) -> bool:
        """Whether this run keeps every other writer of an SQLite database waiting."""
        is_open = self._session is not None or self._in_slice
        return is_open and self._site.database.dialect == "sqlite"

    @contextmanager
    def slice(self) -> Iterator[Any]:
        if self._session is not None:
            raise KontoraError(
                f"The job {self.spec.name} opened its session and then a slice.",
                "Declare it with sliced=True and use slices only.",
            )
        self._in_slice = True
        try:
            with self._open() as session:
                yield session
                # In the same transaction: a slice of a job that is no longer ours is not kept.
                jobs.heartbeat(session, self.job, self._lease)
                if self._progress is not None:
                    jobs.progress(session, self.job, *self._progress)
                    self._progress, self._told_at = None, time.monotonic()
        finally:
            self._in_slice = False

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        self._progress = (done, total, note)
        if time.monotonic() - self._told_at < _PROGRESS_SECONDS or self.holds_write_lock:
            return
        self._told_at = time.monotonic()
        try:
            with self._site.database.write_engine.begin() as connection:
                jobs.progress(connection, self.job, *self._progress)
            self._progress = None
        except Exception as error:
            if not (is_database_busy(error) or is_database_away(error)):
                raise

    def finish(self, result: Any) -> None:
        """Mark the job done: in the handler's session if it has one, else on its own."""
        if self._session is not None:
            self._finish(self._session, result)
        else:
            with self._site.database.write_engine.begin() as connection:
                self._finish(connection, result)

    def _finish(self, executor: Any, result: Any) -> None:
        if self._progress is not None:
            jobs.progress(executor, self.job, *self._progress)
        jobs.finish(executor, self.job, result)

    def _open(self) -> AbstractContextManager[Any]:
        return self._site.open_session(self.job.principal_kind, self.job.principal_id)
