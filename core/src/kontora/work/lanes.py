"""A lane: one thread that claims jobs of some names and runs them, one at a time.

Sliced jobs (imports, exports) have a lane of their own, so that a mail never waits behind an
import of a million rows.
"""

from __future__ import annotations

import ctypes
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from kontora.db.engine import is_database_busy
from kontora.registry.work import JobSpec
from kontora.work import jobs
from kontora.work.context import RunningJob, WorkSite
from kontora.work.runner import Interrupted, Stopping, execute

BUSY_POLL, IDLE_POLL = 0.2, 1.0
_STILL_BUSY_SECONDS = 5.0
# Often enough that a cancelled job ends soon.
_BEAT_SECONDS = 3.0
_logger = logging.getLogger("kontora.work")


@dataclass(slots=True)
class Current:
    """The job that a lane runs now."""

    run: RunningJob
    started: float = field(default_factory=time.monotonic)
    beaten: float = field(default_factory=time.monotonic)
    interrupted: float | None = None


class Lane(threading.Thread):
    """Claims and runs the jobs of `handlers` until `stop` is set."""

    def __init__(
        self,
        site: WorkSite,
        worker_name: str,
        handlers: Mapping[str, JobSpec],
        stop: threading.Event,
        lease: float = jobs.LEASE,
    ) -> None:
        super().__init__(name=worker_name, daemon=True)
        self.wake = threading.Event()
        self.ran = 0
        self._site = site
        self._handlers = handlers
        self._stopping = stop
        self._lease = lease
        self._lock = threading.Lock()
        self._current: Current | None = None

    def run(self) -> None:
        last_work = 0.0
        while not self._stopping.is_set():
            if self._step():
                last_work = time.monotonic()
                continue
            busy = time.monotonic() - last_work < _STILL_BUSY_SECONDS
            self.wake.wait(BUSY_POLL if busy else IDLE_POLL)
            self.wake.clear()

    def _step(self) -> bool:
        """Run one job; False when there was none or the database is away."""
        try:
            job = jobs.claim(self._site.database, self.name, self._handlers, self._lease)
            if job is None:
                return False
            self._work(job)
            self.ran += 1
        except Interrupted:
            # It came after the handler had ended; the row says how that was.
            self._current = None
        except Exception as error:
            if not is_database_busy(error):
                _logger.exception("The lane %s stumbled and goes on.", self.name)
            self._current = None
            return False
        return True

    def _work(self, job: jobs.ClaimedJob) -> None:
        run = RunningJob(self._site, self._handlers[job.name], job, self._lease)
        with self._lock:
            self._current = Current(run)
        execute(self._site, run)
        with self._lock:
            self._current = None

    @property
    def current(self) -> Current | None:
        return self._current

    def beat(self) -> None:
        """Renew the lease of the current job. A run that holds SQLite's write lock needs none:
        nobody can take its job before it lets go."""
        current = self._current
        if current is None or current.run.holds_write_lock:
            return
        if time.monotonic() - current.beaten < min(self._lease / 4, _BEAT_SECONDS):
            return
        current.beaten = time.monotonic()
        try:
            with self._site.database.write_engine.begin() as connection:
                jobs.heartbeat(connection, current.run.job, self._lease)
        except jobs.LeaseLost:
            self.interrupt(Stopping, current)

    def overdue(self) -> Current | None:
        """The current job when it has run longer than it may."""
        current = self._current
        if current is None or time.monotonic() - current.started < current.run.spec.timeout:
            return None
        return current

    def interrupt(self, reason: type[Interrupted], current: Current) -> None:
        """Raise `reason` in the thread of the handler at its next step of Python code.

        A handler inside of a C call notices it when that returns.
        """
        with self._lock:
            if self._current is not current or current.interrupted or self.ident is None:
                return
            current.interrupted = time.monotonic()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self.ident), ctypes.py_object(reason)
            )
