"""The generation of a site: a number that grows when the set of plugins changes.

It stands in the database, written with the change itself, so that the servers of all machines
see both or neither. A running supervisor looks at it every second and brings up new processes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from kontora import clock
from kontora.access.models import SiteState
from kontora.access.principal import system
from kontora.db.engine import Database

if TYPE_CHECKING:
    from kontora.lifecycle.site import Site

KEY = "generation"
DOOR = {"door": "administration"}
LOOK_SECONDS = 1.0
_state: Any = SiteState.__table__
_logger = logging.getLogger("kontora.generation")


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


def bump(site: Site) -> int:
    """Start the next generation of a site by itself: its processes are all replaced."""
    with site.write(system("generation")) as session:
        return advance(session)


def watch(database: Database, then: Callable[[], None]) -> None:
    """Call `then`, in a thread, whenever the generation is another than before. A database that is
    away says nothing and is asked again."""
    known = current(database)

    def look() -> None:
        nonlocal known
        while True:
            time.sleep(LOOK_SECONDS)
            try:
                found = current(database)
            except Exception as error:
                _logger.debug("The generation cannot be read: %s", error)
                continue
            if found != known:
                known = found
                then()

    threading.Thread(target=look, daemon=True, name="generation").start()
