"""Quotas of API tokens, over all processes, for less than a write per request.

With Redis every request is counted there, exactly. Without it the database is the truth, and a
process takes slices of what is left of the minute (a fifth, at least one request): many small
requests cost one write, and never more than the quota is handed out, because only what a slice
holds is spent. What another process holds unused when the minute ends is lost for that minute, so
a token that is used by many processes at once may be refused a little early, never late.

When neither can be asked, requests pass, and the log says so: a quota protects from load, and
not from people.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol, cast
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, case, select, update

from kontora import clock
from kontora.access import quota_models
from kontora.db.engine import is_database_away, is_database_busy
from kontora.work.executor import insert

WINDOW = 60
SHARE = 5
_REPORT_EVERY = 100
_WINDOW = cast(Table, quota_models.TokenWindow.__table__)
_DAY = cast(Table, quota_models.TokenDay.__table__)
_logger = logging.getLogger("kontora.quota")


class Counter(Protocol):
    """The part of `kontora.work.redis.Redis` that is used here."""

    def count(self, key: str, window_seconds: float) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a request may pass, and what its answer says: requests left, seconds to the reset.

    `policy` is the quota that decides: `minute` or `day`."""

    allowed: bool
    limit: int
    remaining: int
    reset: int
    policy: str = "minute"


@dataclass(slots=True)
class _Slice:
    """What this process holds of a token's minute, and has not told the database yet."""

    window: datetime
    day: date
    left: int = 0
    others: int = 0
    used: int = 0
    refused: int = 0
    is_spent: bool = False
    by_day: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class Quotas:
    """The quotas of one process. Safe in all its threads."""

    def __init__(self, engine: Engine, redis: Counter | None = None) -> None:
        self._engine = engine
        self._redis = redis
        self._slices: dict[UUID, _Slice] = {}
        self._lock = threading.Lock()

    def spend(self, token: UUID, per_minute: int, per_day: int | None = None) -> Verdict:
        """Count one request of a token; `per_day` None means no limit a day."""
        now = clock.now()
        window = datetime.fromtimestamp(now.timestamp() // WINDOW * WINDOW, UTC)
        with self._lock:
            held = self._slices.setdefault(token, _Slice(window, now.date()))
        with held.lock:
            found = self._by_redis(held, token, now, per_minute, per_day)
            return found or self._by_database(held, token, now, window, per_minute, per_day)

    def flush(self) -> None:
        """Tell the database what was used; called when the process ends well."""
        for token, held in list(self._slices.items()):
            with held.lock:
                self._report(token, held)

    # Redis

    def _by_redis(
        self, held: _Slice, token: UUID, now: datetime, per_minute: int, per_day: int | None
    ) -> Verdict | None:
        if self._redis is None:
            return None
        count = self._redis.count(f"token:{token}", WINDOW)
        today = self._redis.count(f"token-day:{token}", 86_400) if per_day and count else None
        if count is None or (per_day and today is None):
            return None
        by_day = per_day is not None and today is not None and today > per_day
        allowed = count <= per_minute and not by_day
        held.used, held.refused = held.used + allowed, held.refused + (not allowed)
        if held.used + held.refused >= _REPORT_EVERY or held.day != now.date():
            self._report(token, held)
            held.day = now.date()
        if by_day:
            return _by_day(now, per_day or 0)
        return Verdict(
            allowed=allowed,
            limit=per_minute,
            remaining=max(0, per_minute - count),
            reset=_seconds_left(now),
        )

    # The database

    def _by_database(
        self,
        held: _Slice,
        token: UUID,
        now: datetime,
        window: datetime,
        per_minute: int,
        per_day: int | None,
    ) -> Verdict:
        if held.window != window or (held.left <= 0 and not held.is_spent):
            try:
                with self._engine.begin() as connection:
                    self._lease(connection, token, held, now, window, per_minute, per_day)
            except Exception as error:
                if not (is_database_busy(error) or is_database_away(error)):
                    raise
                _logger.warning("The quota of a token could not be asked for; its request passes.")
                held.used += 1
                return Verdict(allowed=True, limit=per_minute, remaining=0, reset=1)
        allowed = held.left > 0
        if allowed:
            held.left, held.used = held.left - 1, held.used + 1
        else:
            held.refused += 1
        if held.by_day and not allowed:
            return _by_day(now, per_day or 0)
        remaining = max(0, per_minute - held.others) + held.left
        return Verdict(
            allowed=allowed,
            limit=per_minute,
            remaining=min(remaining, per_minute),
            reset=_seconds_left(now),
        )

    def _lease(
        self,
        connection: Connection,
        token: UUID,
        held: _Slice,
        now: datetime,
        window: datetime,
        per_minute: int,
        per_day: int | None,
    ) -> None:
        """Report what was used, and take a new slice. The row of the minute is locked first."""
        stale = _WINDOW.c.started < window
        row = insert(connection, _WINDOW).values(token_id=token, started=window, leased=0)
        taken = row.on_conflict_do_update(
            index_elements=["token_id"],
            set_={
                "leased": case((stale, 0), else_=_WINDOW.c.leased),
                "started": case((stale, window), else_=_WINDOW.c.started),
            },
        ).returning(_WINDOW.c.leased)
        leased = int(connection.execute(taken).scalar_one())
        self._write_day(connection, token, held)
        left_today = self._left_today(connection, token, now.date(), per_day)
        free = max(0, per_minute - leased)
        size = min(free, max(1, free // SHARE), left_today if per_day is not None else free)
        own = _WINDOW.c.token_id == token
        connection.execute(update(_WINDOW).where(own).values(leased=leased + size))
        if per_day is not None and size:
            today = (_DAY.c.token_id == token) & (_DAY.c.day == now.date())
            connection.execute(update(_DAY).where(today).values(leased=_DAY.c.leased + size))
        held.window, held.day = window, now.date()
        held.left, held.others = size, leased + size
        held.is_spent, held.by_day = size == 0, size == 0 < free

    def _left_today(
        self, connection: Connection, token: UUID, day: date, per_day: int | None
    ) -> int:
        if per_day is None:
            return 0
        row = insert(connection, _DAY).values(token_id=token, day=day, leased=0, used=0, refused=0)
        made = row.on_conflict_do_nothing(index_elements=["token_id", "day"])
        connection.execute(made)
        today = (_DAY.c.token_id == token) & (_DAY.c.day == day)
        leased = select(_DAY.c.leased).where(today).with_for_update()
        return max(0, per_day - int(connection.execute(leased).scalar_one()))

    def _report(self, token: UUID, held: _Slice) -> None:
        try:
            with self._engine.begin() as connection:
                self._write_day(connection, token, held)
        except Exception as error:
            if not (is_database_busy(error) or is_database_away(error)):
                raise

    def _write_day(self, connection: Connection, token: UUID, held: _Slice) -> None:
        """Add what was used, and give back to the day what a past minute left over."""
        if not (held.used or held.refused or held.left):
            return
        row = insert(connection, _DAY).values(
            token_id=token, day=held.day, leased=held.used, used=held.used, refused=held.refused
        )
        given_back = case((_DAY.c.leased >= held.left, _DAY.c.leased - held.left), else_=0)
        added = row.on_conflict_do_update(
            index_elements=["token_id", "day"],
            set_={
                "used": _DAY.c.used + held.used,
                "refused": _DAY.c.refused + held.refused,
                "leased": given_back,
            },
        )
        connection.execute(added)
        held.used = held.refused = held.left = 0


def usage(session: Any, tokens: list[UUID]) -> dict[UUID, dict[str, int]]:
    """What tokens used today, and how often they were refused: as far as it was reported."""
    found = select(_DAY.c.token_id, _DAY.c.used, _DAY.c.refused).where(
        _DAY.c.token_id.in_(tokens), _DAY.c.day == clock.today()
    )
    rows = session.execute(found, execution_options={"door": "sign_in"})
    return {row.token_id: {"used": row.used, "refused": row.refused} for row in rows}


def _seconds_left(now: datetime) -> int:
    return max(1, WINDOW - int(now.timestamp()) % WINDOW)


def _by_day(now: datetime, per_day: int) -> Verdict:
    tomorrow = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    left = max(1, int((tomorrow - now).total_seconds()))
    return Verdict(allowed=False, limit=per_day, remaining=0, reset=left, policy="day")
