"""A digest of all rows per table, whatever their order: equal tables have equal ones.

The digests of the rows are added up modulo 2^128 (SQLite) or as numbers (PostgreSQL), so nothing
has to be sorted. They compare databases of the same engine only.
"""

from __future__ import annotations

from contextlib import closing
from hashlib import blake2b
from pathlib import Path

import pysqlite3
from sqlalchemy import Connection, inspect, text

Digests = dict[str, str]
_SIZE = 1 << 128
_SUM = "SELECT coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint::numeric), 0)"


def of_sqlite(path: Path) -> Digests:
    """Digests of an SQLite file that is not written meanwhile."""
    with closing(pysqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
            " ESCAPE '\\' ORDER BY name"
        )
        names = [str(row[0]) for row in rows]
        return {name: _of_rows(connection, name) for name in names}


def _of_rows(connection: pysqlite3.Connection, table: str) -> str:
    total = 0
    quoted = table.replace('"', '""')
    # The order of the columns may differ between a table that was changed and one that was made.
    columns = sorted(str(row[1]) for row in connection.execute(f'PRAGMA table_info("{quoted}")'))
    listed = ", ".join('"' + each.replace('"', '""') + '"' for each in columns)
    for row in connection.execute(f'SELECT {listed} FROM "{quoted}"'):  # noqa: S608
        hashed = blake2b(repr(row).encode(), digest_size=16).digest()
        total += int.from_bytes(hashed)
    return f"{total % _SIZE:032x}"


def of_postgresql(connection: Connection) -> Digests:
    """Digests of the tables that a connection sees, computed by the server."""
    quote = connection.dialect.identifier_preparer.quote
    found: Digests = {}
    for name in sorted(inspect(connection).get_table_names()):
        found[name] = str(connection.scalar(text(f"{_SUM} FROM {quote(name)} AS t")))
    return found
