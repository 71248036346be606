"""The one clock. Times are aware and in UTC; a test may stop it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_frozen: ContextVar[datetime | None] = ContextVar("kontora_frozen_clock", default=None)


def now() -> datetime:
    """The present moment in UTC, to the microsecond."""
    return _frozen.get() or datetime.now(UTC)


def today() -> date:
    """The date of `now()` in UTC."""
    return now().date()


def zone(name: str) -> ZoneInfo:
    """The time zone of this IANA name; UTC when there is none: the zones of a machine may be older
    than a user's choice, and a page must open all the same."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


@contextmanager
def frozen(moment: datetime) -> Iterator[datetime]:
    """Stop the clock at `moment` (aware) within the block."""
    token = _frozen.set(moment.astimezone(UTC))
    try:
        yield moment
    finally:
        _frozen.reset(token)
