"""A standby of the PostgreSQL server that reports and exports read from.

How far it lags is measured by positions in the log, not by clocks: the primary is asked where it
is, then the standby how far it has come. Its lag is the age of the newest position that it has
reached. A standby that is away, too far behind or no standby at all is not used, and the
primary answers in its place.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque

from sqlalchemy import Engine, text

from kontora.db.engine import Database

_CHECK_SECONDS = 2.0
_REST_SECONDS = 10.0
_PATIENCE = 0.3
_logger = logging.getLogger("kontora.replica")


class Replica:
    """The standby at `url` of the database `primary`; `limit` is the longest lag in seconds."""

    def __init__(self, url: str, primary: Database, limit: float, **options: float) -> None:
        self.database = Database(url, home=primary.home, standby=True, **options)
        self.problem = ""
        self.lag: float | None = None
        self._primary = primary
        self._limit = limit
        self._lock = threading.Lock()
        self._seen: deque[tuple[float, int]] = deque(maxlen=1000)
        self._looked_at = float("-inf")
        self._rests_until = 0.0

    def engine(self) -> Engine | None:
        """Its engine when it may be read from now; else None."""
        with self._lock:
            if time.monotonic() < self._rests_until:
                return None
            if time.monotonic() - self._looked_at > _CHECK_SECONDS:
                self.look()
        if self.problem:
            return None
        try:
            self.database.check()
        except Exception as error:
            self._fail(error)
            return None
        return self.database.read_engine

    def look(self) -> None:
        """Measure the lag; `problem` says why it cannot be used, empty when it can."""
        before, self._looked_at = self.problem, time.monotonic()
        try:
            self.lag = self._measure()
        except Exception as error:
            self._fail(error)
            return
        if self.lag is None:
            self.problem = self.problem or "It is further behind than was seen so far."
        elif self.lag > self._limit:
            self.problem = f"It is {self.lag:.0f} seconds behind."
        else:
            self.problem = ""
        if self.problem and self.problem != before:
            _logger.warning("The replica is not used: %s", self.problem)

    def _measure(self) -> float | None:
        """Seconds that the standby lags; None when that cannot be said yet."""
        self.problem = ""
        asked = time.monotonic()
        with self._primary.read_engine.connect() as connection:
            here = _position(connection.scalar(text("SELECT pg_current_wal_lsn()::text")))
        self._seen.append((asked, here))
        while True:
            reached = self._reached()
            if reached is None:
                self.problem = "It is no standby: KONTORA_REPLICA_URL must name one."
                return None
            if reached >= here:
                return 0.0
            if time.monotonic() - asked > _PATIENCE:
                break
            time.sleep(0.02)
        ages = [asked - at for at, position in self._seen if position <= reached]
        return min(ages) + _PATIENCE if ages else None

    def _reached(self) -> int | None:
        """How far the standby has come; None when it is none."""
        statement = "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn()::text"
        with self.database.read_engine.connect() as connection:
            is_standby, position = connection.execute(text(statement)).one()
        return _position(position) if is_standby else None

    def _fail(self, error: Exception) -> None:
        if not self.problem:
            cause = " ".join(str(error).split())[:200]
            _logger.warning("The replica does not answer; the primary does its work: %s", cause)
        self.lag, self.problem = None, "It does not answer."
        self._rests_until = time.monotonic() + _REST_SECONDS

    def close(self) -> None:
        """Give all connections back."""
        self.database.dispose()


def _position(lsn: str | None) -> int:
    """A position in the log, “16/B374D848”, as one number."""
    high, _slash, low = (lsn or "0/0").partition("/")
    return int(high, 16) << 32 | int(low, 16)
