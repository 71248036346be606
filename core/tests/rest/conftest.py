"""Clients of the API: programs with a token each.

Tests of one file share a site per engine. A manager sees only what is his own, so a test whose
result depends on what else is there works as a new manager.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from kontora.lifecycle.site import Site
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import ProgramClient, with_token
from kontora_sdk.testing.people import make_user

Clients = Callable[..., ProgramClient]


@pytest.fixture(scope="module")
def site(here: Site) -> Site:
    return here


@pytest.fixture(scope="module")
def app(site: Site) -> Flask:
    return create_app(site)


@pytest.fixture
def client_of(site: Site, app: Flask) -> Clients:
    """`client_of("manager")`: a program of a new user with this role."""

    def make(role: str, *, scope: str = "write", **more: Any) -> ProgramClient:
        return with_token(app, site, make_user(site, role, **more), scope=scope)

    return make


@pytest.fixture
def admin(client_of: Clients) -> ProgramClient:
    return client_of("administrator")


@pytest.fixture
def manager(client_of: Clients) -> ProgramClient:
    return client_of("manager")
