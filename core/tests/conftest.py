"""Fixtures of the core's tests: one empty database per test, on each engine.

`KONTORA_TEST_DATABASE_URL` names a PostgreSQL server where databases may be made; without it
the PostgreSQL half of the tests is skipped, and says so. Each worker of pytest-xdist has its own
database there, dropped at the end; SQLite files live in the test's own folder.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, make_url, text

from kontora.db.engine import Database
from kontora.lifecycle.site import Site
from kontora_sdk.testing.sites import SiteMaker

sys.path.insert(0, str(Path(__file__).parent))
from small_company import Company, build

ENGINES = ("sqlite", "postgresql")
SERVER = "KONTORA_TEST_DATABASE_URL"
_number = itertools.count()


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


class Sites:
    """`new_site("sqlite")`: a fresh site, a copy of one that was set up once.

    Who is done with it says so by `gone`, which gives back its memory and its database.
    """

    def __init__(self, maker: SiteMaker, homes: Path) -> None:
        self._maker, self._homes = maker, homes
        self._open: list[Site] = []

    def __call__(self, engine: str) -> Site:
        home = self._homes / f"{engine}-{next(_number)}"
        home.mkdir()
        site = self._maker.open(engine, (), home)
        self._open.append(site)
        return site

    def gone(self, site: Site) -> None:
        self._maker.gone(site)
        self._open.remove(site)

    def close(self) -> None:
        for site in list(self._open):
            self.gone(site)


@pytest.fixture(scope="session")
def new_site(
    kontora_site_maker: SiteMaker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sites]:
    """A function that makes a fresh site on an engine."""
    sites = Sites(kontora_site_maker, tmp_path_factory.mktemp("sites"))
    yield sites
    sites.close()


@pytest.fixture(params=ENGINES)
def site(request: pytest.FixtureRequest, new_site: Sites) -> Iterator[Site]:
    """A site with the shipped roles, the root branch and nothing else, on each engine."""
    site = new_site(request.param)
    yield site
    new_site.gone(site)


@pytest.fixture(scope="module", params=ENGINES)
def here(request: pytest.FixtureRequest, new_site: Sites) -> Iterator[Site]:
    """The same for all tests of a module together, which is quicker: each leaves its traces."""
    site = new_site(request.param)
    yield site
    new_site.gone(site)


@pytest.fixture(scope="session", params=ENGINES)
def company(request: pytest.FixtureRequest, new_site: Sites) -> Company:
    """The company of `small_company`, on each engine. Tests leave it as it was."""
    return build(new_site(request.param))
