"""Count the statements that reach the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kontora.db.engine import Database


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """A list that fills with each statement sent to `database` within the block.

    BEGIN is left out: SQLite's writers send it as a statement, PostgreSQL's driver by itself.
    """
    from sqlalchemy import event

    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    engines = [database.write_engine]
    if database.dialect == "sqlite":  # elsewhere the reader is a view of the writer
        engines.append(database.read_engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


@contextmanager
def at_most(database: Database, limit: int) -> Iterator[list[str]]:
    """Fail when the block sends more than `limit` statements, and show them."""
    with counted(database) as sent:
        yield sent
    assert len(sent) <= limit, f"{len(sent)} statements, at most {limit}:\n" + "\n".join(sent)
