"""Core's settings: how the company is called, where its phones are, and what users begin with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import available_timezones

import phonenumbers
from babel import Locale
from babel.core import get_global

from kontora.hookspecs import hookimpl
from kontora.parties.company import LANGUAGES
from kontora.registry.faces import Setting
from kontora.registry.fields import Choice, FieldType
from kontora.text import LazyText, _, locale


@dataclass(frozen=True, slots=True)
class CountryName(LazyText):
    """The name of a country (`one` is its ISO code) in the language of the reader."""

    def __str__(self) -> str:
        names = Locale.parse(locale()).territories
        return str(names.get(self.one, self.one))


def regions() -> tuple[Choice, ...]:
    """All countries whose phone numbers are known."""
    codes = sorted(phonenumbers.SUPPORTED_REGIONS)
    return tuple(Choice(value=code, label=CountryName("kontora", code)) for code in codes)


@dataclass(frozen=True, slots=True)
class CurrencyName(LazyText):
    """The name of a currency (`one` is its ISO code) in the language of the reader."""

    def __str__(self) -> str:
        names = Locale.parse(locale()).currencies
        return f"{names.get(self.one, self.one)}, {self.one}"


def currencies() -> tuple[Choice, ...]:
    """All currencies that are money somewhere today."""
    rows = (row for each in get_global("territory_currencies").values() for row in each)
    codes = sorted({code for code, _begin, end, tender in rows if end is None and tender})
    return tuple(Choice(value=code, label=CurrencyName("kontora", code)) for code in codes)


def zones() -> tuple[Choice, ...]:
    """All time zones, by their names."""
    return tuple(Choice(value=each, label=each) for each in sorted(available_timezones()))


@hookimpl
def register_settings() -> Iterable[Setting]:
    """What an administrator sets first."""
    return (
        Setting(
            name="company.name",
            label=_("Company name"),
            help=_("Shown above the menu and in the title of every page."),
        ),
        Setting(
            name="company.region",
            label=_("Country of phone numbers"),
            type=FieldType.CHOICE,
            choices=regions(),
            help=_("Numbers that are written without a country code belong to it."),
        ),
        Setting(
            name="company.locale",
            label=_("Language of new users"),
            type=FieldType.CHOICE,
            choices=LANGUAGES,
            help=_("Each may choose another one in the profile."),
        ),
        Setting(
            name="company.timezone",
            label=_("Time zone of new users"),
            type=FieldType.CHOICE,
            choices=zones(),
            help=_("Each may choose another one in the profile."),
        ),
        Setting(
            name="company.currency",
            label=_("Usual currency"),
            type=FieldType.CHOICE,
            choices=currencies(),
            help=_("New amounts begin with it; each may have another."),
        ),
    )
