"""A site with the people of `search_people` and some hundreds of generated ones, on each engine."""

from __future__ import annotations

from typing import Any

import pytest
from search_crowd import crowd, fill
from search_people import inputs

from kontora.lifecycle.site import Site


@pytest.fixture(scope="session", params=("sqlite", "postgresql"))
def known(request: pytest.FixtureRequest, new_site: Any) -> Site:
    """the people of `search_people` among 150 others. Tests leave it as it was."""
    return fill(new_site(request.param), [*inputs(), *crowd(150)])


@pytest.fixture(scope="session")
def both(new_site: Any) -> tuple[Site, Site]:
    """The same 250 records on SQLite and on PostgreSQL."""
    rows = [*inputs(), *crowd(200)]
    return fill(new_site("sqlite"), rows), fill(new_site("postgresql"), rows)
