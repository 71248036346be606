"""Stems: what the forms of a word have in common, for Russian, Ukrainian and English.

Words come folded (`kontora.db.fold`): й is written и, ї is і, ґ is г, no apostrophes. Russian and
English are Snowball's. The Ukrainian rules are our own and light: the case endings of nouns,
adjectives and surnames as school grammar tables give them (declensions I to IV, hard and soft),
and two alternations: і with о, є in a last closed syllable (Харків, Харкова), and г, к, х with
з, ц, с before і (Ольга, Ользі). Nothing is taken off that would leave fewer than two letters.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import snowballstemmer  # type: ignore[import-untyped]

_russian: Any = snowballstemmer.stemmer("russian")
_english: Any = snowballstemmer.stemmer("english")
_ONLY_RUSSIAN, _ONLY_UKRAINIAN = frozenset("ыэъ"), frozenset("іє")
_SHORT_I = re.compile("(?<=[аеиоуыэюя])и$")
_CLOSED = re.compile("і[бвгджзклмнпрстфхцчшщ]$")
# The longest that fits goes. Endings of two and more letters leave at least three.
_ENDINGS = sorted(
    # adjectives and surnames in -ський, soft ones in -ній
    "ого ому ими их им оі іи ии ою ім ього ьому ьоі ьою іх іми "
    # nouns
    "ами ями ові еві єві ах ях ам ям ом ем єм ою ею єю ею ів еи іі ію ія іє іями іям іях ією "
    "а я у ю и і ь е є о".split(),
    key=len,
    reverse=True,
)
_SOFTENED = {"з": "г", "ц": "к", "с": "х"}


@lru_cache(maxsize=20_000)
def stems_of(word: str) -> frozenset[str]:
    """The stems under which a folded word in Cyrillic letters may be known.

    A word without a letter that only one of the languages has is taken for both.
    """
    letters = set(word)
    found: set[str] = set()
    if not letters & _ONLY_UKRAINIAN:
        found.add(russian(word))
    if not letters & _ONLY_RUSSIAN:
        found |= ukrainian(word)
    return frozenset(found)


def russian(word: str) -> str:
    """Snowball's stem; a last и after a vowel was й before folding.

    Words in -ов and -ев stay whole: most are surnames (Петров), which are no plural of Пётр.
    """
    if word.endswith(("ов", "ев")):
        return word
    return str(_russian.stemWord(_SHORT_I.sub("й", word)))


def english(word: str) -> str:
    return str(_english.stemWord(word))


def ukrainian(word: str) -> set[str]:
    """The light Ukrainian stem, and its other form where letters alternate."""
    found = {_without_ending(word)}
    if len(word) > 3 and _CLOSED.search(word):
        # The closed syllable of договір, Харків, Київ is open in договору, Харкова, Києва.
        vowel = "є" if word[-3] in "аеиоуіює" else "о"
        found.add(f"{word[:-2]}{vowel}{word[-1]}")
    if word.endswith("і") and len(word) > 3 and word[-2] in _SOFTENED:
        found.add(word[:-2] + _SOFTENED[word[-2]])
    return found


def _without_ending(word: str) -> str:
    for ending in _ENDINGS:
        least = 3 if len(ending) > 1 else 2
        if word.endswith(ending) and len(word) - len(ending) >= least:
            return word[: -len(ending)]
    return word
