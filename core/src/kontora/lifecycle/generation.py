"""The generation of a site: a number that grows when the set of plugins changes.

It stands in the database, written with the change itself, so that the servers of all machines
see both or neither. A running supervisor looks at it every second and brings up new processes.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from kontora import clock
from kontora.access.models import SiteState
from kontora.db.engine import Database

KEY = "generation"
DOOR = {"door": "administration"}
_state: Any = SiteState.__table__
_FILE = "generation"


def current(database: Database) -> int:
    """The present generation of the site in this database; 0 before the first change.

    Gives the connection back for good: a restored database may be another file.
    """
    try:
        with database.read_engine.connect() as connection:
            found = connection.scalar(select(_state.c.value).where(_state.c.key == KEY))
    finally:
        if database.path is not None:
            database.dispose()
    return int(found) if isinstance(found, int) else 0


def advance(session: Any) -> int:
    """Start the next generation with the transaction of `session`; return its number."""
    found = session.execute(
        select(_state.c.value).where(_state.c.key == KEY).with_for_update(), execution_options=DOOR
    ).first()
    if found is None:
        row = {"key": KEY, "value": 1, "updated_at": clock.now()}
        session.execute(insert(_state), [row], execution_options=DOOR)
        return 1
    number = int(found[0]) + 1
    session.execute(
        update(_state).where(_state.c.key == KEY).values(value=number, updated_at=clock.now()),
        execution_options=DOOR,
    )
    return number


def bump(site: Any) -> int:
    """Start the next generation of a site by itself: its processes are all replaced."""
    from kontora.access.principal import system

    if isinstance(site, Path):
        return bump_file(site)
    with site.write(system("generation")) as session:
        return advance(session)


def read(home: Path) -> int:
    """The present generation of the site in `home`; 0 before the first change."""
    try:
        return int((home / _FILE).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0


def bump_file(home: Path) -> int:
    """Start the next generation and return its number. The file is never seen half written."""
    number = read(home) + 1
    handle, name = tempfile.mkstemp(dir=home, prefix=_FILE)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{number}\n")
    Path(name).replace(home / _FILE)
    return number
