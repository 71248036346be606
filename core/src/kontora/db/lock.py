"""One runner of migrations at a time, over all processes and machines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from kontora.db.engine import Database
from kontora.errors import KontoraError, Locked
from kontora.text import _

# Any number, the same everywhere: "kontora" in ASCII.
_ADVISORY_KEY = int.from_bytes(b"kontora")


@contextmanager
def upgrade_lock(database: Database) -> Iterator[None]:
    """Hold the lock of migrations, or raise `Locked` at once. A killed process leaves no lock."""
    if database.path is None:
        with _advisory_lock(database):
            yield
    else:
        with _file_lock(database.path.with_name(database.path.name + ".upgrade-lock")):
            yield


def _locked() -> KontoraError:
    return Locked(
        _("Another process is upgrading this database."),
        _("Wait until it has ended, then try again."),
    )


@contextmanager
def _advisory_lock(database: Database) -> Iterator[None]:
    engine = database.write_engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        key = {"key": _ADVISORY_KEY}
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key):
            raise _locked()
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    """The file stays; deleting it would let two processes lock two files of the same name."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock_now(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock_now(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # not a POSIX system: SQLite's own write lock has to do
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _locked() from None
