"""Days in words: `today`, `last_30_days`, `90_days_ago`, `this_month`. A saved view keeps the
word, and each day means another date by it."""

from __future__ import annotations

import re
from datetime import date, timedelta

DAY = timedelta(days=1)
LONGEST = 36_500
FIXED = (
    *("today", "yesterday", "tomorrow"),
    *("this_week", "last_week", "next_week"),
    *("this_month", "last_month", "next_month"),
    *("this_quarter", "last_quarter", "next_quarter"),
    *("this_year", "last_year", "next_year"),
)
PATTERN = re.compile(
    rf"(?P<fixed>{'|'.join(FIXED)})|(?P<way>last|next)_(?P<n>\d{{1,5}})_days"
    r"|(?P<ago>\d{1,5})_days_ago|in_(?P<ahead>\d{1,5})_days"
)
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_STEPS = {"last": -1, "this": 0, "next": 1}


def span(text: str, today: date) -> tuple[date, date] | None:
    """The first day that a word means and the day after its last one; None for any other text.

    `last_30_days` and `next_7_days` hold today, so that `last_0_days` is today alone. Words that
    lead out of the calendar are none.
    """
    found = PATTERN.fullmatch(text)
    if found is None:
        return None
    try:
        if found["fixed"]:
            return _fixed(found["fixed"], today)
        number = int(found["n"] or found["ago"] or found["ahead"])
        if number > LONGEST:
            return None
        if found["way"] == "last":
            return today - number * DAY, today + DAY
        if found["way"] == "next":
            return today, today + (number + 1) * DAY
        day = today - number * DAY if found["ago"] else today + number * DAY
        return day, day + DAY
    except (OverflowError, ValueError):
        return None


def _fixed(word: str, today: date) -> tuple[date, date]:
    near = {"yesterday": -1, "today": 0, "tomorrow": 1}
    if word in near:
        return today + near[word] * DAY, today + (near[word] + 1) * DAY
    which, _line, unit = word.partition("_")
    step = _STEPS[which]
    if unit == "week":
        monday = today - today.weekday() * DAY + step * 7 * DAY
        return monday, monday + 7 * DAY
    months = _MONTHS[unit]
    first = (today.year * 12 + today.month - 1) // months * months + step * months
    return _month(first), _month(first + months)


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)
