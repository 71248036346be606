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
    from kontora.access.principal import Principal
    from kontora.lifecycle.site import Site


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
