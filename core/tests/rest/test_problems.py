"""Errors are problem documents, and nothing makes the server fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora_sdk.testing.clients import ProgramClient

PATH = "/api/v1/contacts"


def _is_problem(answer: Any, status: int) -> bool:
    keys = {"type", "title", "status", "request_id"}
    return bool(
        answer.status_code == status
        and answer.mimetype == "application/problem+json"
        and keys <= answer.json.keys()
        and answer.json["status"] == status
        and answer.json["request_id"] == answer.headers["X-Request-ID"]
    )


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Basic YTpi", "Bearer é"])
def test_without_a_good_token(app: Flask, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    answer = app.test_client().get(PATH, headers=headers)
    assert _is_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_disabled_user_has_no_token(manager: ProgramClient, site: Site) -> None:
    assert manager.get(PATH).status_code == 200
    user_id = manager.principal.user_id
    assert user_id is not None
    with site.write(system("test")) as session:
        users = session.registry.record_type("users")
        service.change_record(session, users, user_id, {"state": "disabled"})
    assert _is_problem(manager.get(PATH), 401)


def test_the_cookie_is_not_read(app: Flask, site: Site, admin: ProgramClient) -> None:
    from kontora_sdk.testing.clients import signed_in

    browser = signed_in(app, site, admin.principal)
    assert _is_problem(browser.get(PATH), 401)
    assert _is_problem(browser.post(PATH, json={"family": "A"}), 401)


def test_a_token_that_may_only_read(client_of: Callable[..., ProgramClient]) -> None:
    reader = client_of("administrator", scope="read")
    assert reader.get(PATH).status_code == 200
    assert _is_problem(reader.post(PATH, json={"family": "A"}), 403)


BODIES: list[tuple[bytes, str, int]] = [
    (b"", "application/json", 400),
    (b"{", "application/json", 400),
    (b'{"family": "A", "family": "B"}', "application/json", 400),
    (b'{"custom": {"a": NaN}}', "application/json", 400),
    (b'{"family": "\xff"}', "application/json", 400),
    (b"{}", "text/plain", 415),
    (b"{}", "", 415),
    (b"family=A", "application/x-www-form-urlencoded", 415),
    (b"[]", "application/json", 422),
    (b"null", "application/json", 422),
    (b'"text"', "application/json", 422),
    (b'{"custom": {"a": 1e999}}', "application/json", 422),
    (b'{"custom": {"a": ' + b"9" * 5000 + b"}}", "application/json", 422),
    (b"[" * 40 + b"]" * 40, "application/json", 422),
    (b"[" * 100_000, "application/json", 422),
    (b'{"family": "a\\u0000b"}', "application/json", 422),
    (b'{"family": "\\ud800"}', "application/json", 422),
    (b'{"\\u0000": 1}', "application/json", 422),
    (b" " * (10 * 1024 * 1024 + 1), "application/json", 413),
]


def test_bodies_that_are_refused(manager: ProgramClient) -> None:
    wrong = []
    for body, kind, status in BODIES:
        headers = {"Content-Type": kind} if kind else {}
        answer = manager.post(PATH, data=body, headers=headers)
        if not _is_problem(answer, status):
            wrong.append((body[:40], kind, answer.status_code, answer.data[:200]))
    assert wrong == []


def test_bodies_that_are_read(manager: ProgramClient) -> None:
    for body, kind in (
        (b'\xef\xbb\xbf{"family": "A"}', "application/json"),
        ('{"family": "Петрова"}'.encode(), "application/json; charset=utf-8"),
        (b'{"family": "A"}', "application/merge-patch+json"),
    ):
        answer = manager.post(PATH, data=body, headers={"Content-Type": kind})
        assert answer.status_code == 201, answer.json


def test_other_methods_and_addresses(manager: ProgramClient) -> None:
    for method, path, allowed in (
        ("PUT", PATH, {"GET", "HEAD", "POST"}),
        ("OPTIONS", PATH, {"GET", "HEAD", "POST"}),
        ("GET", f"{PATH}/bulk", {"POST"}),
        ("DELETE", f"{PATH}/aggregate", {"GET", "HEAD"}),
        ("POST", "/api/v1/me", {"GET", "HEAD"}),
        ("PUT", f"{PATH}/x", {"DELETE", "GET", "HEAD", "PATCH"}),
    ):
        answer = manager.open(path, method=method)
        assert _is_problem(answer, 405), (method, path, answer.status_code)
        assert set(answer.headers["Allow"].split(", ")) == allowed
    for path in ("/api/v1/nonsense", f"{PATH}/", "/api/", f"{PATH}/a/b/c", f"{PATH}/%00"):
        assert _is_problem(manager.get(path), 404), path


def test_reports_are_for_those_who_may_run_them(
    client_of: Callable[..., ProgramClient], manager: ProgramClient
) -> None:
    manager.post(
        "/api/v1/counterparties", json={"display_name": "A", "roles": [{"role": "client"}]}
    )
    listed = manager.get("/api/v1/reports").json["items"]
    assert "parties-by-role" in [each["id"] for each in listed]
    table = manager.get("/api/v1/reports/parties-by-role").json
    assert table["columns"][0] == {"name": "role", "label": "Role", "type": "text"}
    assert table["rows"] == [["Client", 1]]
    refused = manager.get("/api/v1/reports/parties-by-role?nonsense=1")
    assert _is_problem(refused, 422)
    assistant = client_of("assistant")
    assert assistant.get("/api/v1/reports").json["items"] == []
    hidden = assistant.get("/api/v1/reports/parties-by-role")
    absent = assistant.get("/api/v1/reports/nonsense")
    assert _is_problem(hidden, 404)
    assert {**hidden.json, "request_id": ""} == {**absent.json, "request_id": ""}


def test_problems_speak_the_language_of_the_user(manager: ProgramClient) -> None:
    me = manager.get("/api/v1/me").json
    assert (me["kind"], me["roles"], me["locale"]) == ("token", ["manager"], "en")
    assert me["grants"]["person"]["view"] == "team"
