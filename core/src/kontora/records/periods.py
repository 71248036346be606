"""Periods of time in words, and cut into days, weeks, months and quarters, as a reader's clock
has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, literal

from kontora import clock
from kontora.errors import Invalid
from kontora.registry.fields import Choice, Field, FieldType
from kontora.text import _

Step = Literal["day", "week", "month", "quarter", "year"]
DAY = timedelta(days=1)
MOST_STEPS = 400
WORDS = (
    Choice(value="today", label=_("Today")),
    Choice(value="this_week", label=_("This week")),
    Choice(value="last_week", label=_("Last week")),
    Choice(value="this_month", label=_("This month")),
    Choice(value="last_month", label=_("Last month")),
    Choice(value="this_quarter", label=_("This quarter")),
    Choice(value="last_quarter", label=_("Last quarter")),
    Choice(value="this_year", label=_("This year")),
    Choice(value="last_year", label=_("Last year")),
    Choice(value="last_30_days", label=_("Last 30 days")),
    Choice(value="last_12_weeks", label=_("Last 12 weeks")),
    Choice(value="last_12_months", label=_("Last 12 months")),
    Choice(value="custom", label=_("From … to …")),
)
_MONTHS: Mapping[str, int] = {"month": 1, "quarter": 3, "year": 12}


def params(default: str) -> tuple[Field, ...]:
    """The three parameters of a report that speaks of a period."""
    return (
        Field(
            name="period",
            label=_("Period"),
            type=FieldType.CHOICE,
            choices=WORDS,
            default=default,
            help=_("Weeks begin on Monday; days begin and end by your own clock."),
        ),
        Field(name="from", label=_("From"), type=FieldType.DATE, help=_("The first day.")),
        Field(name="to", label=_("To"), type=FieldType.DATE, help=_("The last day; it is in it.")),
    )


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` to `last`, both in it, by the clock of `zone`."""

    first: date
    last: date
    zone: Any

    def moments(self) -> tuple[datetime, datetime]:
        """When it begins, and when it has ended."""
        return begin(self.first, self.zone), begin(self.last + DAY, self.zone)

    def steps(self, step: Step) -> list[Period]:
        """The period cut at the beginnings of days, weeks, months, quarters or years. Raises
        Invalid when these are too many."""
        found, day = [], self.first
        while day <= self.last:
            after = _next(day, step)
            found.append(Period(day, min(after - DAY, self.last), self.zone))
            day = after
            if len(found) > MOST_STEPS:
                text = _("This period has too many parts. Choose a shorter one, or longer parts.")
                raise Invalid({"period": [text]})
        return found


def zone_of(session: Any) -> Any:
    """The time zone of who asks."""
    return clock.zone(session.principal.timezone)


def today(session: Any) -> date:
    """The present day as the reader's clock shows it."""
    found: date = session.now.astimezone(zone_of(session)).date()
    return found


def begin(day: date, zone: Any) -> datetime:
    """The first moment of a day, in UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def of(session: Any, given: Mapping[str, Any], default: str) -> Period:
    """The period that parameters name. Raises Invalid."""
    zone, now = zone_of(session), today(session)
    first, last = given.get("from"), given.get("to")
    word = given.get("period") or default
    if word == "custom":
        if first is None:
            raise Invalid({"from": [_("Say from which day on.")]})
        last = last or max(now, first)
        if last < first:
            raise Invalid({"to": [_("The last day lies before the first.")]})
        if last.year >= 9999 or first.year < 1900:
            raise Invalid({"to": [_("This period is too long.")]})
        return Period(first, last, zone)
    return Period(*_span(word, now), zone)


def _span(word: str, now: date) -> tuple[date, date]:
    if word == "today":
        return now, now
    if word == "last_30_days":
        return now - 29 * DAY, now
    monday = now - now.weekday() * DAY
    if word == "last_12_weeks":
        return monday - 77 * DAY, now
    if word == "last_12_months":
        return _month(now.year * 12 + now.month - 12), now
    which, _line, unit = word.partition("_")
    back = 1 if which == "last" else 0
    if unit == "week":
        first = monday - back * 7 * DAY
        return first, first + 6 * DAY
    months = _MONTHS[unit]
    number = (now.year * 12 + now.month - 1) // months * months - back * months
    return _month(number), _month(number + months) - DAY


def _month(number: int) -> date:
    """The first day of a month that is counted from the year 0 on."""
    return date(number // 12, number % 12 + 1, 1)


def _next(day: date, step: Step) -> date:
    if step == "day":
        return day + DAY
    if step == "week":
        return day - day.weekday() * DAY + 7 * DAY
    months = _MONTHS[step]
    return _month((day.year * 12 + day.month - 1) // months * months + months)


def bucket(column: Any, starts: Sequence[Any]) -> ColumnElement[Any]:
    """The number of the part in which a value lies, by where the parts begin: a search that
    halves, so that a week of a year is found in six comparisons. With moments of the reader's
    clock it is right also where that is put forward."""
    return _halved(column, starts, 0, len(starts))


def _halved(column: Any, starts: Sequence[Any], low: int, high: int) -> ColumnElement[Any]:
    if high - low == 1:
        return literal(low)
    middle = (low + high) // 2
    lower, upper = _halved(column, starts, low, middle), _halved(column, starts, middle, high)
    return case((column < starts[middle], lower), else_=upper)
