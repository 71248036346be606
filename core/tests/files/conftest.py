"""A site with files, on each engine."""

from __future__ import annotations

import pytest
from file_office import Office

from kontora.lifecycle.site import Site
from kontora.wsgi import create_app


@pytest.fixture(scope="module")
def office(here: Site) -> Office:
    return Office(site=here, app=create_app(here))
