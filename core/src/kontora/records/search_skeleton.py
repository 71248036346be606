"""One spelling for a name in Cyrillic and in Latin letters, whatever the scheme.

Passports (ICAO Doc 9303), GOST 7.79 and 52535, BGN/PCGN, the Ukrainian official table (decree 55
of 2010), ISO 9 and everyday spellings write one name in many ways: Юлия is Yuliya, Iuliia, Julia;
Щербаков is Shcherbakov, Scherbakov. The skeleton keeps what they agree on: one letter for a
sound (w = ш щ, c = ч, j = ж, x = ц, h = г х), double letters once, no soft signs, no i before a
vowel. It is a key of the index, not a transliteration to be shown.
"""

from __future__ import annotations

import re

_CYRILLIC = str.maketrans(
    dict(zip("абвгдежзиклмнопрстуфхцчшщыэіј", "abvhdejziklmnoprstufhxcwwieii", strict=True))
    | {"я": "ia", "ю": "iu", "є": "ie", "ё": "e", "й": "i", "ї": "i", "ґ": "h", "ў": "u"}
    | {"ь": "", "ъ": "", "љ": "l", "њ": "n", "ћ": "c", "ђ": "j", "џ": "j"}
)
_LATIN = {
    **dict.fromkeys(("shch", "shh", "sch", "sh"), "w"),
    **dict.fromkeys(("tsch", "tch", "ch"), "c"),
    **dict.fromkeys(("ts", "tz", "tc", "cz"), "x"),
    **dict.fromkeys(("kh", "gh", "g", "h"), "h"),
    **dict.fromkeys(("ck", "q"), "k"),
    "zh": "j",
    "ph": "f",
    "th": "t",
    "x": "ks",
    "w": "v",
    "y": "i",
    "j": "i",
}
_DIGRAPH = re.compile("|".join([*sorted(_LATIN, key=len, reverse=True), "c(?=[eiy])", "c"]))
_DOUBLE = re.compile(r"(.)\1+")
_AFTER_HUSHING = re.compile("(?<=[wcj])o")  # Хрущёв as Khrushchov
_VOWELS_AT_END = re.compile("[aeiou]+$")
# Letters that are read in another way in some schemes and names: Xristina, Tzvetkov as Cvetkov,
# Jane as Джейн, Alexander as Александр. Each gives one more skeleton.
_OTHERWISE = tuple(
    (re.compile(pattern), reading)
    for pattern, reading in (
        ("x", "kh"),
        ("j", "zh"),
        ("^j", "dzh"),
        ("c(?=v)", "ts"),
        ("ander", "andr"),
    )
)


def of_cyrillic(word: str) -> str:
    """The skeleton of a folded word in Cyrillic letters."""
    return _tidied(word.translate(_CYRILLIC))


def of_latin(word: str) -> list[str]:
    """The skeletons of a folded word in Latin letters, the likeliest first."""
    ways = [word, *(pattern.sub(reading, word) for pattern, reading in _OTHERWISE)]
    return list(dict.fromkeys(_tidied(_DIGRAPH.sub(_sound, each)) for each in ways))


def bare(skeleton: str) -> str:
    """Without the vowels at its end, as long as two letters stay: `ivanova` → `ivanov`."""
    cut = _VOWELS_AT_END.sub("", skeleton)
    return cut if len(cut) >= 2 else skeleton


def _sound(match: re.Match[str]) -> str:
    letters = match.group()
    if letters == "c":
        follower = match.string[match.end() : match.end() + 1]
        return "x" if follower and follower in "eiy" else "k"
    return _LATIN[letters]


def _tidied(text: str) -> str:
    text = _DOUBLE.sub(r"\1", text)
    text = text.replace("io", "e").replace("ie", "e")
    text = _AFTER_HUSHING.sub("e", text)
    text = text[:1] + re.sub("i(?=[aeu])", "", text[1:])
    return _DOUBLE.sub(r"\1", text)
