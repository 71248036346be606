"""T-13, T-40: what holds for every route of the web face, whatever it shows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from security_addresses import UNSAFE, filled, rules
from sqlalchemy import select

from kontora.errors import KontoraError
from kontora.http.policy import PUBLIC, policy_of
from kontora.lifecycle.site import Site
from kontora.wsgi import create_app

pytestmark = [
    pytest.mark.kontora_plugins("hello"),
]
# Whoever adds a route here opens it to everybody on the network: think twice.
OPEN_TO_ALL = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/static/<path:address>"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
    # The second step of signing in, by a handle of 256 bits in the cookie; passkeys.
    ("GET", "/sign-in/code"),
    ("POST", "/sign-in/code"),
    ("POST", "/sign-in/passkey"),
    ("POST", "/sign-in/passkey/options"),
    # A password forgotten; a link of 256 bits from a mail.
    ("GET", "/forgotten"),
    ("POST", "/forgotten"),
    ("GET", "/set-password"),
    ("POST", "/set-password"),
    # What a browser needs to install the application, and the look of the company: nobody's data.
    ("GET", "/manifest.webmanifest"),
    ("GET", "/worker.js"),
    ("GET", "/offline"),
    ("GET", "/signed-in"),
    ("GET", "/back"),
    ("GET", "/brand/<version>.css"),
    ("GET", "/brand/<version>/logo"),
}

# May be kept by the browser: files of the program and of the company's look.
NOBODYS = ("/static/", "/brand/", "/manifest.webmanifest", "/worker.js", "/offline")

# An export notes itself, after the last piece was sent: the one address that adds to the log.
EXPORT = "/<rtype:rtype>/export"
# Who reads these is noted in the audit log: that is what they are watched for.
NOTED = {
    EXPORT,
    "/admin/audit/export",
    "/admin/users/<uuid:user_id>/reading",
    "/admin/users/<uuid:user_id>/reading.csv",
    # The reader's own last parameters, for “as last time”.
    "/reports/<report_id>",
}


@pytest.fixture
def paths(records: Any) -> dict[str, list[Any]]:
    """An id of each core record type."""
    person = records.make("contacts", {"family": "Petrova", "email": "anna@example.org"})
    firm = records.make("counterparties", {"display_name": "Bruma"})
    call = records.make("activities", {"kind": "call", "parties": [str(person)]})
    branch = records.make("branches", {"name": "South"})
    team = records.make("teams", {"name": "Blue"})
    user = records.make("users", {"name": "Pavel", "roles": ["manager"]})
    return {
        "contacts": [person],
        "counterparties": [firm],
        "activities": [call],
        "branches": [branch],
        "teams": [team],
        "users": [user],
    }


def test_every_route_declares_who_may_use_it(kontora_app: Flask) -> None:
    missing = [
        (method, rule.rule)
        for rule, method in rules(kontora_app, {"GET", *UNSAFE})
        if policy_of(kontora_app.view_functions[rule.endpoint], method) is None
    ]
    assert missing == []


def test_routes_open_to_all_are_those_that_we_know(kontora_app: Flask) -> None:
    found = {
        (method, rule.rule)
        for rule, method in rules(kontora_app, {"GET", *UNSAFE})
        if policy_of(kontora_app.view_functions[rule.endpoint], method) == PUBLIC
    }
    assert found == OPEN_TO_ALL


def test_an_application_with_a_route_without_a_policy_does_not_start(kontora_site: Site) -> None:
    from kontora.http.policy import check_all

    app = create_app(kontora_site)
    app.add_url_rule("/forgotten", "forgotten", lambda: "")
    with pytest.raises(KontoraError, match="/forgotten"):
        check_all(app)


def unsafe_addresses(app: Flask, paths: dict[str, list[Any]]) -> Iterator[tuple[str, str]]:
    for rule, method in rules(app, UNSAFE):
        for address in filled(rule.rule, paths):
            yield method, address


def test_every_unsafe_route_wants_the_token_of_the_session(
    kontora_app: Flask, kontora_site: Site, as_role: Callable[..., Any], paths: Any
) -> None:
    client = as_role("administrator", csrf=False)
    client.get("/")
    before = contents(kontora_site)
    passed = []
    for method, address in unsafe_addresses(kontora_app, paths):
        for headers in ({}, {"X-CSRFToken": "made-up"}):
            status = client.open(address, method=method, headers=headers).status_code
            if status not in (400, 403):
                passed.append((method, address, status))
    assert passed == []
    assert contents(kontora_site) == before


@pytest.mark.parametrize("origin", ["cross-site", "same-site"])
def test_every_unsafe_route_refuses_what_another_site_sends(
    kontora_app: Flask, kontora_site: Site, as_role: Callable[..., Any], paths: Any, origin: str
) -> None:
    client = as_role("administrator")
    before = contents(kontora_site)
    headers = {"Sec-Fetch-Site": origin}
    passed = [
        (method, address)
        for method, address in unsafe_addresses(kontora_app, paths)
        if client.open(address, method=method, headers=headers).status_code != 403
    ]
    assert passed == []
    assert contents(kontora_site) == before


def contents(site: Site) -> set[tuple[str, str]]:
    """A hash of each row of each table but the log of what was opened."""
    found = set()
    with site.database.read_engine.connect() as connection:
        for name, model in site.registry.models.items():
            if name == "reading":
                continue
            table: Any = model.__table__
            for row in connection.execute(select(table)):
                digest = hashlib.sha256(repr(tuple(row)).encode()).hexdigest()
                found.add((name, digest))
    return found


def test_reading_never_writes(
    kontora_app: Flask, kontora_site: Site, as_role: Callable[..., Any], paths: Any
) -> None:
    client = as_role("administrator")
    before = contents(kontora_site)
    wrong = []
    for rule, method in rules(kontora_app, {"GET", "HEAD"}):
        if rule.rule in NOTED:
            continue
        for address in filled(rule.rule, paths):
            for query in ("", "?q=anna&verb=change&state=queued&cursor=x&before=5"):
                status = client.open(address + query, method=method).status_code
                if status >= 500 and rule.rule != "/readyz":
                    wrong.append((method, address + query, status))
    assert wrong == []
    assert contents(kontora_site) == before


def test_every_answer_carries_the_headers(
    kontora_app: Flask, as_role: Callable[..., Any], paths: Any
) -> None:
    client, visitor = as_role("administrator"), kontora_app.test_client()
    for rule, method in rules(kontora_app, {"GET", "POST"}):
        address = filled(rule.rule, paths)[0]
        for browser in (client, visitor):
            if rule.rule != "/sign-out":
                check_headers(browser.open(address, method=method), rule.rule)
    for address in ("/nowhere", "/contacts/x", "/contacts?sort=nothing", "/%00", "/a/../b"):
        check_headers(client.get(address), address)
    check_headers(client.get("/", headers={"Host": "evil.example"}), "unknown host")


def check_headers(answer: Any, where: str) -> None:
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy, where
    assert "*" not in policy, where
    for part in ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'self'"):
        assert part in policy, where
    for part in ("object-src 'none'", "form-action 'self'"):
        assert part in policy, where
    assert answer.headers["X-Content-Type-Options"] == "nosniff", where
    assert answer.headers["X-Frame-Options"] == "DENY", where
    assert answer.headers["Referrer-Policy"] in ("same-origin", "no-referrer"), where
    if not where.startswith(NOBODYS):
        assert "no-store" in answer.headers["Cache-Control"], where
    assert "Server" not in answer.headers
    assert "X-Powered-By" not in answer.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "[", "a b"]
)
def test_an_unknown_host_is_refused(kontora_app: Flask, as_role: Any, host: str) -> None:
    for client in (kontora_app.test_client(), as_role("administrator")):
        for address in ("/", "/sign-in", "/contacts", "/static/none/none.css"):
            answer = client.get(address, headers={"Host": host})
            assert answer.status_code == 400, address
            assert "//evil.example" not in answer.text
            assert "evil.example" not in str(answer.headers)


def test_known_hosts_are_those_of_the_settings(kontora_site: Site) -> None:
    kontora_site.settings = replace(
        kontora_site.settings, base_url="https://crm.example.org", trusted_hosts=("other.example",)
    )
    client = create_app(kontora_site).test_client()
    for host, status in (("crm.example.org", 200), ("other.example", 200), ("x.example", 400)):
        assert client.get("/sign-in", headers={"Host": host}).status_code == status


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(kontora_site: Site) -> None:
    client = create_app(kontora_site).test_client()
    for cookie in client.get("/sign-in?language=uk").headers.getlist("Set-Cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Domain" not in cookie
        assert "Secure" not in cookie  # the test speaks http; see below
    kontora_site.settings = replace(kontora_site.settings, base_url="https://crm.example.org")
    client = create_app(kontora_site).test_client()
    answer = client.get("/sign-in?language=uk", base_url="https://crm.example.org")
    cookies = answer.headers.getlist("Set-Cookie")
    assert any(cookie.startswith("__Host-kontora=") for cookie in cookies)
    assert all("Secure" in cookie and "HttpOnly" in cookie for cookie in cookies)
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_no_user_has_a_password_by_default(kontora_site: Site) -> None:
    from kontora.access.models import Credential, User

    with kontora_site.database.read_engine.connect() as connection:
        for model in (Credential, User):
            table: Any = model.__table__
            assert connection.execute(select(table)).first() is None
