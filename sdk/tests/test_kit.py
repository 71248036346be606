"""The test kit gives each test a site of its own, on both engines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from kontora.access.principal import Principal, system
from kontora.errors import KontoraError
from kontora.lifecycle.site import Site
from kontora.records.service import Query, list_records
from kontora_sdk.testing.clients import PersonClient, ProgramClient

Limit = Callable[[int], AbstractContextManager[list[str]]]


def names(site: Site, principal: Principal) -> list[str]:
    with site.read(principal) as session:
        contacts = session.registry.record_type("contacts")
        return [
            str(item["display_name"]) for item in list_records(session, contacts, Query()).items
        ]


@pytest.mark.parametrize("attempt", [1, 2])
def test_each_test_begins_with_an_empty_site(
    kontora_site: Site, party_factory: Callable[..., UUID], attempt: int
) -> None:
    assert names(kontora_site, system("test")) == []
    party_factory(family=f"Petrova {attempt}")
    assert names(kontora_site, system("test")) == [f"Petrova {attempt}"]


def test_the_site_is_on_the_engine_that_is_named(kontora_site: Site, kontora_engine: str) -> None:
    assert kontora_site.database.dialect == kontora_engine


def test_a_manager_sees_what_he_made(
    kontora_site: Site,
    user_factory: Callable[..., Principal],
    party_factory: Callable[..., UUID],
) -> None:
    manager = user_factory("manager")
    party_factory(family="Own", by=manager)
    party_factory(family="Foreign")
    assert names(kontora_site, manager) == ["Own"]


def test_a_user_without_a_role_sees_nothing(
    kontora_site: Site,
    user_factory: Callable[..., Principal],
    party_factory: Callable[..., UUID],
) -> None:
    party_factory()
    with kontora_site.read(user_factory("")) as session:
        contacts = session.registry.record_type("contacts")
        try:
            found = list(list_records(session, contacts, Query()).items)
        except KontoraError:
            found = []
    assert found == []


def test_a_visitor_is_asked_to_sign_in(kontora_client: FlaskClient) -> None:
    assert kontora_client.get("/contacts").status_code in (302, 303)
    assert kontora_client.get("/api/v1/contacts").status_code == 401


def test_a_program_acts_with_the_rights_of_its_user(
    api_as: Callable[..., ProgramClient], party_factory: Callable[..., UUID]
) -> None:
    program = api_as("manager")
    party_factory(family="Foreign")
    party_factory(family="Own", by=program.principal)
    items = program.get("/api/v1/contacts").json["items"]
    assert [item["display_name"] for item in items] == ["Own"]


def test_a_person_sends_the_token_of_the_page_unless_told_otherwise(
    as_role: Callable[..., PersonClient],
) -> None:
    manager = as_role("manager")
    assert manager.get("/contacts").status_code == 200
    unprotected = as_role(manager.principal, csrf=False)
    assert unprotected.post("/sign-out").status_code == 400
    assert manager.post("/sign-out").status_code in (200, 302, 303)


def test_jobs_run_here_and_now(run_jobs: Callable[..., dict[str, int]]) -> None:
    assert run_jobs().get("failed", 0) == 0


def test_a_budget_of_statements_is_kept(kontora_site: Site, assert_queries: Limit) -> None:
    with assert_queries(1), kontora_site.database.read_engine.connect() as connection:
        connection.execute(select(1))
    with pytest.raises(AssertionError, match="2 statements, at most 1"):
        send_two(kontora_site, assert_queries(1))


def send_two(site: Site, limit: AbstractContextManager[list[str]]) -> None:
    with limit, site.database.read_engine.connect() as connection:
        connection.execute(select(1))
        connection.execute(select(1))


def test_the_plugin_does_not_import_the_core_before_coverage_starts() -> None:
    probe = (
        "import sys, kontora_sdk.testing.plugin\n"
        "print([name for name in sys.modules if name == 'kontora' or name.startswith('kontora.')])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
