"""Dated lines upward (reports to, belongs to): periods, and the circles that they must not make."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_

from kontora.records.related import holds

Period = tuple[date | None, date | None]
Lines = Iterable[tuple[UUID, Period]]
ALWAYS: Period = (None, None)


def common(one: Period, other: Period) -> Period | None:
    """The days that two periods share (both ends inclusive, open when None); None for no day."""
    starts = [each[0] for each in (one, other) if each[0] is not None]
    ends = [each[1] for each in (one, other) if each[1] is not None]
    start, end = max(starts, default=None), min(ends, default=None)
    if start is not None and end is not None and end < start:
        return None
    return start, end


def way_up(
    above: Callable[[UUID], Lines], start: UUID, goal: UUID, period: Period
) -> list[UUID] | None:
    """A way from `start` up to `goal` that exists as a whole on some day of the period, as ids
    from first to last; None when there is none. `above(id)` gives the lines of one step up."""
    todo: list[tuple[UUID, Period, tuple[UUID, ...]]] = [(start, period, (start,))]
    seen: set[tuple[UUID, Period]] = set()
    while todo:
        here, when, way = todo.pop()
        if here == goal:
            return list(way)
        if (here, when) in seen:
            continue
        seen.add((here, when))
        for upper, valid in above(here):
            shared = common(when, valid)
            if shared is not None and (upper not in way or upper == goal):
                todo.append((upper, shared, (*way, upper)))
    return None


def on(model: Any, day: date) -> Any:
    """That a dated row (a class, or the columns of a table) holds on a day."""
    return and_(*holds(model, day))
