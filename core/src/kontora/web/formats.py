"""Values as people of this locale and time zone write them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from kontora import clock, text
from kontora.http.context import zone
from kontora.text import _

# British English has the day before the month and 24 hours, as the other languages do.
_LOCALES = {"en": "en_GB", "ru": "ru_RU", "uk": "uk_UA"}


def locale() -> Locale:
    """Babel's locale of this request."""
    return Locale.parse(_LOCALES.get(text.locale(), "en_GB"))


def local(value: datetime | str) -> datetime:
    """A moment in the time zone of who asks; texts are ISO 8601."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(zone())


def as_date(value: date | datetime | str | None) -> str:
    """`18 Nov 2026`; a moment is first brought into the user's zone."""
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        try:
            value = local(value) if "T" in value else date.fromisoformat(value)
        except ValueError:
            return str(value)
    elif isinstance(value, datetime):
        value = local(value)
    return format_date(value, "medium", locale=locale())


def as_datetime(value: datetime | str | None) -> str:
    """`18 Nov 2026, 14:20` in the user's zone."""
    if not value:
        return ""
    try:
        moment = local(value)
    except ValueError:
        return str(value)
    return format_datetime(moment, "d MMM y, HH:mm", locale=locale())


def as_day(value: date | datetime | str | None) -> str:
    """`Tue 18 Nov`, with today, yesterday and tomorrow in words; the year when it is another."""
    if not value:
        return ""
    if isinstance(value, str):
        value = local(value) if "T" in value else date.fromisoformat(value)
    day = local(value).date() if isinstance(value, datetime) else value
    today = local(clock.now()).date()
    names = {0: _("today"), 1: _("tomorrow"), -1: _("yesterday")}
    if (distance := (day - today).days) in names:
        return str(names[distance])
    pattern = "EEE d MMM" if day.year == today.year else "d MMM y"
    return format_date(day, pattern, locale=locale())


def as_long_day(value: datetime) -> str:
    """`Saturday, 21 November 2026`."""
    text = format_date(local(value), "full", locale=locale())
    return text[:1].upper() + text[1:]


def as_number(value: Any) -> str:
    """A number with the separators of the locale; what is no number stays as it is."""
    if value is None or value == "":
        return ""
    try:
        return format_decimal(Decimal(str(value)), locale=locale(), decimal_quantization=False)
    except (InvalidOperation, ValueError):
        return str(value)


def as_total(number: int, most: int) -> str:
    """A total that was counted no further than `most`: “1,000+” beyond it."""
    text = as_number(min(number, most))
    return f"{text}+" if number > most else text


def as_money(value: Any) -> str:
    """Money as records hold it: {"amount": "100.00", "currency": "EUR"}."""
    if not value:
        return ""
    if not isinstance(value, dict):
        return as_number(value)
    try:
        amount = Decimal(str(value["amount"]))
        return format_currency(amount, value.get("currency") or "", locale=locale())
    except (InvalidOperation, KeyError, ValueError):
        return f"{value.get('amount', '')} {value.get('currency', '')}".strip()


FILTERS = {
    "date": as_date,
    "datetime": as_datetime,
    "day": as_day,
    "number": as_number,
    "money": as_money,
}
