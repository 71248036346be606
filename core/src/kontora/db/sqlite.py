"""SQLite as Kontora uses it: one library, two engines, every setting said aloud.

The library is the one inside the `pysqlite3` wheel. The standard library's module is never
imported: two SQLite libraries in one process break each other's POSIX locks, and the one that
Python brings may have the WAL-reset bug.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import Connection

from kontora import limits
from kontora.db.fold import SQL_NAME, fold
from kontora.db.types import to_json
from kontora.errors import SettingsError
from kontora.text import _

BUSY_SECONDS = float(limits.current().lock_seconds)
_NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs"}


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this release is free of the WAL-reset bug.

    Every release from 3.7.0 to 3.51.2 may corrupt a WAL database that has two connections;
    3.44.6 and 3.50.7 have the repair back-ported (https://sqlite.org/wal.html, "WAL-reset bug").
    """
    if version >= (3, 51, 3) or version < (3, 7, 0):
        return True
    return (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def database_path(url: URL) -> Path:
    """The file that `url` names; its folder is made when missing."""
    if not url.database or url.database == ":memory:" or "mode" in url.query:
        raise SettingsError(
            _("Kontora keeps its data in a file, not in memory."),
            _("Set KONTORA_DATABASE_URL to sqlite:///<file>."),
        )
    path = Path(url.database).resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            _("The folder %(folder)s cannot be made: %(cause)s.")
            % {"folder": str(path.parent), "cause": error.strerror or str(error)},
            _("Give KONTORA_HOME a folder that this user may write to."),
        ) from error
    return path


def make_engines(path: Path, *, wal: bool) -> tuple[Engine, Engine]:
    """Return (read engine, write engine) on the file at `path`."""
    return _engine(path, wal=wal, write=False), _engine(path, wal=wal, write=True)


def _engine(path: Path, *, wal: bool, write: bool) -> Engine:
    # SQLite has one writer at a time. Within this process the pool queues writers in order of
    # arrival, which its own waiting (polling) does not.
    size: dict[str, int] = {"pool_size": 1, "max_overflow": 0} if write else {"pool_size": 8}
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=pysqlite3.dbapi2,
        pool_timeout=BUSY_SECONDS,
        json_serializer=to_json,
        # Long names of constraints are cut as PostgreSQL cuts them: one migration fits both.
        max_identifier_length=63,
        connect_args={"isolation_level": None, "timeout": BUSY_SECONDS, "cached_statements": 512},
        **size,
    )

    def connect(connection: Any, _record: Any) -> None:
        prepare(connection, wal=wal, write=write)

    def checkin(connection: Any, _record: Any) -> None:
        # After `execution_options(isolation_level=...)` the driver would begin by itself again.
        if connection is not None:
            connection.isolation_level = None

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    event.listen(engine, "connect", connect)
    event.listen(engine, "checkin", checkin)
    event.listen(engine, "begin", begin)
    return engine


def prepare(connection: Any, *, wal: bool, write: bool) -> None:
    """Make a driver connection ours: settings, and the function `kontora_fold`."""
    connection.isolation_level = None
    connection.create_function(SQL_NAME, 1, _fold_or_null, deterministic=True)
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
    _set_journal(cursor, "wal" if wal else "delete")
    for setting in (
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        "mmap_size=0",
        # LIKE as on PostgreSQL; also lets `LIKE 'abc%'` use an index.
        "case_sensitive_like=ON",
        "cache_size=-8192",
        "journal_size_limit=67108864",
        f"query_only={'OFF' if write else 'ON'}",
    ):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _fold_or_null(text: object) -> str | None:
    return None if text is None else fold(str(text))


def _set_journal(cursor: Any, mode: str) -> None:
    """Change the journal mode when it differs; SQLite does not wait for locks here, so we do."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            if cursor.execute("PRAGMA journal_mode").fetchone()[0] == mode:
                return
            cursor.execute(f"PRAGMA journal_mode={mode}")
        except pysqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def file_system(path: Path) -> str:
    """The type of the file system that holds `path`, "" where the system does not say."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    folder, kind = "", ""
    for line in mounts:
        point, this = line.split()[1:3]
        inside = os.path.commonpath([point, path]) == point
        if inside and len(point) >= len(folder):
            folder, kind = point, this
    return kind


def on_network(path: Path) -> bool:
    """Whether locks of the file system cannot be trusted."""
    return file_system(path) in _NETWORK_FILE_SYSTEMS
