"""Fixtures of the core's tests: one empty database per test, on each engine.

`KONTORA_TEST_DATABASE_URL` names a PostgreSQL server where databases may be made; without it
the PostgreSQL half of the tests is skipped, and says so. Each worker of pytest-xdist has its own
database there, dropped at the end; SQLite files live in the test's own folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, make_url, text

from kontora.db.engine import Database

ENGINES = ("sqlite", "postgresql")
SERVER = "KONTORA_TEST_DATABASE_URL"


def _administration(url: URL) -> Engine:
    return create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL database of this test worker alone, dropped at the end."""
    server = os.environ.get(SERVER)
    if not server:
        pytest.skip(f"{SERVER} is not set: PostgreSQL is not tested")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"kontora_test_{os.getpid()}_{worker}"
    url = make_url(server)
    url = url if url.database else url.set(database="postgres")
    administration = _administration(url)
    with administration.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
    yield url.set(database=name).render_as_string(hide_password=False)
    with administration.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    administration.dispose()


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database; tests that use it run once per engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'kontora.sqlite3'}"
    url: str = request.getfixturevalue("postgresql_url")
    administration = _administration(make_url(url))
    with administration.connect() as connection:
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    administration.dispose()
    return url


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """An empty `Database` whose home is the test's folder."""
    database = Database(database_url, home=tmp_path)
    yield database
    database.dispose()
