"""Empty databases for tests: a file of SQLite, or one on the PostgreSQL server that is named.

`KONTORA_TEST_DATABASE_URL` names a server where databases may be made; the database in the URL
itself is only used to say so.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sqlalchemy import Engine

ENGINES = ("sqlite", "postgresql")
SERVER = "KONTORA_TEST_DATABASE_URL"


def server_url() -> str:
    """The URL of the PostgreSQL server; without one the test is skipped, saying so."""
    url = os.environ.get(SERVER, "")
    if not url:
        pytest.skip(f"{SERVER} is not set: PostgreSQL is not tested")
    return url


def _administration() -> Engine:
    from sqlalchemy import create_engine, make_url

    url = make_url(server_url()).set(drivername="postgresql+psycopg")
    return create_engine(url.set(database=url.database or "postgres"), isolation_level="AUTOCOMMIT")


def make_database(template: str = "template0") -> str:
    """Make a PostgreSQL database, a copy of `template`; return its name."""
    from sqlalchemy import text

    name = f"kontora_test_{uuid.uuid4().hex[:16]}"
    engine = _administration()
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'"))
        # Tests never kill the server: nothing is lost, and commits need not wait for the disk.
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    engine.dispose()
    return name


def drop_database(name: str) -> None:
    """Drop a database of `make_database`, whoever is still connected to it."""
    from sqlalchemy import text

    engine = _administration()
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    engine.dispose()


def url_of(name: str) -> str:
    """The URL of a database on the server, as Kontora takes it."""
    from sqlalchemy import make_url

    url = make_url(server_url()).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


@contextmanager
def fresh_database() -> Iterator[str]:
    """The URL of a PostgreSQL database that is gone after the block."""
    name = make_database("template0")
    try:
        yield url_of(name)
    finally:
        drop_database(name)
