"""The keys of a word: what its other forms, and its spellings in the other script, share with it.

Keys stand among the inner parts of words (`search_part`), marked by a blank, which no word holds:
` c` and the key for a word in Cyrillic letters, ` l` for one in Latin letters. So they cost no
table and no statement of their own, and are found by the same index.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from kontora.records import search_skeleton, search_stems

CYRILLIC, LATIN = " c", " l"
SHORTEST, SHORTEST_BEGINNING, LONGEST = 2, 4, 40


@dataclass(frozen=True, slots=True)
class Keys:
    """`script` is the mark of the word's own script; `beginnings` are skeletons of what may be
    but the beginning of a word."""

    script: str
    keys: tuple[str, ...]
    beginnings: tuple[str, ...]

    @property
    def other(self) -> str:
        """The mark of the other script."""
        return LATIN if self.script == CYRILLIC else CYRILLIC


@lru_cache(maxsize=20_000)
def keys_of(word: str) -> Keys | None:
    """The keys of a folded word; None for what is no word of one of the two scripts."""
    if not SHORTEST <= len(word) <= LONGEST or not word.isalpha():
        return None
    if all("Ѐ" <= each <= "ӿ" for each in word):
        whole = [search_skeleton.of_cyrillic(word)]
        stems = [search_skeleton.of_cyrillic(each) for each in search_stems.stems_of(word)]
        return _keys(CYRILLIC, whole, stems)
    if word.isascii():
        whole = search_skeleton.of_latin(word)
        return _keys(LATIN, whole, search_skeleton.of_latin(search_stems.english(word)))
    return None


def marked(word: str) -> list[str]:
    """The keys of a word as they stand in the index."""
    found = keys_of(word)
    return [found.script + each for each in found.keys] if found else []


def _keys(script: str, whole: list[str], stems: list[str]) -> Keys:
    keys = {search_skeleton.bare(each) for each in [*whole, *stems]}
    return Keys(
        script=script,
        keys=tuple(sorted(each for each in keys if len(each) >= SHORTEST)),
        beginnings=tuple(each for each in whole if len(each) >= SHORTEST_BEGINNING),
    )
