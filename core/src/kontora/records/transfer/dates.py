"""Dates as people and programs write them; the order of day and month is told by the column."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal

from kontora import clock
from kontora.records.transfer.cleaned import Cleaned
from kontora.records.transfer.table import Cell
from kontora.text import Text, _

Order = Literal["dmy", "mdy", "ymd"]

_NUMERIC = re.compile(r"^(\d{1,4})([./\-\s])\s*(\d{1,2})[./\-\s]\s*(\d{1,4})\.?(?:\s*(?:г|р)\.?)?$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_TIME = re.compile(
    r"(?:T|[\s,]+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp]\.?[Mm]\.?)?"
    r"\s*(Z|UTC|[+-]\d{2}:?\d{2})?$"
)
_BASIC_TIME = re.compile(r"(?<=\d)T(\d{2})(\d{2})(\d{2})?(?=$|Z|[+-])")
_PARTIAL = re.compile(r"^(?:--\d{2}-?\d{2}|\d{4}|\d{4}-\d{1,2}|---\d{2})$")
_SERIAL = re.compile(r"^\d{5}(?:[.,]0*)?$")
_SERIAL_START = date(1899, 12, 30)
_WEEKDAY_OR_NOISE = re.compile(
    r"[,.]|\b(?:года|г|року|р|of|st|nd|rd|th|de)\b|(?<=\d)(?:st|nd|rd|th)\b"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DateGuess:
    """How a column writes its dates.

    `order` is used for dates such as 03/04/2021; `certain` says that some value of the column
    allows only this order; `mixed` that different values ask for different ones.
    """

    order: Order = "dmy"
    certain: bool = False
    mixed: bool = False


def guess_dates(samples: Iterable[Cell]) -> DateGuess:
    """Read the order of day and month from the values of a whole column."""
    day_first = month_first = 0
    for sample in samples:
        found = _NUMERIC.match(_without_time(str(sample))[0])
        if found is None or len(found.group(1)) > 2:
            continue
        first, second = int(found.group(1)), int(found.group(3))
        day_first += first > 12 >= second
        month_first += second > 12 >= first
    if day_first == month_first == 0:
        return DateGuess()
    order: Order = "dmy" if day_first >= month_first else "mdy"
    return DateGuess(order=order, certain=True, mixed=bool(day_first and month_first))


def clean_date(value: Cell, guess: DateGuess | None = None, *, past: bool = False) -> Cleaned[date]:
    """Understand a date; its time of day, if any, is dropped.

    `past` says that the date cannot lie ahead (a birthday), which decides the century of a
    two-digit year. Without a value the text was no whole date.
    """
    if isinstance(value, datetime):
        return Cleaned(value.date(), True)
    if isinstance(value, date):
        return Cleaned(value)
    if isinstance(value, bool | time):
        return Cleaned(None, problem=_("This is not a date."))
    if isinstance(value, int | float):
        return _from_serial(int(value))
    text = " ".join(value.split())
    bare, _clock_part = _without_time(text)
    result = _from_text(bare, guess or DateGuess(), past)
    if result.value is None:
        return result
    return Cleaned(result.value, result.value.isoformat() != value, result.problem)


def clean_datetime(value: Cell, guess: DateGuess | None = None) -> Cleaned[datetime]:
    """Understand a point in time, as UTC; a time without a zone is taken for UTC."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return Cleaned(aware.astimezone(UTC), aware.tzinfo is not UTC)
    text = " ".join(value.split()) if isinstance(value, str) else value
    day = clean_date(text, guess)
    if day.value is None:
        return Cleaned(None, problem=day.problem)
    found = _TIME.search(_spaced_time(text)) if isinstance(text, str) else None
    moment = datetime.combine(day.value, time(), UTC)
    if found:
        try:
            moment = datetime.combine(day.value, _time_of(found), _zone_of(found.group(5)))
        except ValueError:
            return Cleaned(None, problem=_("There is no such time of day."))
    return Cleaned(moment.astimezone(UTC), True, day.problem)


def _without_time(text: str) -> tuple[str, str]:
    text = _spaced_time(text)
    found = _TIME.search(text)
    return (text[: found.start()].strip(), found.group()) if found else (text.strip(), "")


def _spaced_time(text: str) -> str:
    """`20090808T1430-0500` with colons, as the other forms have them."""
    return _BASIC_TIME.sub(lambda found: f"T{found[1]}:{found[2]}:{found[3] or '00'}", text)


def _time_of(found: re.Match[str]) -> time:
    hour, minute, second = (int(found.group(n) or 0) for n in (1, 2, 3))
    half = (found.group(4) or "").lower()[:1]
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute, second)


def _zone_of(text: str | None) -> tzinfo | None:
    if not text or text in ("Z", "UTC"):
        return UTC
    return datetime.strptime(text.replace(":", ""), "%z").tzinfo


def _from_serial(number: int) -> Cleaned[date]:
    """A spreadsheet's count of days, in the range that people's dates have (1927 to 2119)."""
    if 10_000 <= number <= 80_000:
        return Cleaned(_SERIAL_START + timedelta(days=number), True)
    if 19_000_000 < number < 21_500_000:
        return _from_text(str(number), DateGuess(), False)
    return Cleaned(None, problem=_("This number is not a date."))


def _from_text(text: str, guess: DateGuess, past: bool) -> Cleaned[date]:
    found = _COMPACT.match(text)
    if found:
        return _whole(int(found[1]), int(found[2]), int(found[3]))
    found = _NUMERIC.match(text)
    if found:
        return _from_numbers(found, guess, past)
    if _SERIAL.match(text):
        return _from_serial(int(text[:5]))
    if _PARTIAL.match(text):
        return Cleaned(None, problem=_("The date is not whole: day, month and year are needed."))
    return _from_words(text, past)


def _from_numbers(found: re.Match[str], guess: DateGuess, past: bool) -> Cleaned[date]:
    first, second, third = found[1], int(found[3]), found[4]
    if len(first) > 2:
        return _whole(int(first), second, int(third))
    if len(third) not in (2, 4):
        return Cleaned(None, problem=_("This is not a date."))
    year = int(third) if len(third) == 4 else _century(int(third), past)
    day, month = int(first), second
    doubt: Text = ""
    if guess.order == "mdy":
        day, month = month, day
    if month > 12 >= day:
        day, month = month, day
    elif (guess.mixed or not (guess.certain or found[2] == ".")) and day <= 12 and day != month:
        # With dots the day comes first in every country that writes them.
        doubt = _("Day and month could also be meant the other way round.")
    return _whole(year, month, day, doubt)


def _whole(year: int, month: int, day: int, doubt: Text = "") -> Cleaned[date]:
    try:
        return Cleaned(date(year, month, day), True, doubt)
    except ValueError:
        return Cleaned(None, problem=_("There is no such day in the calendar."))


def _century(year: int, past: bool) -> int:
    """Two digits: a birthday is never ahead, anything else at most twenty years."""
    this_year = clock.now().year
    pivot = this_year if past else this_year + 20
    whole = this_year // 100 * 100 + year
    return whole - 100 if whole > pivot else whole


def _from_words(text: str, past: bool) -> Cleaned[date]:
    """`14 мая 1987 г.`, `May 14, 1987`, `14-May-87`."""
    words = _WEEKDAY_OR_NOISE.sub(" ", text.lower().replace("-", " ")).split()
    months = [_months()[word] for word in words if word in _months()]
    numbers = [word for word in words if word.isdigit() and len(word) <= 4]
    others = [word for word in words if word not in _months() and not word.isdigit()]
    if len(months) != 1 or len(numbers) != 2 or any(word not in _weekdays() for word in others):
        return Cleaned(None, problem=_("This is not a date."))
    first, second = numbers
    if len(first) > 2:
        return _whole(int(first), months[0], int(second))
    year = int(second) if len(second) == 4 else _century(int(second), past)
    return _whole(year, months[0], int(first))


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """Names of months in English, Russian and Ukrainian, whole and short, in all their cases."""
    from babel.dates import get_month_names

    names: dict[str, int] = {}
    for language in ("en", "ru", "uk"):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for month, name in get_month_names(width, context, language).items():
                    names.setdefault(name.lower().strip("."), month)
                    names.setdefault(name.lower()[:3], month)
    return names | {"sept": 9, "нояб": 11, "сент": 9, "февр": 2, "мая": 5, "май": 5}


@lru_cache(maxsize=1)
def _weekdays() -> frozenset[str]:
    from babel.dates import get_day_names

    names = set()
    for language in ("en", "ru", "uk"):
        for width in ("wide", "abbreviated"):
            names |= {name.lower() for name in get_day_names(width, "format", language).values()}
    return frozenset(names)
