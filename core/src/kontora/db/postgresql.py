"""PostgreSQL (15 or later, psycopg 3) as Kontora uses it.

Limits on statements and locks are all off by default; every connection of ours sets them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Engine, create_engine, event

from kontora.db.types import to_json
from kontora.errors import SettingsError
from kontora.text import _

OLDEST_SERVER = 15
POOL_SECONDS = 5.0


def make_engines(url: URL, statement_timeout: float) -> tuple[Engine, Engine]:
    """Return (read engine, write engine): one pool, and READ ONLY transactions for readers.

    `statement_timeout` is in seconds.
    """
    options, query = _options(url, statement_timeout)
    engine = create_engine(
        url.set(drivername="postgresql+psycopg", query=query),
        connect_args={"options": options, "connect_timeout": 5, "application_name": "kontora"},
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        json_serializer=to_json,
        pool_size=8,
        max_overflow=8,
        pool_timeout=POOL_SECONDS,
        pool_recycle=1800,
    )
    event.listen(engine, "connect", _check_server)
    return engine.execution_options(postgresql_readonly=True), engine


def _options(url: URL, statement_timeout: float) -> tuple[str, dict[str, Any]]:
    """Our settings, after those that the URL itself has in `options`."""
    settings = {
        "statement_timeout": f"{int(statement_timeout * 1000)}ms",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "30s",
        "timezone": "UTC",
    }
    query = dict(url.query)
    given = query.pop("options", "")
    ours = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return f"{ours} {given if isinstance(given, str) else ' '.join(given)}".strip(), query


def _check_server(connection: Any, _record: Any) -> None:
    info = connection.info
    if info.server_version // 10000 < OLDEST_SERVER:
        raise SettingsError(
            _("The database server is PostgreSQL %(version)s, which is too old.")
            % {"version": info.server_version // 10000},
            _("Kontora needs PostgreSQL 15 or later: upgrade the server."),
        )
    encoding = info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise SettingsError(
            _("The database has the encoding %(encoding)s.") % {"encoding": str(encoding)},
            _("Make the database anew with ENCODING 'UTF8'."),
        )
