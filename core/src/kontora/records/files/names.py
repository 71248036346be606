"""Names of files: data that people typed, made harmless wherever they stand."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

LONGEST = 200
_BLANKS = re.compile(r"\s+")
# Cc: control characters; Cf: zero-width ones, bidi overrides and isolates; Cs: lone surrogates;
# Co and Cn: what no font shows; Zl, Zp: separators of lines.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FALLBACK = re.compile(r"[^A-Za-z0-9 ._()\[\]+,=@#&-]")


def clean(name: str | None) -> str:
    """The last part of what a client called a file, without anything that hides what it is.

    Folders, control, zero-width and direction characters go; blanks are joined; a long name
    keeps its ending. Of a name of which nothing is left, `file` remains.
    """
    last = re.split(r"[/\\]", name or "")[-1]
    seen = "".join(
        each for each in last if unicodedata.category(each) not in _UNSEEN or each == "\t"
    )
    plain = _BLANKS.sub(" ", unicodedata.normalize("NFC", seen)).strip()
    if not plain.strip(". "):
        return "file"
    return _shortened(plain)


def _shortened(name: str) -> str:
    if len(name) <= LONGEST:
        return name
    ending = PurePosixPath(name).suffix
    ending = ending if len(ending) <= 16 else ""
    return name[: LONGEST - len(ending) - 1].rstrip() + "…" + ending


def disposition(name: str) -> str:
    """The header Content-Disposition that saves a file under this name (RFC 6266, RFC 8187)."""
    shown = clean(name)
    ascii_only = unicodedata.normalize("NFKD", shown).encode("ascii", "ignore").decode()
    plain = _FALLBACK.sub("_", ascii_only).strip() or "file"
    if plain.startswith("."):
        plain = f"file{plain}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}"
