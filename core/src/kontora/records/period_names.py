"""Days, weeks, months and quarters as people of the language in force call them."""

from __future__ import annotations

from datetime import date

from babel import Locale
from babel.dates import format_date, format_skeleton

from kontora import text
from kontora.records.periods import Period, Step

_LOCALES = {"en": "en_GB", "ru": "ru_RU", "uk": "uk_UA"}


def locale() -> Locale:
    """Babel's locale of the language in force."""
    return Locale.parse(_LOCALES.get(text.locale(), "en_GB"))


def span(period: Period, step: Step) -> str:
    """A part of a period: `18 Nov`, `16–22 Nov`, `Nov 2026`, `Q4 2026`, `2026`."""
    if step == "day":
        return format_date(period.first, "d MMM", locale=locale())
    if step == "week":
        return days(period.first, period.last, year=False)
    if step == "month":
        return format_skeleton("yMMM", period.first, locale=locale())
    if step == "quarter":
        return format_date(period.first, "QQQ y", locale=locale())
    return str(period.first.year)


def days(first: date, last: date, *, year: bool = True) -> str:
    """From the first day to the last: `16–22 Nov 2026`."""
    more = " y" if year else ""
    end = format_date(last, f"d MMM{more}", locale=locale())
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    far = " y" if year and first.year != last.year else ""
    return f"{format_date(first, f'd MMM{far}', locale=locale())} – {end}"
