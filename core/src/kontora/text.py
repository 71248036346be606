"""Texts that a user reads: marked where they are written, translated where they are shown.

`_("Contacts")` gives a lazy text: declarations are made once at start, languages change with
every request. Each distribution has its own gettext domain, read from `locale/` in its package.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from typing import Any

from markupsafe import escape

LANGUAGES = ("en", "ru", "uk")
_locale: ContextVar[str] = ContextVar("kontora_locale", default="en")
_packages: dict[str, str] = {"kontora": "kontora"}


@lru_cache(maxsize=256)
def _catalogue(domain: str, language: str) -> NullTranslations:
    """Compile the domain's .po file in memory; without one the msgid itself is shown."""
    package = _packages.get(domain)
    if package is None or language == "en":
        return NullTranslations()
    path = importlib.resources.files(package) / "locale" / language / "LC_MESSAGES" / f"{domain}.po"
    if not path.is_file():
        return NullTranslations()
    # Babel's reader is needed only here; importing it costs start-up time otherwise.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(path.read_bytes())))
    compiled.seek(0)
    return GNUTranslations(compiled)


@lru_cache(maxsize=20_000)
def _escaped(domain: str, language: str, message: str) -> str:
    return str(escape(_catalogue(domain, language).gettext(message)))


@dataclass(frozen=True, slots=True)
class LazyText:
    """A text that is translated when it is turned into `str`."""

    domain: str
    one: str
    many: str = ""
    number: int | None = None
    values: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        catalogue = _catalogue(self.domain, _locale.get())
        if self.number is None:
            text = catalogue.gettext(self.one)
        else:
            text = catalogue.ngettext(self.one, self.many, self.number)
        return text % dict(self.values) if self.values else text

    def __mod__(self, values: dict[str, object]) -> LazyText:
        """Fill `%(name)s` places; like the text itself, only when it is shown."""
        return LazyText(self.domain, self.one, self.many, self.number, tuple(values.items()))

    def __html__(self) -> str:
        if self.number is None and not self.values:  # of these a page shows a thousand
            return _escaped(self.domain, _locale.get(), self.one)
        return str(escape(str(self)))


Text = str | LazyText


def translator(domain: str, package: str | None = None) -> Callable[[str], LazyText]:
    """Return the `_` of a distribution: `_ = translator("hello", __package__)`."""
    if package is not None:
        _packages[domain] = package.partition(".")[0]

    def mark(message: str) -> LazyText:
        return LazyText(domain, message)

    return mark


def plural(domain: str) -> Callable[[str, str, int], LazyText]:
    """Return the `n_` of a distribution: `n_("%(n)s row", "%(n)s rows", count)`."""

    def mark(one: str, many: str, number: int) -> LazyText:
        return LazyText(domain, one, many, number, (("n", number),))

    return mark


_ = translator("kontora")
n_ = plural("kontora")


def locale() -> str:
    """The language in force: `en`, `ru` or `uk`."""
    return _locale.get()


@contextmanager
def use_locale(language: str) -> Iterator[None]:
    """Show texts in `language` within the block; an unknown one falls back to English."""
    token = _locale.set(language if language in LANGUAGES else "en")
    try:
        yield
    finally:
        _locale.reset(token)


def kept(text: object) -> Any:
    """A text as JSON, to be shown later, and then in the language of who reads it. Values that
    are texts themselves are kept the same way; what JSON does not know becomes a string."""
    if isinstance(text, LazyText):
        return {
            "domain": text.domain,
            "one": text.one,
            "many": text.many,
            "number": text.number,
            "values": {name: kept(value) for name, value in text.values},
        }
    return text if text is None or isinstance(text, str | int | float | bool) else str(text)


def told(found: Any) -> Any:
    """What `kept` kept."""
    if not isinstance(found, dict):
        return found
    values = tuple((str(name), told(value)) for name, value in found["values"].items())
    return LazyText(found["domain"], found["one"], found["many"], found["number"], values)
