"""The pytest plugin `kontora`. It imports the core only when a fixture is asked for.

Were the core imported here, pytest would load it before coverage starts to count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from kontora_sdk.testing import databases, people, queries
from kontora_sdk.testing.sites import SiteMaker

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from kontora.access.principal import Principal
    from kontora.lifecycle.site import Site
    from kontora_sdk.testing.clients import PersonClient, ProgramClient


def pytest_configure(config: pytest.Config) -> None:
    """Make the kit's marker known."""
    config.addinivalue_line(
        "markers", "kontora_plugins(*names): the plugins that are enabled in `kontora_site`"
    )


@pytest.fixture(scope="session")
def kontora_site_maker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteMaker]:
    """Keeps the originals of sites for the whole run."""
    maker = SiteMaker(tmp_path_factory.mktemp("kontora-originals"))
    yield maker
    maker.close()


@pytest.fixture(params=databases.ENGINES)
def kontora_engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn; PostgreSQL is skipped when no server is named."""
    engine = str(request.param)
    if engine == "postgresql":
        databases.server_url()
    return engine


@pytest.fixture
def kontora_site(
    request: pytest.FixtureRequest,
    kontora_engine: str,
    kontora_site_maker: SiteMaker,
    tmp_path: Path,
) -> Iterator[Site]:
    """A site with an empty database, on each engine in turn.

    `@pytest.mark.kontora_plugins("hello")` says which plugins are enabled in it.
    """
    marker = request.node.get_closest_marker("kontora_plugins")
    plugins = tuple(marker.args) if marker else ()
    home = tmp_path / "home"
    home.mkdir()
    with kontora_site_maker.site(kontora_engine, plugins, home) as site:
        yield site


@pytest.fixture
def user_factory(kontora_site: Site) -> Callable[..., Principal]:
    """`user_factory("manager", branch=..., teams=[...])`: the principal of a new user."""

    def make(role: str, **more: Any) -> Principal:
        return people.make_user(kontora_site, role, **more)

    return make


@pytest.fixture
def kontora_app(kontora_site: Site) -> Flask:
    """The web application of the site: pages and REST API."""
    from kontora.wsgi import create_app

    return create_app(kontora_site)


@pytest.fixture
def kontora_client(kontora_app: Flask) -> FlaskClient:
    """A visitor: nobody has signed in."""
    return kontora_app.test_client()


@pytest.fixture
def as_role(
    kontora_app: Flask, kontora_site: Site, user_factory: Callable[..., Principal]
) -> Callable[..., PersonClient]:
    """`as_role("manager")`: a browser signed in as a new user; `as_role(principal)`: as this one.

    The client knows its `principal`. `csrf=False` leaves out the token that pages send.
    """

    def sign_in(who: str | Principal, *, csrf: bool = True, **more: Any) -> PersonClient:
        from kontora_sdk.testing.clients import signed_in

        principal = user_factory(who, **more) if isinstance(who, str) else who
        return signed_in(kontora_app, kontora_site, principal, csrf=csrf)

    return sign_in


@pytest.fixture
def api_as(
    kontora_app: Flask, kontora_site: Site, user_factory: Callable[..., Principal]
) -> Callable[..., ProgramClient]:
    """`api_as("manager", scope="read")`: a program with a token of a new user, or of this one."""

    def connect(who: str | Principal, *, scope: str = "write", **more: Any) -> ProgramClient:
        from kontora_sdk.testing.clients import with_token

        principal = user_factory(who, **more) if isinstance(who, str) else who
        return with_token(kontora_app, kontora_site, principal, scope=scope)

    return connect


@pytest.fixture
def party_factory(kontora_site: Site) -> Callable[..., UUID]:
    """`party_factory(family="Petrova", by=principal)`: the id of a new party."""

    def make(*, by: Principal | None = None, **fields: Any) -> UUID:
        return people.make_party(kontora_site, by, fields)

    return make


@pytest.fixture
def run_jobs(kontora_site: Site) -> Callable[..., dict[str, int]]:
    """`run_jobs()`: deliver events and run what is due, here and now; counts by outcome."""

    def run(**options: Any) -> dict[str, int]:
        from kontora.work.runner import run_pending

        return run_pending(kontora_site.work_site(), **options)

    return run


@pytest.fixture
def assert_queries(kontora_site: Site) -> Callable[[int], AbstractContextManager[list[str]]]:
    """`with assert_queries(5): ...` fails when more than five statements are sent."""

    def limit(at_most: int) -> AbstractContextManager[list[str]]:
        return queries.at_most(kontora_site.database, at_most)

    return limit
