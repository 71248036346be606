"""The worker process: dispatches events, fires schedules, and keeps its lanes at work."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable

from kontora import clock
from kontora.db import maintenance
from kontora.registry.work import JobSpec
from kontora.work import jobs, outbox, schedules, upkeep
from kontora.work.context import WorkSite
from kontora.work.lanes import BUSY_POLL, IDLE_POLL, Lane, Seat, stumbled
from kontora.work.runner import Stopping, TimedOut

# So many receivers may be waited for at once.
WAITING_LANES = 4
STOP_SECONDS = 10.0
STUCK_STATUS = 75
_UNWIND_SECONDS = 2.0
_STUCK_SECONDS = 10.0
_logger = logging.getLogger("kontora.work")


class Stuck(RuntimeError):
    """A handler did not react to its interruption: the process has to end."""


def run_until_signal(site: WorkSite, *signals: int, on_start: Callable[[], None]) -> int:
    """Work in the main thread until one of `signals`; return the exit status of the process.

    75 (try again) says that a handler hangs: leave with `os._exit`, because its thread would keep
    the interpreter from ending.
    """
    worker = make_worker(site)

    def stop(_signal: int, _frame: object) -> None:
        worker.stop()

    for number in signals:
        signal.signal(number, stop)
    on_start()
    try:
        worker.run()
    except Stuck as stuck:
        _logger.error("%s", stuck)
        return STUCK_STATUS
    return 0


def make_worker(site: WorkSite) -> Worker:
    """The worker that the settings ask for: with a broker Celery hands out the jobs."""
    if site.broker_url is None:
        return Worker(site)
    from kontora.work.broker import CeleryWorker

    return CeleryWorker(site)


class Worker:
    """One worker process. `run()` returns when `stop()` was called and the lanes are done."""

    def __init__(self, site: WorkSite, *, name: str = "", lease: float | None = None) -> None:
        self.site = site
        self.name = name or f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(3)}"
        self._handlers = site.handlers()
        self._stop = threading.Event()
        self._woken = threading.Event()
        self._lease = site.lease if lease is None else lease
        self._due: dict[str, float] = {}
        self._minute: object = None
        self.lanes: list[Seat] = self._make_lanes()

    def _make_lanes(self) -> list[Seat]:
        return [
            Lane(self.site, f"{self.name}/{kind}{number}", handlers, self._stop, self._lease)
            for kind, handlers in self._by_lane().items()
            for number in range(WAITING_LANES if kind == "waiting" else 1)
            if handlers
        ]

    def _by_lane(self) -> dict[str, dict[str, JobSpec]]:
        found: dict[str, dict[str, JobSpec]] = {"quick": {}, "long": {}, "waiting": {}}
        for name, spec in self._handlers.items():
            kind = "waiting" if spec.waits else "long" if spec.sliced else "quick"
            found[kind][name] = spec
        return found

    def stop(self) -> None:
        """Ask the worker to end; safe in a signal handler."""
        self._stop.set()
        self._woken.set()

    def wake(self) -> None:
        """There is work: look now."""
        self._woken.set()
        for lane in self.lanes:
            if isinstance(lane, Lane):
                lane.wake.set()

    def run(self) -> None:
        """Work until `stop()`. Raises Stuck when a handler cannot be ended in any other way."""
        _logger.info("The worker %s starts with %d kinds of jobs.", self.name, len(self._handlers))
        self._begin()
        while not self._stop.is_set():
            moved = self._guarded(self.tick)
            busy = moved or any(lane.current for lane in self.lanes)
            self._woken.wait(BUSY_POLL if busy else IDLE_POLL)
            self._woken.clear()
        self._finish()
        _logger.info("The worker %s has ended.", self.name)

    def _begin(self) -> None:
        for lane in self.lanes:
            if isinstance(lane, Lane):
                lane.thread.start()
        if self.site.redis is not None:
            told = (self.wake, self._stop)
            threading.Thread(target=self.site.redis.follow, args=told, daemon=True).start()

    def tick(self) -> bool:
        """One round of everything that is not a job; True when events were dispatched."""
        self._watch()
        if maintenance.under_way(self.site.database):
            return False
        moved = self._dispatch()
        self._fire()
        self._every(5, self._sweep)
        self._every(10, self._park)
        self._every(3600, self._purge)
        return moved

    def _guarded(self, step: Callable[[], object]) -> bool:
        """Nothing but Stuck ends the loop: a database that is away comes back."""
        try:
            return bool(step())
        except Stuck:
            raise
        except Exception as error:
            stumbled(self.name, error)
            return False

    def _every(self, seconds: float, step: Callable[[], object]) -> None:
        now = time.monotonic()
        if now >= self._due.get(step.__name__, 0.0):
            self._due[step.__name__] = now + seconds
            step()

    def _dispatch(self) -> bool:
        database = self.site.database
        with database.read_engine.connect() as reader:
            if not outbox.pending(reader):
                return False
        with database.write_engine.begin() as writer:
            outbox.dispatch(writer, self.site.subscribers)
        self.wake()
        if self.site.redis is not None:
            self.site.redis.publish("dispatched")
        return True

    def _fire(self) -> None:
        now = clock.now()
        minute = now.replace(second=0, microsecond=0)
        if minute == self._minute or not schedules.scheduled(self.site.jobs.values()):
            return
        with self.site.database.write_engine.begin() as writer:
            schedules.fire(writer, self.site.jobs.values(), now, self.site.zone)
        self._minute = minute

    def _sweep(self) -> None:
        with self.site.database.read_engine.connect() as reader:
            if not upkeep.lapsed(reader):
                return
        attempts = {name: spec.max_attempts for name, spec in self._handlers.items()}
        with self.site.database.write_engine.begin() as writer:
            count = upkeep.sweep(writer, attempts)
        _logger.warning("%d jobs of vanished workers were taken back.", count)

    def _park(self) -> None:
        with self.site.database.read_engine.connect() as reader:
            if not upkeep.misplaced(reader, self._handlers):
                return
        with self.site.database.write_engine.begin() as writer:
            upkeep.park(writer, self._handlers)

    def _purge(self) -> None:
        with self.site.database.write_engine.begin() as writer:
            upkeep.purge_marks(writer)

    def _watch(self) -> None:
        """Renew leases, and interrupt what runs too long."""
        for lane in self.lanes:
            lane.beat()
            if (current := lane.overdue()) is not None:
                lane.interrupt(TimedOut, current)
            since = current.interrupted if current is not None else None
            if since is not None and time.monotonic() - since > _STUCK_SECONDS:
                self._give_up(lane)

    def _give_up(self, lane: Seat) -> None:
        current = lane.current
        if current is None:
            return
        name = current.run.spec.name
        if not current.run.holds_write_lock:
            with self.site.database.write_engine.begin() as writer:
                text = f"The handler of {name} did not react when its time was up."
                jobs.fail(writer, current.run.job, text, max_attempts=current.run.spec.max_attempts)
        raise Stuck(f"The job {name} hangs; the worker process ends and is started anew.")

    def _finish(self) -> None:
        """Let the lanes finish their jobs for a while, then interrupt them."""
        self.wake()
        self._join(STOP_SECONDS)
        for lane in self.lanes:
            if (current := lane.current) is not None:
                lane.interrupt(Stopping, current)
        self._join(_UNWIND_SECONDS)
        if self._is_at_work():
            raise Stuck("A job did not end when the worker was stopped; its lease will lapse.")

    def _join(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._is_at_work() and time.monotonic() < deadline:
            for lane in self.lanes:
                self._guarded(lane.beat)
            time.sleep(0.05)

    def _is_at_work(self) -> bool:
        return any(lane.thread.is_alive() for lane in self.lanes if isinstance(lane, Lane))
