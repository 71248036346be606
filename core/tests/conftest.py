"""Fixtures of the core's tests: one empty database per test, on each engine.

`KONTORA_TEST_DATABASE_URL` names a PostgreSQL server where databases may be made; without it
the PostgreSQL half of the tests is skipped, and says so. Each worker of pytest-xdist has its own
database there, dropped at the end; SQLite files live in the test's own folder.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, make_url, text

from kontora.db.engine import Database
from kontora.lifecycle.install import init
from kontora.lifecycle.site import Site
from kontora.settings import Settings

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


Sites = Callable[[str], Site]


@pytest.fixture(scope="session")
def new_site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sites]:
    """A function that makes a fresh site on an engine: a copy of one that was set up once."""
    homes = tmp_path_factory.mktemp("sites")
    templates: dict[str, str] = {}
    made: list[Site] = []

    def make(engine: str) -> Site:
        if engine not in templates:
            templates[engine] = _template(request, engine, homes / f"{engine}-template")
        home = homes / f"{engine}-{len(made)}"
        home.mkdir()
        site = Site(_settings(home, _copy(engine, templates[engine], home)))
        made.append(site)
        return site

    yield make
    for site in made:
        site.close()
    if "postgresql" in templates:
        _drop_sites(templates["postgresql"])


@pytest.fixture(params=ENGINES)
def site(request: pytest.FixtureRequest, new_site: Sites) -> Iterator[Site]:
    """A site with the shipped roles, the root branch and nothing else, on each engine."""
    site = new_site(request.param)
    yield site
    site.close()


@pytest.fixture(scope="session", params=ENGINES)
def company(request: pytest.FixtureRequest, new_site: Sites) -> Company:
    """The company of `small_company`, on each engine. Tests leave it as it was."""
    return build(new_site(request.param))


def _settings(home: Path, url: str) -> Settings:
    return Settings(home=home, database_url=url, secret_key="s" * 40)


def _template(request: pytest.FixtureRequest, engine: str, home: Path) -> str:
    """Set up the site that others are copied from; return its file or the name of its database."""
    home.mkdir(exist_ok=True)  # a skip for want of a server leaves it
    if engine == "sqlite":
        file = home / "kontora.sqlite3"
        url, found = f"sqlite:///{file}", str(file)
    else:
        found = f"{make_url(request.getfixturevalue('postgresql_url')).database}_t"
        url = _make(found, "template0")
    site = Site(_settings(home, url))
    init(site)
    # The last connection that closes brings the log of SQLite into the file.
    site.close()
    return found


def _copy(engine: str, template: str, home: Path) -> str:
    if engine == "sqlite":
        shutil.copyfile(template, home / "kontora.sqlite3")
        return f"sqlite:///{home / 'kontora.sqlite3'}"
    return _make(f"{template}{next(_number)}", template)


def _make(name: str, template: str) -> str:
    server = make_url(os.environ[SERVER])
    administration = _administration(server)
    with administration.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'"))
        # Tests kill programs, never the server: nothing is lost, and commits need not wait.
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    administration.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


def _drop_sites(template: str) -> None:
    administration = _administration(make_url(os.environ[SERVER]))
    with administration.connect() as connection:
        names = connection.execute(
            text("SELECT datname FROM pg_database WHERE starts_with(datname, :template)"),
            {"template": template},
        )
        for name in list(names.scalars()):
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    administration.dispose()
