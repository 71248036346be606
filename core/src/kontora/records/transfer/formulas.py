"""Keep a spreadsheet from running a text as a formula, so that nothing is lost by it.

A text is dangerous when its first visible character starts a formula somewhere: = + - @ and the
bar, their full-width twins, or a leading tab or line end. On the way out such a text gets one
leading apostrophe; on the way in exactly that apostrophe goes. Texts that already look guarded
are guarded once more, so out and in again is always the same text.
"""

from __future__ import annotations

import unicodedata

_STARTERS = frozenset("=+-@|\uff1d\uff0b\uff0d\uff20\uff5c")
_LINE_STARTERS = ("\t", "\r", "\n")


def guard(text: str) -> str:
    """Return `text` as it may stand in a CSV cell."""
    return "'" + text if is_dangerous(text) else text


def unguard(text: str) -> str:
    """Take back what `guard` did; any other text stays as it is."""
    if text[:1] == "'" and is_dangerous(text[1:]):
        return text[1:]
    return text


def is_dangerous(text: str) -> bool:
    """Would a spreadsheet take `text` for a formula (apostrophes before it not counted)?"""
    if text[:1].isalnum():
        return False
    bare = text.lstrip("'")
    if bare.startswith(_LINE_STARTERS):
        return True
    for letter in bare:
        if letter in _STARTERS:
            return True
        if letter != " " and unicodedata.category(letter)[0] not in "ZC":
            return False
    return False
