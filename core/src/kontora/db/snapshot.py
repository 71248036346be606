"""A copy of the SQLite file before its schema changes. PostgreSQL has its own backups."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from kontora import clock
from kontora.db.engine import Database
from kontora.errors import KontoraError
from kontora.text import _

KEPT = 3
_NAME = "before-upgrade-"


def copy_before_upgrade(database: Database) -> Path | None:
    """Write `<home>/backups/before-upgrade-<utc>.sqlite3`, keep the last three.

    Returns None when there is nothing to copy: another engine, or no tables yet.
    """
    if database.path is None or not _has_tables(database):
        return None
    folder = database.home / "backups"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"{_NAME}{clock.now():%Y%m%dT%H%M%S%fZ}.sqlite3"
    for killed in folder.glob(f"{_NAME}*.part"):  # we hold the lock: nobody writes it
        killed.unlink(missing_ok=True)
    _refuse_when_full(database.path, folder)
    write_copy(database, target)
    for old in sorted(folder.glob(f"{_NAME}*.sqlite3"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return target


def write_copy(database: Database, target: Path) -> None:
    """Copy the live SQLite database to `target` (`VACUUM INTO`): whole, or not at all."""
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with database.write_engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            driver.execute("VACUUM INTO ?", (str(part),))
        part.chmod(0o600)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except Exception as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise KontoraError(
            _("The database could not be copied to %(file)s: %(cause)s.")
            % {"file": str(target), "cause": str(error)},
            _("Make room on the disk, or allow this user to write there."),
        ) from error


def _has_tables(database: Database) -> bool:
    with database.read_engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE type = 'table'")
        return found.first() is not None


def _refuse_when_full(path: Path, folder: Path) -> None:
    needed, free = path.stat().st_size, shutil.disk_usage(folder).free
    if free < needed:
        raise KontoraError(
            _("There is no room in %(folder)s for a copy of the database (%(size)s MB).")
            % {"folder": str(folder), "size": needed // 1_000_000 + 1},
            _("Make room on the disk, then upgrade again."),
        )
