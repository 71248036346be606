"""Names and other short texts: white space, stray signs, capitals, look-alike letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from kontora.records.transfer.cleaned import Cleaned
from kontora.text import Text, _

# Latin letters that sit on a Cyrillic keyboard's look-alikes.
_LOOK_ALIKE = str.maketrans("aceopxyiABCEHIKMOPTXy", "асеорхуіАВСЕНІКМОРТХу")
_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
_JOINED_WORD = re.compile(r"[^\W\d_](?:['\u2019\u02bc]?[^\W\d_])*")
_ROMAN = re.compile(r"^(?:I{1,3}|IV|VI{0,3}|IX)$")
_PARTICLES = frozenset({"van", "von", "der", "den", "de", "da", "di", "du", "del", "la", "ter"})
_INNER_APOSTROPHE = "'\u2019\u02bc"
_PLACEHOLDERS = frozenset(
    {
        "-",
        "--",
        "n/a",
        "na",
        "none",
        "null",
        "nil",
        "?",
        ".",
        "нет",
        "нет данных",
        "немає",
        "unknown",
    }
)


def clean_text(text: str) -> Cleaned[str]:
    """Tidy the white space of a one-line text and take out signs that do not show."""
    value = _tidy(text)
    return Cleaned(value, value != text)


def clean_block(text: str) -> Cleaned[str]:
    """Tidy a text of several lines: line ends become `\\n`, blanks at their ends go."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    value = "\n".join(line.rstrip() for line in lines).strip("\n")
    return Cleaned(value, value != text)


def is_placeholder(text: str) -> bool:
    """Does the cell say “nothing” in words (n/a, -, нет, немає)?"""
    return text.strip().lower() in _PLACEHOLDERS


def clean_name(text: str, *, recase: bool | None = None) -> Cleaned[str]:
    """Clean one name. A name wholly in capitals gets capitals and small letters.

    `recase` says so for a part whose whole is known: False leaves all letters as they are.
    """
    value = _one_script(_tidy(text).strip(",;")).strip()
    if in_capitals(value) if recase is None else recase:
        value = small_letters(value)
    problem: Text = ""
    if value and not any(letter.isalpha() for letter in value):
        problem = _("A name without any letter.")
    return Cleaned(value, value != text, problem)


def clean_person_names(parts: Mapping[str, str]) -> dict[str, Cleaned[str]]:
    """Clean the parts of one person's name together (`given`, `family`, `middle` …).

    Capitals are put right only when the whole name is in capitals: in “DUPONT Jean” they are a
    custom, not a mistake.
    """
    whole = " ".join(part for part in parts.values() if part.strip())
    recase = in_capitals(whole)
    return {path: clean_name(text, recase=recase) for path, text in parts.items()}


def in_capitals(text: str) -> bool:
    """Is every letter a capital, in a text long enough not to be an abbreviation?"""
    letters = [letter for letter in text if letter.isalpha()]
    longest = max((len(word) for word in _JOINED_WORD.findall(text)), default=0)
    return longest >= 4 and all(letter.isupper() for letter in letters)


def small_letters(text: str) -> str:
    """`O'BRIEN-SMITH` → `O'Brien-Smith`, `МАР'ЯНА` → `Мар'яна`, `LUDWIG VAN BEETHOVEN` alike."""
    words = text.split(" ")
    return " ".join(
        word.lower() if place and word.lower() in _PARTICLES else _capital_word(word)
        for place, word in enumerate(words)
    )


def _capital_word(word: str) -> str:
    if _ROMAN.match(word):
        return word
    result: list[str] = []
    start = True
    for place, letter in enumerate(word):
        result.append(letter.upper() if start else letter.lower())
        if letter in _INNER_APOSTROPHE:
            # O'Brien, D'Arcy; but Мар'яна and Dell'orto go on in small letters.
            start = place == 1 and word[0] in "ODL"
        else:
            start = not letter.isalpha()
    return "".join(result)


def _tidy(text: str) -> str:
    shown = "".join(
        " " if letter in "\t\n\r\v\f" else letter
        for letter in unicodedata.normalize("NFC", text)
        if letter in "\t\n\r\v\f\u200c\u200d" or unicodedata.category(letter) not in ("Cc", "Cf")
    )
    return " ".join(shown.split())


def _one_script(text: str) -> str:
    """Put right a Latin letter inside a Cyrillic word: it looks the same and is never found."""

    def mend(found: re.Match[str]) -> str:
        word = found.group()
        cyrillic = sum("\u0400" <= letter <= "\u04ff" for letter in word)
        latin = sum(letter.isascii() for letter in word)
        mended = word.translate(_LOOK_ALIKE)
        return mended if latin and cyrillic > latin and not _has_ascii(mended) else word

    return _WORD.sub(mend, text)


def _has_ascii(text: str) -> bool:
    return any(letter.isascii() for letter in text)
