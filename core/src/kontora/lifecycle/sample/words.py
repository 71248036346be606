"""The words of a language that the sample is made of."""

from __future__ import annotations

import importlib.resources
import tomllib
from dataclasses import dataclass
from random import Random
from typing import Any

from kontora.errors import Invalid
from kontora.text import LANGUAGES

_SPELT = "a b v g g d e yo ye zh z i i yi y k l m n o p r s t u f kh ts ch sh shch y e yu ya"
_LATIN = dict(zip("абвгґдеёєжзиіїйклмнопрстуфхцчшщыэюя", _SPELT.split(), strict=True))
_LATIN |= dict.fromkeys("ъь’", "")


@dataclass(frozen=True, slots=True)
class Words:
    """The content of `<locale>.toml`: its tables by their names."""

    locale: str
    of: dict[str, Any]

    def some(self, rng: Random, *path: str) -> Any:
        """One of the entries of a list."""
        found: Any = self.of
        for each in path:
            found = found[each]
        return rng.choice(found)

    def family(self, rng: Random, sex: str) -> str:
        """A family name in the form for a woman or a man."""
        people = self.of["people"]
        found: str = rng.choice(people["families"])
        for man, woman in people.get("feminine", ()):
            if sex == "female" and found.endswith(man):
                return found.removesuffix(man) + str(woman)
        return found


def read(locale: str) -> Words:
    """The words of `en`, `ru` or `uk`. Raises Invalid for another language."""
    if locale not in LANGUAGES:
        raise Invalid({"locale": [f"There is no sample in “{locale}”: en, ru, uk."]})
    text = importlib.resources.files(__package__).joinpath(f"{locale}.toml").read_text("utf-8")
    return Words(locale, tomllib.loads(text))


def latin(text: str) -> str:
    """A name as it stands in an address: Latin letters and digits, joined by dots."""
    plain = "".join(_LATIN.get(each, each) for each in text.casefold())
    kept = "".join(each if each.isascii() and each.isalnum() else " " for each in plain)
    return ".".join(kept.split())
