"""How much may be kept: all files of the site together, and those that one user adds in a day.

Files in the bin count, since their bytes are kept; what was deleted for good does not. A day is
one of UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from kontora import limits
from kontora.access.session import ScopedSession
from kontora.errors import TooLarge, TooMany
from kontora.records.files.models import File
from kontora.text import _

DOOR = {"door": "files"}
# The advisory lock of PostgreSQL under which sizes are summed up; SQLite has one writer anyway.
LOCK = 0x4B6F6E02
_file: Any = File.__table__


def check(session: ScopedSession, more: int) -> None:
    """Raise TooLarge or TooMany unless so many bytes more may be kept."""
    most = limits.current()
    if _sum(session) + more > most.files_bytes:
        raise TooLarge(
            _("All files of this site together may have %(n)s. Nothing was kept.")
            % {"n": _size(most.files_bytes)},
            _("Delete files for good, or have %(name)s raised by who runs the server.")
            % {"name": f"{limits.PREFIX}FILES_BYTES"},
        )
    me = session.principal.user_id
    if me is None:
        return
    now = session.now.astimezone(UTC)
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC)
    today = (_file.c.made_by_id == me) & (_file.c.created_at >= midnight)
    if _sum(session, today) + more > most.user_files_day_bytes:
        raise TooMany(
            _("One user may add files of %(n)s a day. Nothing was kept.")
            % {"n": _size(most.user_files_day_bytes)},
            _("Go on tomorrow, or have %(name)s raised by who runs the server.")
            % {"name": f"{limits.PREFIX}USER_FILES_DAY_BYTES"},
            retry_after=max(1, int((midnight + timedelta(days=1) - now).total_seconds())),
        )


def take(session: ScopedSession, more: int) -> None:
    """The same within the transaction that adds the files: those who add at the same moment wait
    for each other, so that the limit holds for all of them together."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK)), execution_options=DOOR)
    check(session, more)


def _sum(session: ScopedSession, *which: Any) -> int:
    statement = select(func.coalesce(func.sum(_file.c.size), 0)).where(*which)
    return int(session.execute(statement, execution_options=DOOR).scalar_one())


def _size(figure: int) -> str:
    for unit, name in ((limits.GIGA, "GB"), (limits.MEGA, "MB"), (limits.KILO, "kB")):
        if figure >= unit and figure % unit == 0:
            return f"{figure // unit} {name}"
    return f"{figure} B"
