"""The database as a file for a backup, and a file as the database again.

SQLite: the file itself, copied by the engine. PostgreSQL: the server's own programs `pg_dump`,
`pg_restore` and `psql`, which know every kind of object.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import Connection, MetaData, Table, func, inspect, select

from kontora.db import digests
from kontora.db.engine import Database
from kontora.db.fold import POSTGRESQL_DROP_DDL
from kontora.db.snapshot import write_copy
from kontora.errors import Conflict, KontoraError, Locked, SettingsError
from kontora.text import _

NAMES: Mapping[str, str] = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
Counts = dict[str, int]


def dump(database: Database, folder: Path) -> tuple[Path, Counts, digests.Digests]:
    """Write the database as it is at one moment into `folder`; return the file, its row counts
    and a digest per table.

    Nobody has to stop working meanwhile.
    """
    target = folder / NAMES[database.dialect]
    if database.path is not None:
        write_copy(database, target)
        return target, sqlite_counts(target), digests.of_sqlite(target)
    with database.read_engine.connect() as connection:
        # pg_dump sees exactly what we count: it works in the snapshot of this transaction.
        connection.rollback()
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
        snapshot = connection.scalar(select(func.pg_export_snapshot()))
        counts, found = table_counts(connection), digests.of_postgresql(connection)
        options = ["--format=custom", "--no-owner", "--no-privileges", "--schema=public"]
        _run(database, "pg_dump", [*options, f"--snapshot={snapshot}", f"--file={target}"])
    return target, counts, found


def table_counts(connection: Connection) -> Counts:
    """Rows per table of the database behind a connection."""
    names = sorted(inspect(connection).get_table_names())
    return {
        name: int(connection.scalar(select(func.count()).select_from(Table(name, MetaData()))) or 0)
        for name in names
    }


# SQLite


def sqlite_counts(path: Path) -> Counts:
    """Rows per table of an SQLite file that nobody uses; it is not touched."""
    with closing(_quietly_opened(path)) as connection:
        rows = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
            " ESCAPE '\\' ORDER BY name"
        )
        names = [row[0] for row in rows]
        quoted = {name: '"' + name.replace('"', '""') + '"' for name in names}
        return {
            name: connection.execute(f"SELECT count(*) FROM {quoted[name]}").fetchone()[0]  # noqa: S608
            for name in names
        }


def sqlite_faults(path: Path) -> list[str]:
    """What SQLite finds wrong in a file that nobody uses; [] for a sound one."""
    try:
        with closing(_quietly_opened(path)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
            keys = connection.execute("PRAGMA foreign_key_check").fetchmany(5)
    except pysqlite3.DatabaseError as error:
        return [str(error)]
    broken = [f"a row of {row[0]} points to nothing in {row[2]}" for row in keys]
    return [each for each in found if each != "ok"] + broken


def _quietly_opened(path: Path) -> Any:
    return pysqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def replace_sqlite(path: Path, staged: Path, keep: Path | None) -> None:
    """Put `staged` in the place of the database at `path`, in one step.

    `keep` is where the old file stays. Raises Locked while another process has it open.
    """
    near = path.with_name(path.name + ".restored")
    shutil.move(staged, near)
    near.chmod(0o600)
    with near.open("rb") as file:
        os.fsync(file.fileno())
    try:
        _leave_wal(path)
        if keep is not None and path.exists():
            keep.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _link_or_copy(path, keep)
        near.replace(path)
    finally:
        near.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _leave_wal(path: Path) -> None:
    """Bring all of the write-ahead log into the file, which works for the last user only."""
    if not path.exists():
        return
    beside = [path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal")]
    try:
        with closing(pysqlite3.connect(str(path), timeout=5.0, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except pysqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (5, 6):
            raise Locked(
                _("The database %(path)s is in use.") % {"path": str(path)},
                _("Stop `kontora serve`, its workers and other programs, then try again."),
            ) from error
    except pysqlite3.DatabaseError:
        pass  # a damaged file is what a restore is for
    for each in beside:
        each.unlink(missing_ok=True)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        target.chmod(0o600)


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# PostgreSQL


def replace_postgresql(database: Database, staged: Path) -> None:
    """Drop all tables and bring those of the dump, in one transaction: all of it, or nothing."""
    with database.read_engine.connect() as connection:
        names = inspect(connection).get_table_names()
        quote = connection.dialect.identifier_preparer.quote
        tables = ", ".join(quote(name) for name in names)
    database.dispose()
    script, before = staged.with_suffix(".sql"), staged.with_suffix(".drop.sql")
    _run(None, "pg_restore", ["--no-owner", "--no-privileges", f"--file={script}", str(staged)])
    drop = [f"DROP TABLE IF EXISTS {tables} CASCADE;"] if tables else []
    lines = ["SET lock_timeout = '30s';", *drop, f"{POSTGRESQL_DROP_DDL} CASCADE;"]
    before.write_text("\n".join(lines) + "\n", encoding="utf-8")
    # The schema itself is there already, and need not belong to this user.
    text = script.read_text(encoding="utf-8")
    script.write_text(text.replace("\nCREATE SCHEMA public;\n", "\n"), encoding="utf-8")
    options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction"]
    _run(database, "psql", [*options, f"--file={before}", f"--file={script}"])


def _run(database: Database | None, program: str, options: Sequence[str]) -> None:
    found = shutil.which(program)
    if found is None:
        raise SettingsError(
            _("The program %(name)s is not installed here.") % {"name": program},
            _("Install the client programs of PostgreSQL, of the server's version or newer."),
        )
    environment = dict(os.environ)
    command = [found, *options]
    if database is not None:
        url = database.url.set(drivername="postgresql")
        if url.password:
            environment["PGPASSWORD"] = str(url.password)
        # In the URL it would be seen in the list of processes.
        bare = url._replace(password=None).render_as_string(hide_password=False)
        command += [f"--dbname={bare}"]
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        raise _failure(program, lines[0])


def _failure(program: str, line: str) -> KontoraError:
    return Conflict(
        _("%(program)s failed: %(cause)s.") % {"program": program, "cause": line.rstrip(".")},
        _("Nothing was changed."),
    )
