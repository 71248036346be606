"""The engines: the only place where connections to the database are made.

Plugins never build engines. With the driver's default transactions SQLite loses updates
silently (216 of 600 increments by four processes were kept), so writers begin with a lock.
"""

from __future__ import annotations

import errno
import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pysqlite3
from sqlalchemy import URL, Engine, event, exc, make_url, text
from sqlalchemy.engine import ExceptionContext

from kontora import limits
from kontora.db import generations, postgresql, sqlite, watch
from kontora.errors import Full, KontoraError, SettingsError, Unreachable
from kontora.text import _

WEB_STATEMENT_SECONDS = float(limits.current().statement_seconds)
WORKER_STATEMENT_SECONDS = float(limits.current().job_statement_seconds)

# SQLSTATE: lock not available, serialisation failure, deadlock.
_BUSY_STATES = {"55P03", "40001", "40P01"}
# Server shutting down, crashed or starting, session ended by it, too many connections.
_LOST_STATES = {"57P01", "57P02", "57P03", "57P05", "25P03", "53300"}
# A statement that the server cancelled: time limit, conflict on a standby.
_CANCELLED = "57014"
_FULL_ERRNO = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_STATE = "53100"  # disk full
_FULL_CODE = 13  # SQLITE_FULL
_IO_CODE = 10  # SQLITE_IOERR: the disk does not do what it is told
_BUSY_CODES = {5, 6}  # SQLITE_BUSY, SQLITE_LOCKED (low byte of the extended code)


class Database:
    """The database of one site: a read engine, a write engine, and what is known about them.

    SQLite: `read_engine` cannot write, `write_engine` takes the write lock at begin.
    PostgreSQL: both share one pool; transactions of `read_engine` are READ ONLY.
    `statement_timeout` in seconds holds on PostgreSQL; workers pass `WORKER_STATEMENT_SECONDS`.
    `standby`: the server follows another one and is only read from.
    """

    def __init__(
        self,
        url: str,
        *,
        home: Path | None = None,
        statement_timeout: float = WEB_STATEMENT_SECONDS,
        standby: bool = False,
    ) -> None:
        self.url: URL = _parsed(url)
        self.path: Path | None = None
        self.sqlite_version: str | None = None
        self.wal_safe = True
        self._abandoned: list[object] = []
        if self.url.drivername == "sqlite":
            self.dialect = "sqlite"
            self.path = sqlite.database_path(self.url)
            self.sqlite_version = pysqlite3.sqlite_version
            self.wal_safe = sqlite.wal_is_safe(pysqlite3.sqlite_version_info)
            engines = sqlite.make_engines(self.path, wal=self.wal_safe)
        else:
            self.dialect = "postgresql"
            engines = postgresql.make_engines(self.url, statement_timeout, standby=standby)
        self.read_engine: Engine = engines[0]
        self.write_engine: Engine = engines[1]
        self.home: Path = home or (self.path.parent if self.path else Path("var"))
        for engine in self._engines():
            event.listen(engine, "handle_error", self._explain)
            watch.watch(engine)
        generations.watch(self.write_engine)
        _databases.add(self)

    def __repr__(self) -> str:
        return f"Database({self.url.render_as_string(hide_password=True)!r})"

    def _engines(self) -> tuple[Engine, ...]:
        one_pool = self.dialect == "postgresql"
        return (self.write_engine,) if one_pool else (self.read_engine, self.write_engine)

    def dispose(self) -> None:
        """Close every idle connection; the object stays usable."""
        for engine in self._engines():
            engine.dispose()

    def after_fork(self) -> None:
        """Forget connections that belong to the parent process, without closing them.

        Runs by itself in the child of `os.fork()`. The old pools are kept alive: a connection
        that is garbage-collected here would close the one of the parent.
        """
        for engine in self._engines():
            self._abandoned.append(engine.pool)
            engine.dispose(close=False)

    def check(self) -> None:
        """Connect once. Raises `Unreachable` or `SettingsError` with the remedy."""
        with self.read_engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def refresh_statistics(self) -> None:
        """Let PostgreSQL count its rows now. By itself it does so minutes after many have come,
        and until then plans as if there were none: a filtered list took ten times as long. When
        it does not come to it in time, nothing is lost."""
        if self.dialect == "postgresql":
            with suppress(KontoraError, exc.DBAPIError), self.write_engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))

    def problems(self) -> list[str]:
        """What is wrong with the database or its settings, a sentence each, for `doctor`."""
        try:
            self.check()
        except KontoraError as error:
            return [str(error)]
        return self._sqlite_problems() if self.path else self._postgresql_problems()

    def _sqlite_problems(self) -> list[str]:
        found: list[object] = []
        if not self.wal_safe:
            found.append(
                _(
                    "SQLite %(version)s may corrupt a database in WAL mode, so the slower rollback"
                    " journal is used. Install a newer pysqlite3 (SQLite 3.51.3 or later)."
                )
                % {"version": self.sqlite_version}
            )
        if "_sqlite3" in sys.modules:
            found.append(
                _(
                    "The standard library's SQLite is loaded beside ours. Find the plugin that"
                    " imports sqlite3 and disable it; two libraries can corrupt the database."
                )
            )
        if self.path and sqlite.on_network(self.path):
            found.append(
                _("%(path)s is on a network file system. Move it to a local disk.")
                % {"path": str(self.path)}
            )
        return [str(sentence) for sentence in found]

    def _postgresql_problems(self) -> list[str]:
        found: list[object] = []
        with self.read_engine.connect() as connection:
            if connection.scalar(text("SHOW fsync")) == "off":
                found.append(_("The server runs with fsync off: a power cut may destroy the data."))
            if connection.scalar(text("SHOW lock_timeout")) == "0":
                found.append(
                    _("The server or a pooler ignores our time limits. Connect without the pooler.")
                )
        return [str(sentence) for sentence in found]

    def _explain(self, context: ExceptionContext) -> None:
        """Say what to do when there is no connection; other errors stay as they are."""
        if context.connection is not None or not isinstance(
            context.sqlalchemy_exception, exc.OperationalError
        ):
            return
        if is_database_busy(context.original_exception):
            return
        where = self.url.render_as_string(hide_password=True)
        remedy = (
            _("See that the file and its folder may be read and written by this user.")
            if self.path
            else _("See that the server runs and that KONTORA_DATABASE_URL is right.")
        )
        raise Unreachable(
            _("The database %(url)s cannot be reached: %(cause)s")
            % {"url": where, "cause": _one_line(context.original_exception)},
            remedy,
        ) from context.original_exception


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") + "."


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise SettingsError(
            _("The database URL cannot be read."),
            _("Write sqlite:///<file> or postgresql://<user>@<host>/<database>."),
        ) from error
    kind = parsed.drivername.partition("+")[0]
    if kind == "sqlite":
        return parsed.set(drivername="sqlite")
    if kind in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise SettingsError(
        _("“%(kind)s” is not a database that Kontora knows.") % {"kind": kind},
        _("Use SQLite (sqlite:///<file>) or PostgreSQL (postgresql://...)."),
    )


def is_database_busy(error: BaseException) -> bool:
    """Whether trying the whole transaction again may succeed: lock timeout, deadlock, conflict."""
    for seen in _causes(error):
        if isinstance(seen, exc.TimeoutError) or getattr(seen, "sqlstate", None) in _BUSY_STATES:
            return True
        code: Any = getattr(seen, "sqlite_errorcode", None)
        if isinstance(code, int) and code & 0xFF in _BUSY_CODES:
            return True
    return False


def is_database_away(error: BaseException) -> bool:
    """Whether the server went away or cut the statement off, or the disk failed: a later try may
    succeed."""
    return is_connection_lost(error) or any(
        getattr(seen, "sqlstate", None) == _CANCELLED
        or (getattr(seen, "sqlite_errorcode", None) or 0) & 0xFF == _IO_CODE
        for seen in _causes(error)
    )


def is_disk_full(error: BaseException) -> bool:
    """Whether there was no room: for the database, for a file, or by the quota of the user."""
    for seen in _causes(error):
        if isinstance(seen, OSError) and seen.errno in _FULL_ERRNO:
            return True
        if isinstance(seen, Full) or getattr(seen, "sqlstate", None) == _FULL_STATE:
            return True
        code: Any = getattr(seen, "sqlite_errorcode", None)
        if isinstance(code, int) and code & 0xFF == _FULL_CODE:
            return True
    return False


def is_connection_lost(error: BaseException) -> bool:
    """Whether there is no connection, or there is none any more.

    A statement that got no answer may have been carried out; after a COMMIT nobody can tell.
    """
    for seen in _causes(error):
        if isinstance(seen, Unreachable) or getattr(seen, "connection_invalidated", False):
            return True
        if isinstance(seen, psycopg.OperationalError | psycopg.InterfaceError):
            state = seen.sqlstate
            # Without a state the driver itself found the connection broken.
            if state is None or state in _LOST_STATES or state.startswith("08"):
                return True
        elif getattr(seen, "sqlstate", None) in _LOST_STATES:
            return True
    return False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it came from."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        original = getattr(seen, "orig", None)
        seen = original if isinstance(original, BaseException) else seen.__cause__


_databases: weakref.WeakSet[Database] = weakref.WeakSet()


def _forget_connections() -> None:
    for database in list(_databases):
        database.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_connections)
