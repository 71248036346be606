"""The one normaliser for search and comparison, equal in Python, SQLite and PostgreSQL.

`fold` works character by character, so the same rules can be written as an SQL expression. The
locale of the database server plays no part: its own `lower()` would fold only ASCII under "C".
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, String, func
from sqlalchemy.sql.functions import FunctionElement

SQL_NAME = "kontora_fold"

# Latin, Greek, Cyrillic and Armenian: scripts with letter case. Others keep their letters as they
# are on every engine; folding them in Python alone would make the engines differ.
_CASED = (*range(0x0590), 0x1E9E)
_MARKS = range(0x0300, 0x0370)
_APOSTROPHES = frozenset("'’ʼ`′´‘‛ʹʻ")
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_SPACES = frozenset("\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029")
# Letters whose stroke or ligature is not a combining mark for Unicode, but is for a reader.
_LETTERS = {"ґ": "г", "ł": "l", "đ": "d", "ð": "d", "ø": "o", "ħ": "h", "ı": "i", "ŧ": "t"}
_PAIRS = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}


def _fold_base(char: str) -> str:
    """Fold one character that has no decomposition."""
    if char in _APOSTROPHES or char in _INVISIBLE or ord(char) in _MARKS:
        return ""
    if char in _SPACES:
        return " "
    lower = char.casefold() if ord(char) in _CASED and char not in _PAIRS else char
    if char == "ẞ":
        lower = "ß"
    lower = _LETTERS.get(lower, lower)
    return _PAIRS.get(lower, lower)


class _Table(dict[int, str]):
    """Folded form per code point, computed when first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        # U+00B4 decomposes to a blank and a mark: as an apostrophe it must go before that.
        base = "" if char in _APOSTROPHES else unicodedata.normalize("NFKD", char)
        folded = self[code] = "".join(map(_fold_base, base))
        return folded


_table = _Table()


def fold(text: str) -> str:
    """Return `text` as it is compared: `"  Єлизавета  Об’їздна "` → `"єлизавета обіздна"`.

    Compatibility forms are unified (NFKC), letter case is folded, diacritics are taken off
    (é→e, ё→е, й→и, ї→і, also ґ→г, ł→l, ß→ss), apostrophes of all kinds and invisible characters
    are dropped, white space is collapsed. `fold(fold(x)) == fold(x)`.
    """
    words = [word for word in text.translate(_table).split(" ") if word]
    return unicodedata.normalize("NFC", " ".join(words))


def fold_sql(column: ColumnElement[Any] | Any) -> FunctionElement[str]:
    """`kontora_fold(column)` as an SQL expression, on both engines.

    Not for an index, trigger or generated column on SQLite: with `trusted_schema` off the
    schema may not call functions of the application. Keep a folded column instead.
    """
    return func.kontora_fold(column, type_=String())


def _quoted(chars: str) -> str:
    """An SQL literal in ASCII, whatever encoding the client speaks."""
    escaped = "".join(c if c.isascii() and c.isalnum() else f"\\+{ord(c):06x}" for c in chars)
    return f"U&'{escaped}'"


@lru_cache(maxsize=1)
def _translation() -> tuple[str, str]:
    """`from` and `to` of SQL's `translate`; what has no counterpart in `to` is deleted."""
    pairs: list[tuple[str, str]] = []
    # The first match ends the server's search: frequent letters stand first.
    frequent = [*range(0x0410, 0x0430), *range(0x41, 0x5B)]
    for code in dict.fromkeys([*frequent, *_CASED]):
        char = chr(code)
        if unicodedata.normalize("NFKD", char) != char or char in _APOSTROPHES | _SPACES:
            continue
        lower = "ß" if char == "ẞ" else char.casefold() if char not in _PAIRS else char
        lower = _LETTERS.get(lower, lower)
        if lower != char and code not in _MARKS:
            pairs.append((char, lower))
    pairs += [(space, " ") for space in sorted(_SPACES - {" "})]
    gone = "".join(sorted(_APOSTROPHES | _INVISIBLE))
    return "".join(a for a, _ in pairs) + gone, "".join(b for _, b in pairs)


@lru_cache(maxsize=1)
def postgresql_ddl() -> str:
    """`CREATE FUNCTION kontora_fold(text)` for PostgreSQL; core's first migration runs it."""
    source, target = _translation()
    plain = """translate(lower(value COLLATE "C"), '''`', '')"""
    body = f"normalize(translate(value, {_quoted('´')}, ''), NFKD)"
    body = f"regexp_replace({body}, {_quoted(f'[{chr(0x300)}-{chr(0x36F)}]')}, '', 'g')"
    body = f"translate({body}, {_quoted(source)}, {_quoted(target)})"
    for letter, pair in _PAIRS.items():
        body = f"replace({body}, {_quoted(letter)}, '{pair}')"
    return (
        f"CREATE OR REPLACE FUNCTION {SQL_NAME}(value text) RETURNS text\n"
        "LANGUAGE sql IMMUTABLE PARALLEL SAFE\n"
        "RETURN CASE WHEN value !~ '[^ -~]'\n"
        f"THEN btrim(regexp_replace({plain}, ' +', ' ', 'g'), ' ')\n"
        f"ELSE normalize(btrim(regexp_replace({body}, ' +', ' ', 'g'), ' '), NFC) END"
    )


POSTGRESQL_DROP_DDL = f"DROP FUNCTION IF EXISTS {SQL_NAME}(text)"
