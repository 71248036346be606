"""A small database with the tables of work and a ledger, on both engines."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from kontora.db.base import Base
from kontora.db.engine import Database
from kontora.work import models

sys.path.insert(0, str(Path(__file__).parent))
import work_ledger

SERVER = os.environ.get("KONTORA_TEST_DATABASE_URL", "")
TABLES = [
    each.__table__ for each in (models.OutboxEvent, models.Job, models.ScheduleRun, models.Throttle)
]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, which is gone after the test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'work.sqlite'}"
        return
    if not SERVER:
        pytest.skip("KONTORA_TEST_DATABASE_URL is not set")
    name = f"kontora_work_{uuid.uuid4().hex[:12]}"
    server = make_url(SERVER).set(drivername="postgresql+psycopg")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def database(url: str, tmp_path: Path) -> Iterator[Database]:
    database = Database(url, home=tmp_path)
    with database.write_engine.begin() as connection:
        Base.metadata.create_all(connection, tables=TABLES)
        work_ledger.metadata.create_all(connection)
    yield database
    database.dispose()
