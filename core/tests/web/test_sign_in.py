"""Signing in: where one goes, what is told, and how often one may try."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from web_pages import words

from kontora.web.addresses import own_path

PASSWORD = "a long enough password"


@pytest.fixture
def visitor(kontora_app: Flask) -> Any:
    kontora_app.config["WTF_CSRF_ENABLED"] = False
    return kontora_app.test_client()


def sign_in(visitor: Any, email: str, password: str, **more: str) -> Any:
    return visitor.post("/sign-in", data={"email": email, "password": password, **more})


def test_pages_send_a_visitor_to_sign_in_and_back(
    visitor: Any, user_factory: Callable[..., Any]
) -> None:
    answer = visitor.get("/contacts?q=anna")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in?next=%2Fcontacts%3Fq%3Danna"
    assert visitor.get("/").headers["Location"] == "/sign-in"
    person = user_factory("manager", password=PASSWORD)
    answer = sign_in(visitor, person.email, PASSWORD, next="/contacts?q=anna")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/contacts?q=anna")
    assert visitor.get("/contacts").status_code == 200


def test_fragments_leave_the_page_where_it_is(visitor: Any) -> None:
    answer = visitor.get("/contacts", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert "HX-Redirect" not in answer.headers  # what was typed on the page stays there


def test_unknown_wrong_and_disabled_look_the_same(
    visitor: Any, user_factory: Callable[..., Any]
) -> None:
    person = user_factory("manager", password=PASSWORD)
    wrong = sign_in(visitor, person.email, "not the password")
    unknown = sign_in(visitor, "nobody@example.org", "not the password")
    assert wrong.status_code == unknown.status_code == 422
    assert words(wrong.text) == words(unknown.text)
    assert "not the password" not in wrong.text


def test_the_sixth_try_in_a_minute_is_refused_even_with_the_right_password(
    visitor: Any, user_factory: Callable[..., Any]
) -> None:
    person = user_factory("manager", password=PASSWORD)
    for _try in range(5):
        assert sign_in(visitor, person.email, "wrong").status_code == 422
    assert sign_in(visitor, person.email, PASSWORD).status_code == 429


def test_signing_out_ends_the_device(visitor: Any, user_factory: Callable[..., Any]) -> None:
    person = user_factory("manager", password=PASSWORD)
    sign_in(visitor, person.email, PASSWORD)
    with visitor.session_transaction() as cookie:
        device = cookie["device"]
        assert set(cookie) <= {"device", "_permanent", "csrf_token"}
    visitor.post("/sign-out")
    with visitor.session_transaction() as cookie:
        cookie["device"] = device
    assert visitor.get("/contacts").status_code == 302


def test_the_language_is_chosen_before_and_after_signing_in(
    visitor: Any, user_factory: Callable[..., Any]
) -> None:
    assert '<html lang="uk"' in visitor.get("/sign-in?language=uk").text
    assert '<html lang="uk"' in visitor.get("/sign-in").text
    person = user_factory("manager", password=PASSWORD)
    sign_in(visitor, person.email, PASSWORD)
    visitor.post("/language", data={"language": "ru", "next": "/contacts"})
    assert '<html lang="ru"' in visitor.get("/contacts").text


@pytest.mark.parametrize(
    "given",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        None,
        "/a\nb",
        "\t//evil.example",
        "contacts",
    ],
)
def test_one_never_goes_to_another_site(given: str | None) -> None:
    assert own_path(given) is None


def test_an_own_path_keeps_its_query() -> None:
    assert own_path("/contacts?q=a&sort=-family") == "/contacts?q=a&sort=-family"


@pytest.mark.parametrize("email", ["\x00@example.org", "a\nb@example.org", "x" * 5000, ""])
def test_an_odd_name_is_refused_like_any_other(visitor: Any, email: str) -> None:
    assert sign_in(visitor, email, "some password\x00").status_code == 422
