"""What users open: noted in memory at once, written in batches a moment later.

Opening a record costs an append to a list. A timer writes what has gathered, at most two
seconds later, in one statement on a connection of its own, so no reader waits for a writer. What
has gathered when a process is killed (kill -9) is lost; a process that ends in order writes it.
"""

from __future__ import annotations

import atexit
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Engine, insert

from kontora import clock
from kontora.access.principal import Principal
from kontora.records.watch_models import Reading

DOOR = {"door": "watching"}
SECONDS = 2.0
MOST = 20_000
DAYS = 90
_reading: Any = Reading.__table__
log = structlog.get_logger("kontora.reading")


class Readings:
    """The readings of one site in this process that are not written yet."""

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine
        self._waiting: deque[dict[str, Any]] = deque(maxlen=MOST)
        self._lock = threading.Lock()
        self._writing = threading.Lock()  # taken before the other
        self._timer: threading.Timer | None = None
        self._at_exit = False

    def note(self, principal: Principal, entity: str, record_id: UUID, face: str = "page") -> None:
        """Keep that a person (or a token of his) opened a record. The program itself is none."""
        if principal.user_id is None or principal.kind not in ("user", "token"):
            return
        row = {
            "at": clock.now(),
            "user_id": principal.user_id,
            "entity": entity,
            "record_id": record_id,
            "face": face,
        }
        with self._lock:
            self._waiting.append(row)
            if self._timer is None:
                self._start()

    def flush(self) -> int:
        """Write what has gathered and return how many readings it was. When the database is
        busy they stay for the next time."""
        with self._writing:
            return self._write()

    def _write(self) -> int:
        with self._lock:
            self._timer = None
            rows = list(self._waiting)
            self._waiting.clear()
        if not rows:
            return 0
        try:
            with self._engine().begin() as connection:
                connection.execute(insert(_reading), rows)
        except Exception as error:  # a thread of its own: nobody else could hear of it
            self._keep(rows)
            log.warning("readings not written yet", rows=len(rows), error=str(error)[:200])
            return 0
        return len(rows)

    def close(self) -> None:
        """Write what is left; for a process that ends. No connection is out afterwards: a timer
        that is just writing is waited for, and none is left running."""
        with self._writing:
            self._stop()
            self._write()
            self._stop()

    def _stop(self) -> None:
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _keep(self, rows: list[dict[str, Any]]) -> None:
        with self._lock:
            newer = list(self._waiting)
            self._waiting.clear()
            self._waiting.extend([*rows, *newer])
            if self._timer is None:
                self._start()

    def _start(self) -> None:
        if not self._at_exit:
            # In the process that notes, which may be a fork of the one that made this object.
            self._at_exit = True
            atexit.register(_close, weakref.ref(self))
        self._timer = threading.Timer(SECONDS, self.flush)
        self._timer.daemon = True
        self._timer.start()


def _close(readings: weakref.ref[Readings]) -> None:
    if (found := readings()) is not None:
        found.close()
