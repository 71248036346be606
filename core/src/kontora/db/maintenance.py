"""While an upgrade changes the tables, servers say so and workers wait.

The sign is a lock that goes with its process: a killed upgrade leaves none behind. It is another
than the lock of migrations, because enabling a plugin stops nobody's work.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import text

from kontora.db.engine import Database

# What a process knows may be this old, in seconds: asking costs PostgreSQL a query.
FRESH = 1.0
_KEY = int.from_bytes(b"upkeep")
_seen: WeakKeyDictionary[Any, tuple[float, bool]] = WeakKeyDictionary()
_HELD = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND classid = CAST(:high AS oid) AND objid = CAST(:low AS oid)"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@contextmanager
def maintenance(database: Database) -> Iterator[None]:
    """Say that the tables are being changed, while the block runs."""
    if database.path is None:
        engine = database.write_engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _KEY})
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _KEY})
    else:
        with _held(_file(database.path)):
            yield


@contextmanager
def _held(path: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # not a POSIX system: nobody is told
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # those who ask hold it for an instant
        yield
    finally:
        os.close(descriptor)


def under_way(database: Any) -> bool:
    """Whether the tables are being changed, as of at most `FRESH` seconds ago."""
    now = time.monotonic()
    asked, answer = _seen.get(database, (-FRESH, False))
    if now - asked >= FRESH:
        answer = _look(database)
        _seen[database] = (now, answer)
    return answer


def _look(database: Any) -> bool:
    path = getattr(database, "path", None)
    if path is not None:
        return _is_held(_file(path))
    parts = {"high": _KEY >> 32, "low": _KEY & 0xFFFFFFFF}
    try:
        with database.read_engine.connect() as connection:
            return bool(connection.execute(_HELD, parts).scalar())
    except Exception:
        return False  # it is away: whoever needs it next says so


def _is_held(path: Path) -> bool:
    try:
        import fcntl

        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (ImportError, OSError):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _file(path: Path) -> Path:
    return path.with_name(path.name + ".maintenance")
