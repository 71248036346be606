"""Core's settings: how the company is called, and where its phones are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import phonenumbers
from babel import Locale

from kontora.hookspecs import hookimpl
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
    )
