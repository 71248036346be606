"""Generations: what was read of some tables may be kept until one of these is written.

Whoever keeps something names the tables that it was made of (`follow`). Each writing statement on
one of them, from wherever in the program it comes, begins the next generation in its own
transaction; so a reader compares one value, and what he keeps is never older than that says.
Statements of other programs are not seen: after such a one begin a generation by hand
(`UPDATE site_state SET value = '"…"' WHERE key = 'generation:<name>'`) or start the servers anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, event, text

_WRITES = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?)\s+\"?(\w+)")
_READS = ("SELECT", "BEGIN", "COMMIT", "PRAGMA")
_followed: dict[str, str] = {}
_NEXT = text("UPDATE site_state SET value = :value WHERE key = :key")


def key_of(name: str) -> str:
    """Under which key of `site_state` the generation stands."""
    return f"generation:{name}"


def follow(name: str, tables: Iterable[str]) -> None:
    """From now on each write on one of these tables begins the next generation."""
    for table in tables:
        _followed[table] = key_of(name)


def watch(engine: Engine) -> None:
    """Notice the writes of an engine."""

    def before(connection: Any, _cursor: Any, words: str, _v: Any, _c: Any, _many: bool) -> None:
        if words.startswith(_READS):
            return
        touched = {_followed.get(table) for table in _WRITES.findall(words)} - {None}
        for key in touched:
            # The row is locked before the tables are: two writers cannot wait crosswise.
            connection.execute(_NEXT, {"key": key, "value": f'"{uuid4().hex}"'})

    event.listen(engine, "before_cursor_execute", before)
