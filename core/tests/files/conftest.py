"""A site with files, on each engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from file_office import Office

from kontora.lifecycle.site import Site
from kontora.wsgi import create_app


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def office(request: pytest.FixtureRequest, new_site: Callable[[str], Site]) -> Iterator[Office]:
    site = new_site(request.param)
    yield Office(site=site, app=create_app(site))
    site.close()
