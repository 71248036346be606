"""Every refusal says which right is missing, in words, and who can give it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from web_pages import words

from kontora.lifecycle.site import Site
from kontora_sdk.testing.people import make_user

ASK = "An administrator can grant it to one of your roles."
# Address, and the right that its refusal names.
PAGES = [
    ("/admin/users", "“Manage users, teams and branches”"),
    ("/admin/settings", "“Change settings”"),
    ("/branches/new", "“create” for “Branches”"),
]


@pytest.fixture
def name_of_admin(kontora_site: Site) -> str:
    return make_user(kontora_site, "administrator").name


@pytest.mark.parametrize(("address", "right"), PAGES)
def test_a_page_names_the_right_and_who_gives_it(
    as_role: Callable[..., Any], name_of_admin: str, address: str, right: str
) -> None:
    answer = as_role("auditor").get(address)
    assert answer.status_code == 403
    page = words(answer.text)
    assert right in page
    assert f"{ASK} Ask {name_of_admin}." in page


def test_many_administrators_are_not_listed(
    kontora_site: Site, as_role: Callable[..., Any], name_of_admin: str
) -> None:
    others = [make_user(kontora_site, "administrator") for _each in range(3)]
    page = words(as_role("manager").get("/admin/users").text)
    assert ASK in page
    assert not [each for each in [name_of_admin, *(o.name for o in others)] if each in page]


def test_a_problem_document_says_the_same(
    api_as: Callable[..., Any], as_role: Callable[..., Any], name_of_admin: str
) -> None:
    answer = api_as("auditor").post("/api/v1/contacts", json={"family": "A"})
    assert answer.status_code == 403
    assert answer.json["right"] == "person.create"
    assert "“create” for “Contacts”" in answer.json["detail"]
    assert answer.json["remedy"] == f"{ASK} Ask {name_of_admin}."


def test_who_cannot_edit_a_record_may_ask_why(
    as_role: Callable[..., Any], records: Any, name_of_admin: str
) -> None:
    contact = records.make("contacts", {"family": "Petrova"})
    client = as_role("auditor")
    page = client.get(f"/contacts/{contact}").text
    for verb in ("edit", "delete"):
        assert f"/contacts/{contact}/why/{verb}" in page
        answer = client.get(f"/contacts/{contact}/why/{verb}")
        assert answer.status_code == 200
        assert f"“{verb}” for “Contacts”" in answer.text
        assert name_of_admin in answer.text


def test_who_may_is_not_asked_to_wonder(as_role: Callable[..., Any], records: Any) -> None:
    contact = records.make("contacts", {"family": "Petrova"})
    client = as_role("administrator")
    assert "/why/" not in client.get(f"/contacts/{contact}").text
    answer = client.get(f"/contacts/{contact}/why/edit")
    assert answer.headers["Location"] == f"/contacts/{contact}"


def test_of_a_record_that_one_may_not_see_nothing_is_said(
    as_role: Callable[..., Any], records: Any, user_factory: Callable[..., Any]
) -> None:
    secret = records.make("contacts", {"family": "Secret"}, user_factory("manager"))
    client = as_role("manager")
    hidden = client.get(f"/contacts/{secret}/why/edit")
    unknown = client.get(f"/contacts/{uuid4()}/why/edit")
    assert hidden.status_code == unknown.status_code == 404
    for answer in (hidden, unknown):
        assert "Secret" not in answer.text
        assert "right" not in words(answer.text).split("Not found.")[1].split("Back")[0]


def test_a_visitor_learns_no_names(kontora_client: Any, name_of_admin: str) -> None:
    answer = kontora_client.get("/api/v1/contacts")
    assert answer.status_code == 401
    assert name_of_admin not in answer.text
