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

from kontora.db import maintenance
from kontora.db.engine import is_database_away, is_database_busy
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


class Seat:
    """A place where one job at a time is worked on, under watch of the worker's main thread."""

    def __init__(
        self, site: WorkSite, name: str, handlers: Mapping[str, JobSpec], lease: float = jobs.LEASE
    ) -> None:
        self.name = name
        self.handlers = handlers
        self.ran = 0
        self._site = site
        self._lease = lease
        self._lock = threading.Lock()
        self._current: Current | None = None
        self._thread = 0

    def work(self, job: jobs.ClaimedJob) -> None:
        """Run a job that was claimed under the name of this seat, in this thread."""
        run = RunningJob(self._site, self.handlers[job.name], job, self._lease)
        self._thread = threading.get_ident()
        with self._lock:
            self._current = Current(run)
        try:
            execute(self._site, run)
            self.ran += 1
        except Interrupted:
            # It came after the handler had ended; the row says how that was.
            pass
        finally:
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
            if self._current is not current or current.interrupted:
                return
            current.interrupted = time.monotonic()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread), ctypes.py_object(reason)
            )


class Lane(Seat):
    """A seat with a thread that claims and runs the jobs of `handlers` until `stop` is set."""

    def __init__(
        self,
        site: WorkSite,
        name: str,
        handlers: Mapping[str, JobSpec],
        stop: threading.Event,
        lease: float = jobs.LEASE,
    ) -> None:
        super().__init__(site, name, handlers, lease)
        self.wake = threading.Event()
        self.thread = threading.Thread(target=self.run, name=name, daemon=True)
        self._stopping = stop

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
            if maintenance.under_way(self._site.database):
                return False
            job = jobs.claim(self._site.database, self.name, self.handlers, self._lease)
            if job is None:
                return False
            self.work(job)
        except Interrupted:
            pass
        except Exception as error:
            stumbled(self.name, error)
            return False
        return True


def stumbled(name: str, error: Exception) -> None:
    """Log what a loop that goes on anyway ran into: a database that is away is no surprise."""
    if is_database_busy(error):
        return
    if is_database_away(error):
        _logger.warning("%s waits for the database: %s", name, " ".join(str(error).split())[:200])
        time.sleep(0.5)
    else:
        _logger.error("%s stumbled and goes on.", name, exc_info=error)
