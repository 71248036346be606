"""The transaction in which migrations run, and what SQLite needs there.

SQLite changes a table by building a new one, copying and dropping the old. With foreign keys on,
dropping deletes, without a word, every row elsewhere that cascades from it. So they are off
(which SQLite honours only before BEGIN) and are checked before COMMIT. Dropping a table also
drops its triggers, and the copy lacks indexes on expressions: both are put back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from kontora.db.engine import Database
from kontora.errors import Conflict
from kontora.text import Text, _

_DROP = re.compile(r"\bDROP\s+(?:TRIGGER|INDEX)\s+(?:IF\s+EXISTS\s+)?[\"`\[]?(\w+)", re.IGNORECASE)


class _BrokenReferences(Exception):
    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


@contextmanager
def migrating(database: Database) -> Iterator[Connection]:
    """A connection inside one transaction: everything of it is kept, or nothing."""
    if database.dialect == "postgresql":
        with database.write_engine.begin() as connection:
            # A change of a large table may take longer than any web request; waiting for
            # a lock may not (lock_timeout stays).
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '10min'")
            yield connection
        return
    with database.write_engine.connect() as connection, _foreign_keys_off(connection):
        try:
            with connection.begin(), _references_whole(connection), _kept(connection):
                yield connection
        except _BrokenReferences as error:
            before = _broken_references(connection)
            raise Conflict(*_explained(error.pairs, before)) from None


@contextmanager
def _references_whole(connection: Connection) -> Iterator[None]:
    yield
    if broken := _broken_references(connection):
        raise _BrokenReferences(broken)


@contextmanager
def _foreign_keys_off(connection: Connection) -> Iterator[None]:
    driver: Any = connection.connection.dbapi_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.rollback()
        driver.execute("PRAGMA foreign_keys=ON")


def _broken_references(connection: Connection) -> list[tuple[str, str]]:
    """(table, table referred to) of each reference that leads nowhere."""
    rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return sorted({(str(row[0]), str(row[2])) for row in rows})


def _explained(broken: list[tuple[str, str]], before: list[tuple[str, str]]) -> tuple[Text, Text]:
    pairs = ", ".join(f"{child} → {parent}" for child, parent in broken)
    if set(broken) <= set(before):
        return (
            _("The data already has references that lead nowhere: %(pairs)s.") % {"pairs": pairs},
            _("Run `kontora doctor`, repair or restore the data, then upgrade again."),
        )
    return (
        _("The migration would leave references that lead nowhere: %(pairs)s.") % {"pairs": pairs},
        _("Nothing was changed. Report this to the author of the migration."),
    )


@contextmanager
def _kept(connection: Connection) -> Iterator[None]:
    """Put back triggers and indexes on expressions that a rebuild lost and nobody dropped."""
    dropped: set[str] = set()

    def watch(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        dropped.update(_DROP.findall(statement))

    before = _fragile(connection)
    event.listen(connection, "before_cursor_execute", watch)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", watch)
    for name in sorted(before.keys() - _fragile(connection).keys() - dropped):
        table, statement = before[name]
        if table in _tables(connection):
            connection.exec_driver_sql(statement)


def _tables(connection: Connection) -> set[str]:
    rows = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {str(row[0]) for row in rows}


def _fragile(connection: Connection) -> dict[str, tuple[str, str]]:
    """Name → (table, SQL) of each trigger and each index with an expression in it."""
    rows = connection.exec_driver_sql(
        "SELECT name, tbl_name, sql FROM sqlite_master AS m WHERE sql IS NOT NULL AND (type ="
        " 'trigger' OR type = 'index' AND EXISTS (SELECT 1 FROM pragma_index_xinfo(m.name)"
        " WHERE cid = -2))"
    )
    return {str(row[0]): (str(row[1]), str(row[2])) for row in rows}
