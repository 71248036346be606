"""PostgreSQL (15 or later, psycopg 3) as Kontora uses it.

Limits on statements and locks are all off by default; every connection of ours sets them.
"""

from __future__ import annotations

import select
import time
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event

from kontora import limits
from kontora.db.types import to_json
from kontora.errors import SettingsError, Unreachable
from kontora.text import _

OLDEST_SERVER = 15
POOL_SECONDS = 5.0
PING_AFTER = 2.0
# A server or network that falls silent is noticed in seconds, not in the kernel's two hours.
_WIRE = {
    "connect_timeout": 4,
    "tcp_user_timeout": 4000,  # milliseconds
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}


def make_engines(
    url: URL, statement_timeout: float, *, standby: bool = False
) -> tuple[Engine, Engine]:
    """Return (read engine, write engine): one pool, and READ ONLY transactions for readers.

    `statement_timeout` is in seconds. Without `standby` a server that follows another is refused.
    """
    options, query = _options(url, statement_timeout)
    engine = create_engine(
        url.set(drivername="postgresql+psycopg", query=query),
        connect_args={"options": options, "application_name": "kontora", **_WIRE},
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        json_serializer=to_json,
        pool_size=8,
        max_overflow=8,
        pool_timeout=POOL_SECONDS,
        pool_recycle=1800,
    )
    event.listen(engine, "connect", _check_server)
    if not standby:
        event.listen(engine, "connect", _check_writable)
    _ping_rarely(engine)
    return engine.execution_options(postgresql_readonly=True), engine


def _ping_rarely(engine: Engine) -> None:
    """Ask a connection whether it lives only when it was idle for a while, or when the server has
    sent something: its farewell, most likely. A question costs a whole exchange with the server."""
    dialect: Any = engine.dialect
    ask = dialect.do_ping

    def used(connection: Any, _record: Any) -> None:
        if connection is not None:
            connection._kontora_used = time.monotonic()

    def ping(connection: Any) -> bool:
        idle = time.monotonic() - getattr(connection, "_kontora_used", float("-inf"))
        return (idle < PING_AFTER and not _has_word(connection)) or bool(ask(connection))

    event.listen(engine, "checkin", used)
    dialect.do_ping = ping


def _has_word(connection: Any) -> bool:
    if not hasattr(select, "poll"):  # Windows
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _options(url: URL, statement_timeout: float) -> tuple[str, dict[str, Any]]:
    """Our settings, after those that the URL itself has in `options`."""
    settings = {
        "statement_timeout": f"{int(statement_timeout * 1000)}ms",
        "lock_timeout": f"{limits.current().lock_seconds}s",
        "idle_in_transaction_session_timeout": f"{limits.current().idle_transaction_seconds}s",
        "timezone": "UTC",
        # Compiling a statement pays for long ones only; ours are short and many.
        "jit": "off",
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


def _check_writable(connection: Any, _record: Any) -> None:
    """While a standby takes over, the address may lead to it before it has been promoted: to wait
    for it is another thing than a write that fails."""
    if connection.info.parameter_status("in_hot_standby") == "on":
        raise Unreachable(
            _("The database server is a standby, which cannot be written to."),
            _("Promote it, or let KONTORA_DATABASE_URL lead to the primary."),
        )
