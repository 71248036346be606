"""How much room a database takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kontora.db.engine import Database

LOG = "wal_"


def sizes(database: Database) -> dict[str, int]:
    """Bytes of the database (key "") and of its write-ahead log (`LOG`), where they are told."""
    return dict(_sizes(database))


def _sizes(database: Database) -> Iterator[tuple[str, int]]:
    path = database.path
    if path is not None:
        for name, file in (("", path), (LOG, path.with_name(path.name + "-wal"))):
            yield name, file.stat().st_size if file.exists() else 0
        return
    with database.read_engine.connect() as connection:
        found = connection.scalar(text("SELECT pg_database_size(current_database())"))
        yield "", int(found or 0)
    # Only for a user with the role pg_monitor; the log is that of the whole server.
    with suppress(DBAPIError), database.read_engine.connect() as connection:
        yield LOG, int(connection.scalar(text("SELECT sum(size) FROM pg_ls_waldir()")) or 0)
