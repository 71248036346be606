"""Passwords that everybody tries first: a list of 30,000, and simple variants of each.

The list comes from zxcvbn (MIT; see the folder `vendor`); `core/generators/common_passwords.py`
makes the file. It is read at the first check, not at the start.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "vendor" / "common_passwords.txt.gz"
_LEET = str.maketrans("@4301!5$7", "aaeoiisst")
_RUNS = (
    "0123456789012345678909876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
)
_SHORTEST_OWN = 3


@cache
def words() -> frozenset[str]:
    """The list, in lower case."""
    return frozenset(gzip.decompress(FILE.read_bytes()).decode().split("\n"))


def is_common(password: str) -> bool:
    """Whether the password is on the list, or one of it in capitals, with digits or signs at its
    ends, with digits for letters, doubled; or one row of the keyboard, or one sign repeated."""
    return any(_is_plain(each) for each in _variants(password.casefold().strip()))


def is_about(password: str, facts: Iterable[str | None]) -> bool:
    """Whether the password is nothing but names that a stranger would try first.

    `facts`: the user's name and e-mail address; parts of them in any order count too.
    """
    left = _letters(password)
    parts: set[str] = set()
    for fact in facts:
        pieces = "".join(
            each if each.isalnum() else " " for each in (fact or "").casefold()
        ).split()
        parts |= {each for each in (*pieces, "".join(pieces)) if len(each) >= _SHORTEST_OWN}
    if not parts:
        return False
    for part in sorted(parts, key=len, reverse=True):
        left = left.replace(part, "")
    return len(left.strip("0123456789")) < _SHORTEST_OWN


def _is_plain(word: str) -> bool:
    return len(set(word)) < 2 or word in words() or any(word in run for run in _RUNS)


def _variants(text: str) -> Iterator[str]:
    for each in dict.fromkeys((text, text.translate(_LEET))):
        core = each.strip("0123456789!?.,;:-_+*#@$%&=~^'\"()[]{}/\\| ")
        yield each
        yield from _halves(each)
        for word in (core, _letters(each)):
            # What is left of random digits and signs tells nothing.
            if len(word) >= _SHORTEST_OWN:
                yield word
                yield from _halves(word)


def _halves(word: str) -> Iterator[str]:
    """What is said several times over: `secretsecret` is no better than `secret`."""
    for times in (2, 3, 4):
        size, rest = divmod(len(word), times)
        if size and not rest and word == word[:size] * times:
            yield word[:size]


def _letters(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())
