"""Limits that all processes share, for sign-in, tokens and everything that may be guessed.

The counter stands in the database, so a limit holds across workers and machines, and cannot be
lost with a cache. Give a connection of its own (not the request's session): a refused request
rolls back, and its try must be counted all the same.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import blake2b
from typing import cast

from sqlalchemy import Table, case, delete, select

from kontora import clock
from kontora.work import models
from kontora.work.executor import Executor, insert, run

THROTTLE = cast(Table, models.Throttle.__table__)


def hit(connection: Executor, key: str, limit: int, window_seconds: float) -> bool:
    """Count one try of `key`; True while there were at most `limit` of them in the window.

    The window begins with its first try and lasts `window_seconds`.
    """
    now = clock.now()
    stale = THROTTLE.c.window_start <= now - timedelta(seconds=window_seconds)
    row = insert(connection, THROTTLE).values(key=_digest(key), window_start=now, count=1)
    counted = row.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "count": case((stale, 1), else_=THROTTLE.c.count + 1),
            "window_start": case((stale, now), else_=THROTTLE.c.window_start),
        },
    ).returning(THROTTLE.c.count)
    return int(run(connection, counted).scalar_one()) <= limit


def wait(connection: Executor, key: str, limit: int, window_seconds: float) -> float:
    """Seconds until another try of `key` is allowed, 0.0 for now; counts nothing."""
    row = run(connection, select(THROTTLE).where(THROTTLE.c.key == _digest(key))).mappings().first()
    if row is None or row["count"] < limit:
        return 0.0
    end = row["window_start"] + timedelta(seconds=window_seconds)
    return max(0.0, float((end - clock.now()).total_seconds()))


def reset(connection: Executor, key: str) -> None:
    """Forget the tries of `key`, after a success."""
    run(connection, delete(THROTTLE).where(THROTTLE.c.key == _digest(key)))


def _digest(key: str) -> str:
    return blake2b(key.encode(), digest_size=24).hexdigest()
