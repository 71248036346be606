"""Time zones as people know them: the offset, then the town in the reader's language."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.core import get_global

from kontora import clock
from kontora.registry.fields import Choice
from kontora.web import formats


def choices(present: str) -> tuple[Choice, ...]:
    """The zones that people live in, from west to east; `present` is among them in any case."""
    now = clock.now()
    found = _choices(str(formats.locale()), now.toordinal())
    if present and all(each.value != present for each in found):
        return (Choice(value=present, label=present.replace("_", " ")), *found)
    return found


@lru_cache(maxsize=8)
def _choices(locale: str, _day: int) -> tuple[Choice, ...]:
    aliases = get_global("zone_aliases")
    lived_in = get_global("zone_territories")
    babel = Locale.parse(locale)
    former: dict[str, list[str]] = {}
    for old, new in aliases.items():
        former.setdefault(new, []).append(old)
    rows = []
    for name in available_timezones():
        if name not in lived_in or name in aliases or "/" not in name:
            continue
        offset = clock.now().astimezone(ZoneInfo(name)).utcoffset() or timedelta()
        rows.append((offset, _town(babel, name, former.get(name, [])), name))
    rows.sort()
    utc = Choice(value="UTC", label="UTC")
    return (utc, *(Choice(value=n, label=f"{town} (UTC{_sign(o)})") for o, town, n in rows))


def _town(locale: Locale, name: str, former: list[str]) -> str:
    """The town of a zone; the data may know it by a former name of the zone (Europe/Kiev)."""
    for each in (name, *former):
        city = (locale.time_zones.get(each) or {}).get("city")
        if city:
            return str(city)
    return name.rpartition("/")[2].replace("_", " ")


def _sign(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    sign = "−" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
