"""Which encoding a text file is in.

The order: a byte order mark; the zero bytes of UTF-16; valid UTF-8; then, for eight-bit text, our
own letter-frequency score for Cyrillic, with charset-normalizer as the second opinion for all
the rest. Every answer can be overridden in the preview.
"""

from __future__ import annotations

import codecs
import math
from dataclasses import dataclass
from pathlib import Path

from kontora.text import Text, _

CHUNK = 1 << 20
SAMPLE = 1 << 16

# Letters per thousand in running text, Russian and Ukrainian taken together. Only the rough order
# matters: a wrong table turns common letters into rare ones.
# fmt: off
_FREQUENCY = {
    "о": 105, "е": 80, "а": 80, "и": 70, "н": 67, "т": 58, "с": 50, "р": 47, "в": 46, "л": 42,
    "к": 36, "м": 31, "д": 31, "п": 28, "у": 28, "і": 28, "я": 21, "ь": 18, "з": 18, "г": 16,
    "б": 16, "ы": 14, "ч": 14, "й": 12, "х": 10, "ж": 9, "ш": 7, "ю": 7, "ц": 6, "щ": 4, "ф": 4,
    "ї": 4, "є": 4, "э": 2, "ё": 0.6, "ъ": 0.4, "ґ": 0.2,
}
# fmt: on
_LETTER_SCORE = {letter: math.log(weight / 1000) for letter, weight in _FREQUENCY.items()}
# The same for accented Latin letters, by how many people write them. Letters that only the
# western or only the central European table has decide between the two.
# fmt: off
_LATIN = {
    "é": 10, "ü": 6, "ä": 6, "ö": 6, "á": 6, "ó": 6, "í": 5, "è": 4, "ñ": 3, "ç": 4, "ã": 4, "à": 4,
    "ê": 3, "ô": 3, "ø": 3, "å": 3, "æ": 2, "ß": 3, "â": 2, "î": 1, "ï": 1, "û": 1, "õ": 1, "ú": 3,
    "ë": 1,
    "ù": 0.3, "ì": 0.2, "ò": 0.3, "ð": 0.1, "þ": 0.1, "ł": 6, "ą": 5, "ę": 5, "ś": 4, "ż": 4,
    "ć": 3, "ń": 2, "ź": 0.5, "č": 5, "š": 5, "ž": 5, "ř": 5, "ě": 5, "ý": 4, "ů": 4, "ő": 3,
    "ű": 1,
    "ť": 0.3, "ď": 0.3, "ň": 0.5, "ă": 3, "đ": 1, "ľ": 1, "’": 3, "“": 1, "”": 1, "–": 3, "€": 2,
    "«": 1, "»": 1, "№": 1, "\xa0": 3, "°": 1, "£": 1, "§": 0.3, "®": 0.5, "…": 1,
}
# fmt: on
_LATIN_STRANGER = 0.01
_ENOUGH = 40
# Even a single name scores above this when it is read in the right table.
_POOR, _POOR_IF_LONG = -4.2, -3.6
_STRANGER = math.log(0.00002)
_CASE_BREAK = -4.0
_CYRILLIC_TABLES = ("cp1251", "koi8-u", "cp866", "cp1125", "mac-cyrillic", "iso8859-5")
# In doubt the table that is met most often wins.
_PRIOR = {"cp1251": 0.05, "koi8-u": 0.02, "cp866": 0.03, "cp1125": 0.0}


@dataclass(frozen=True, slots=True)
class Encoding:
    """`name` is a Python codec; `errors` how to decode with it; `warning` what to tell the user."""

    name: str
    errors: str = "strict"
    warning: Text = ""


def detect_encoding(path: Path) -> Encoding:
    """Decide the encoding of the text file at `path` by reading it once, in pieces."""
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    marked = _by_mark(head) or _by_zeros(head)
    if marked:
        return Encoding(marked, "replace")
    good, bad, sample = _try_utf8(path)
    if bad == 0:
        return Encoding("utf-8")
    if good >= 20 * bad:
        text = _("%(n)s places are not valid UTF-8; the letters there are lost.")
        return Encoding("utf-8", "replace", text % {"n": bad})
    return Encoding(guess_eight_bit(sample), "replace")


def _by_mark(head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return ""


def _by_zeros(head: bytes) -> str:
    """UTF-16 without a mark: delimiters, digits and line ends leave zeros on one side only."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    ends = head.count(b"\n")
    if not even + odd or len(head) % 2:
        return ""
    for name, zeros, others, pair in (
        ("utf-16-le", odd, even, b"\n\x00"),
        ("utf-16-be", even, odd, b"\x00\n"),
    ):
        # A stray zero byte in eight-bit text does not touch the line ends.
        if zeros > 8 * others and 2 * head.count(pair) >= ends and zeros * 20 > len(head):
            return name
    return ""


def _try_utf8(path: Path) -> tuple[int, int, bytes]:
    """Count good and bad non-ASCII places; also return the lines that are not plain ASCII."""
    good = bad = 0
    sample = bytearray()
    with path.open("rb") as file:
        while chunk := file.readlines(CHUNK):
            for line in chunk:
                if line.isascii():
                    continue
                if len(sample) < SAMPLE:
                    sample += line[:SAMPLE]
                text = line.decode("utf-8", "replace")
                broken = text.count("\ufffd") - line.count(b"\xef\xbf\xbd")
                bad += broken
                good += sum(1 for letter in text if letter > "\x7f") - broken
    return good, bad, bytes(sample)


def guess_eight_bit(sample: bytes) -> str:
    """Name the eight-bit encoding of `sample`, which is not valid UTF-8."""
    if _looks_cyrillic(sample):
        scores = {table: _score(sample, table) for table in _CYRILLIC_TABLES}
        best = max(scores, key=lambda table: scores[table])
        second = _second_opinion(sample)
        if second in scores and scores[second] + 0.02 > scores[best]:
            best = second
        long = sum(byte > 0x7F for byte in sample) >= _ENOUGH
        if scores[best] > (_POOR_IF_LONG if long else _POOR) or second in ("", *scores):
            return _common_name(best, sample)
        return second
    return _latin_table(sample)


def _latin_table(sample: bytes) -> str:
    """Western or central European; a long sample of neither goes to the second opinion."""
    scores = {}
    for table, prior in (("cp1252", 0.6), ("cp1250", 0.0)):
        letters = [letter for letter in sample.decode(table, "replace") if letter > "\x7f"]
        weights = [math.log(_LATIN.get(letter.lower(), _LATIN_STRANGER)) for letter in letters]
        scores[table] = prior + sum(weights) / max(1, len(weights))
        if len(weights) >= _ENOUGH and max(scores.values()) < 0:
            return _second_opinion(sample) or "cp1252"
    return max(scores, key=lambda table: scores[table])


def _looks_cyrillic(sample: bytes) -> bool:
    """Cyrillic words stand alone; an accented letter stands among Latin ones."""
    alone = mixed = 0
    for word in _words(sample):
        high = sum(1 for byte in word if byte > 0x7F)
        if high == len(word) and high > 1:
            alone += high
        elif high and high < len(word):
            mixed += high
    return alone > mixed


def _words(sample: bytes) -> list[bytes]:
    letters = bytes(byte if byte > 0x7F or chr(byte).isalpha() else 0x20 for byte in range(256))
    return sample.translate(letters).split()


def _score(sample: bytes, table: str) -> float:
    """Mean log frequency of the letters, less a fine where a capital follows a small letter."""
    total, count = 0.0, 0
    for word in _words(sample):
        if word.isascii():
            continue
        text = word.decode(table, "replace")
        before = ""
        for letter in text:
            if letter > "\x7f":
                total += _LETTER_SCORE.get(letter.lower(), _STRANGER)
                count += 1
                if letter.isupper() and before.islower():
                    total += _CASE_BREAK
            before = letter
    return (total / count if count else _STRANGER) + _PRIOR.get(table, -0.1)


def _common_name(table: str, sample: bytes) -> str:
    """Prefer the well-known name where both tables read the same letters."""
    wider = {"koi8-u": "koi8-r", "cp1125": "cp866"}.get(table)
    if wider and sample.decode(table, "replace") == sample.decode(wider, "replace"):
        return wider
    return table


def _second_opinion(sample: bytes) -> str:
    # Its tables take a tenth of a second to load, and most files are UTF-8.
    from charset_normalizer import from_bytes

    best = from_bytes(sample, preemptive_behaviour=False).best()
    if best is None:
        return ""
    name = best.encoding.replace("_", "-")
    return {"koi8-r": "koi8-u", "mac-cyrillic": "mac-cyrillic"}.get(name, name)
