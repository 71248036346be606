"""Celery as executor: a broker hands the ids of due jobs to the workers, and nothing else.

The table of jobs stays the truth. Each worker announces what is due; whoever receives an id
claims that very row by a lease, as a lane does, so an id that comes twice, late or never does no
harm: what is still due after a while is announced again.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from kontora.db import maintenance
from kontora.errors import SettingsError
from kontora.text import _
from kontora.work import jobs
from kontora.work.context import WorkSite
from kontora.work.lanes import Seat, stumbled
from kontora.work.worker import WAITING_LANES, Worker

TASK = "kontora.run"
QUICK_SEATS, LONG_SEATS = 4, 1
AGAIN_SECONDS = 5.0
_BATCH, _DEEPEST = 200, 1000
_logger = logging.getLogger("kontora.work")


def application(url: str, site_key: str) -> Any:
    """The Celery application of a site. Raises SettingsError without the package."""
    try:
        from celery import Celery
    except ImportError:
        raise SettingsError(
            _("KONTORA_BROKER_URL is set, but the package celery is not installed."),
            _("Run `pip install kontora[celery]`, or leave the setting out."),
        ) from None
    app = Celery("kontora", broker=url, set_as_current=False)
    app.conf.update(
        task_default_queue=f"kontora-{site_key}",
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_publish_retry=False,
        worker_pool="threads",
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_heartbeat=10,
        broker_connection_timeout=3,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport(url),
    )
    return app


def _transport(url: str) -> dict[str, Any]:
    if not url.startswith(("redis", "valkey")):
        return {}
    return {"socket_timeout": 5.0, "socket_connect_timeout": 3.0, "visibility_timeout": 3600}


class Announcer(threading.Thread):
    """Announces due jobs to the broker. A broker that hangs holds nobody else up."""

    def __init__(self, app: Any, site: WorkSite, stop: threading.Event) -> None:
        super().__init__(name="announcer", daemon=True)
        self.wake = threading.Event()
        self._app, self._site, self._stopping = app, site, stop
        self._names = site.handlers()
        self._told: dict[int, float] = {}
        self._connection: Any = None
        self._is_away = False

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.announce()
            except Exception as error:
                stumbled("The announcer", error)
            self.wake.wait(0.5)
            self.wake.clear()
        self._hang_up()

    def announce(self) -> int:
        """Announce what is due and was not just announced; return how many that were."""
        now = time.monotonic()
        self._told = {each: at for each, at in self._told.items() if now - at < AGAIN_SECONDS}
        with self._site.database.read_engine.connect() as reader:
            found = jobs.waiting(reader, self._names, _BATCH)
        fresh = [each for each in found if each not in self._told]
        if not fresh:
            return 0
        try:
            told = self._send(fresh)
        except Exception as error:
            self._hang_up()
            self._complain(error)
            return 0
        self._is_away = False
        return told

    def _send(self, ids: list[int]) -> int:
        if self._connection is None:
            self._connection = self._app.connection_for_write()
            self._connection.ensure_connection(max_retries=1, timeout=3)
        if self._depth() > _DEEPEST:
            return 0
        for each in ids:
            self._app.send_task(TASK, (each,), connection=self._connection, retry=False)
            self._told[each] = time.monotonic()
        return len(ids)

    def _depth(self) -> int:
        """How many ids wait at the broker: no more are sent to workers that are behind."""
        queue = self._app.conf.task_default_queue
        found = self._app.amqp.queues[queue].bind(self._connection.default_channel)
        return int(found.queue_declare().message_count)

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.release()
            except Exception:
                _logger.debug("closing the connection to the broker failed", exc_info=True)

    def _complain(self, error: Exception) -> None:
        if not self._is_away:
            cause = " ".join(str(error).split())[:200]
            _logger.warning("The broker does not answer; jobs wait in the database: %s", cause)
        self._is_away = True
        self._stopping.wait(0.5)


class CeleryWorker(Worker):
    """A worker whose jobs come from a broker; all else (events, schedules, leases) it does as
    any worker does."""

    def __init__(self, site: WorkSite, *, name: str = "", lease: float | None = None) -> None:
        assert site.broker_url is not None
        super().__init__(site, name=name, lease=lease)
        self.app = application(site.broker_url, site.site_key)
        # Not shared: Celery would give it to every later application of this process too.
        self.app.task(name=TASK, shared=False)(self.run_job)
        logging.getLogger("celery.app.trace").setLevel(logging.WARNING)
        self.announcer = Announcer(self.app, site, self._stop)
        self._free = list(self.lanes)
        self._taking = threading.Lock()
        self._consumer = threading.Thread(target=self._consume, name="consumer", daemon=True)

    def _make_lanes(self) -> list[Seat]:
        by_kind = self._by_lane()
        counts = {"quick": QUICK_SEATS, "long": LONG_SEATS, "waiting": WAITING_LANES}
        return [
            Seat(self.site, f"{self.name}/{kind}{number}", by_kind[kind], self._lease)
            for kind, count in counts.items()
            if by_kind[kind]
            for number in range(count)
        ]

    def run_job(self, job_id: int) -> None:
        """Run the job of this id, if it is still to be done and a seat of its kind is free."""
        if self._stop.is_set():
            return
        seats = self._take()
        try:
            for seat in seats:
                if (job := self._claimed(seat, job_id)) is not None:
                    others = [each for each in seats if each is not seat]
                    seats = [seat]
                    self._give_back(others)
                    seat.work(job)
                    break
        except Exception as error:
            stumbled(self.name, error)
        finally:
            self._give_back(seats)

    def _take(self) -> list[Seat]:
        """A free seat of each kind, as far as there is one."""
        with self._taking:
            found = {seat.name.rstrip("0123456789"): seat for seat in self._free}
            self._free = [each for each in self._free if each not in found.values()]
        return list(found.values())

    def _claimed(self, seat: Seat, job_id: int) -> jobs.ClaimedJob | None:
        database, lease = self.site.database, self._lease
        if maintenance.under_way(database):
            return None  # it is still queued, and is handed out again
        return jobs.claim_one(database, seat.name, job_id, seat.handlers, lease)

    def _give_back(self, seats: list[Seat]) -> None:
        with self._taking:
            self._free += seats

    def wake(self) -> None:
        super().wake()
        self.announcer.wake.set()

    def _begin(self) -> None:
        super()._begin()
        self.announcer.start()
        self._consumer.start()

    def tick(self) -> bool:
        if not self._consumer.is_alive():
            self._consumer = threading.Thread(target=self._consume, name="consumer", daemon=True)
            self._consumer.start()
        return super().tick()

    def _consume(self) -> None:
        """Receive ids until the worker stops; Celery connects again by itself."""
        from celery.worker import WorkController, state

        state.should_stop = None
        self.app.set_default()  # the threads of the pool look the task up there
        try:
            controller = WorkController(
                app=self.app,
                concurrency=len(self.lanes),
                # The plain loop sends what the threads have acknowledged between two reads.
                use_eventloop=False,
                hostname=self.name,
                without_gossip=True,
                without_mingle=True,
                without_heartbeat=True,
                loglevel=logging.WARNING,
            )
            controller.start()
        except (Exception, SystemExit) as error:
            _logger.warning("The consumer of the broker ended: %s", error)
            self._stop.wait(2)

    def _finish(self) -> None:
        from celery.worker import state

        state.should_stop = 0
        super()._finish()

    def _is_at_work(self) -> bool:
        return any(seat.current is not None for seat in self.lanes)
