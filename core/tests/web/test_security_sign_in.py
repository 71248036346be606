"""T-13: who is who, for how long, and where one lands after signing in."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from sqlalchemy import delete

from kontora.access import passwords
from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.work import throttle
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in, with_token

PASSWORD = "a long enough password"
# Tokens against forgery are signed with the time.
TOKEN = re.compile(r"\.?[\w-]{10,}\.[\w-]{5,}\.[\w-]{20,}")
# Spellings by which a browser might be led away; each is tried as it is and after decoding.
AWAY = [
    "https://evil.example",
    "http://evil.example/contacts",
    "HTTPS://EVIL.EXAMPLE",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "//evil.example/%2f..",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "//\\evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\n//evil.example",
    "\x00//evil.example",
    "/\x00/evil.example",
    "/ /evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https:\\\\evil.example",
    "//evil.example:80",
    "//user@evil.example",
    "//evil.example#@localhost",
    "//localhost@evil.example",
    "https://localhost.evil.example",
    "https://localhost:80@evil.example",
    "http://[::1]@evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "ftp://evil.example",
    "//evil%E3%80%82example",
    "//evil。example",
    "/.//evil.example",
    "/..//evil.example",
    "/contacts/..//evil.example",
    "//[evil.example",
    "http:evil.example",
    "?next=//evil.example",
    "evil.example",
    "@evil.example",
    ".evil.example",
    "//%65vil.example",
    "/\u2028/evil.example",
    "/\u2215evil.example",
    "\u2044\u2044evil.example",
    "//\u0000evil.example",
]


def visitor(app: Flask) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


def sign_in(client: Any, email: str | None, password: str, **more: Any) -> Any:
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def as_a_browser_reads(location: str) -> str:
    """Where a browser goes: it drops tabs and line ends and takes a backslash for a slash."""
    cleaned = "".join(char for char in location if char not in "\t\r\n").strip()
    return urljoin("http://localhost/sign-in", cleaned.replace("\\", "/"))


def test_passwords_cost_what_the_standard_asks() -> None:
    """Read anew, because the test kit has made those of this process cheap (RFC 9106)."""
    spec = importlib.util.spec_from_file_location("passwords_anew", passwords.__file__)
    assert spec is not None and spec.loader is not None
    anew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(anew)
    hasher = anew._hasher
    assert str(hasher.type) == "Type.ID"
    assert hasher.time_cost >= 3 and hasher.memory_cost >= 64 * 1024


def test_next_never_leaves_the_site(
    kontora_app: Flask, kontora_site: Site, user_factory: Callable[..., Any]
) -> None:
    assert len(set(AWAY)) >= 40
    person = user_factory("manager", password=PASSWORD)
    left = []
    for given in AWAY:
        forget_tries(kontora_site)
        client = visitor(kontora_app)
        answers = [
            sign_in(client, person.email, PASSWORD, next=given),
            client.get("/sign-in", query_string={"next": given}),
            client.post("/language", data={"language": "en", "next": given}),
        ]
        for answer in answers:
            location = answer.headers.get("Location", "no redirect")
            if urlsplit(as_a_browser_reads(location)).netloc != "localhost" or location[0] != "/":
                left.append((given, location))
    assert left == []


def forget_tries(site: Site) -> None:
    with site.database.write_engine.begin() as connection:
        connection.execute(delete(throttle.THROTTLE))


def test_known_and_unknown_accounts_look_the_same(
    kontora_app: Flask, user_factory: Callable[..., Any], kontora_site: Site
) -> None:
    known, disabled = (user_factory("manager", password=PASSWORD) for _each in range(2))
    switch(kontora_site, disabled, {"state": "disabled"})
    answers = [
        sign_in(visitor(kontora_app), email, "not the password")
        for email in (known.email, disabled.email, "nobody@example.org")
    ]
    shapes = {(answer.status_code, tuple(sorted(set(answer.headers.keys())))) for answer in answers}
    assert len(shapes) == 1
    bodies = {
        TOKEN.sub("", answer.text.replace(email or "", "E"))
        for answer, email in zip(
            answers, (known.email, disabled.email, "nobody@example.org"), strict=True
        )
    }
    assert len(bodies) == 1


def test_the_same_work_is_done_for_unknown_accounts(
    kontora_site: Site, user_factory: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    person = user_factory("manager", password=PASSWORD)
    verified = []

    class Counting:
        def verify(self, kept: str, given: str) -> bool:
            verified.append(kept[:9])
            return True

    passwords._nobody()  # made once, before
    monkeypatch.setattr(passwords, "_hasher", Counting())
    with kontora_site.read(system("test")) as session:
        for email in (person.email, "nobody@example.org"):
            passwords.verify(session, str(email), "x")
    assert verified == ["$argon2id", "$argon2id"]


def test_tries_are_counted_across_processes(
    kontora_site: Site, user_factory: Callable[..., Any]
) -> None:
    person = user_factory("manager", password=PASSWORD)
    with_two = [visitor(create_app(kontora_site)) for _each in range(2)]
    second = Site(kontora_site.settings)
    try:
        with_two.append(visitor(create_app(second)))
        seen = [
            sign_in(with_two[number % 3], person.email, "wrong").status_code for number in range(6)
        ]
        assert seen == [422] * 5 + [429]
        assert sign_in(with_two[2], person.email, PASSWORD).status_code == 429
    finally:
        second.close()


def switch(site: Site, person: Any, data: dict[str, Any]) -> None:
    with site.write(system("test")) as session:
        users = session.registry.record_type("users")
        service.change_record(session, users, person.user_id, data)


def test_a_revoked_device_is_out_at_the_next_request(
    kontora_app: Flask, kontora_site: Site, user_factory: Callable[..., Any]
) -> None:
    person = user_factory("manager")
    first, second = (signed_in(kontora_app, kontora_site, person) for _each in range(2))
    assert first.get("/contacts").status_code == second.get("/contacts").status_code == 200
    assert second.post("/profile/devices/revoke-others").status_code == 303
    assert first.get("/contacts").status_code == 302
    assert second.get("/contacts").status_code == 200
    with kontora_site.read(system("test")) as session:
        (left,) = passwords.devices(session, person.user_id)
    assert second.post(f"/profile/devices/{left['id']}/revoke").status_code == 303
    assert second.get("/contacts").status_code == 302


def test_devices_and_tokens_of_others_cannot_be_revoked(
    kontora_app: Flask, kontora_site: Site, user_factory: Callable[..., Any]
) -> None:
    mine, other = user_factory("manager"), user_factory("administrator")
    client = signed_in(kontora_app, kontora_site, mine)
    theirs = signed_in(kontora_app, kontora_site, other)
    program = with_token(kontora_app, kontora_site, other)
    with kontora_site.read(system("test")) as session:
        device = passwords.devices(session, other.user_id)[0]["id"]
        token = passwords.tokens(session, other.user_id)[0]["id"]
    assert client.post(f"/profile/devices/{device}/revoke").status_code == 404
    assert client.post(f"/profile/tokens/{token}/revoke").status_code == 404
    assert theirs.get("/contacts").status_code == 200
    assert program.get("/api/v1/contacts").status_code == 200


def test_a_revoked_token_opens_nothing(
    kontora_app: Flask, kontora_site: Site, user_factory: Callable[..., Any]
) -> None:
    person = user_factory("manager")
    program = with_token(kontora_app, kontora_site, person)
    assert program.get("/api/v1/contacts").status_code == 200
    with kontora_site.read(system("test")) as session:
        (token,) = passwords.tokens(session, person.user_id)
    client = signed_in(kontora_app, kontora_site, person)
    assert client.post(f"/profile/tokens/{token['id']}/revoke").status_code == 303
    assert program.get("/api/v1/contacts").status_code == 401


def test_a_disabled_user_is_out_everywhere_at_the_next_request(
    kontora_app: Flask, kontora_site: Site, user_factory: Callable[..., Any]
) -> None:
    person, admin = user_factory("manager", password=PASSWORD), user_factory("administrator")
    client = signed_in(kontora_app, kontora_site, person)
    program = with_token(kontora_app, kontora_site, person)
    desk = signed_in(kontora_app, kontora_site, admin)
    data = {"state": "disabled"}
    assert desk.post(f"/admin/users/{person.user_id}/state", data=data).status_code == 303
    assert client.get("/contacts").status_code == 302
    assert client.post("/profile", data={"name": "Still here"}).status_code == 303
    assert program.get("/api/v1/contacts").status_code == 401
    assert sign_in(visitor(kontora_app), person.email, PASSWORD).status_code == 422
    desk.post(f"/admin/users/{person.user_id}/state", data={"state": "active"})
    assert client.get("/contacts").status_code == 302, "the old device stays signed out"
    assert program.get("/api/v1/contacts").status_code == 401


def test_a_change_of_roles_holds_at_the_next_request(
    kontora_app: Flask, kontora_site: Site, user_factory: Callable[..., Any]
) -> None:
    person = user_factory("manager")
    client = signed_in(kontora_app, kontora_site, person)
    assert client.get("/admin/users").status_code == 403
    switch(kontora_site, person, {"roles": ["administrator"]})
    assert client.get("/admin/users").status_code == 200
    switch(kontora_site, person, {"roles": []})
    assert client.get("/admin/users").status_code == 403
    assert client.get("/contacts").status_code == 403


def test_a_change_of_grants_holds_at_the_next_request(
    kontora_app: Flask, kontora_site: Site, user_factory: Callable[..., Any]
) -> None:
    person, admin = user_factory("assistant"), user_factory("administrator")
    client = signed_in(kontora_app, kontora_site, person)
    assert client.get("/contacts").status_code == 200
    desk = signed_in(kontora_app, kontora_site, admin)
    sent = {"grant:organisation:view": "all", "permission": ""}
    assert desk.post("/admin/roles/assistant", data=sent).status_code == 303
    assert client.get("/contacts").status_code == 403
    assert client.get("/counterparties").status_code == 200


def test_a_new_password_ends_the_other_devices(
    kontora_app: Flask, kontora_site: Site, user_factory: Callable[..., Any]
) -> None:
    person = user_factory("manager", password=PASSWORD)
    first, second = (signed_in(kontora_app, kontora_site, person) for _each in range(2))
    new = "another long password"
    wrong = {"old": "wrong", "password": new, "again": new}
    assert first.post("/profile/password", data=wrong).status_code == 422
    assert second.get("/profile").status_code == 200
    answer = first.post("/profile/password", data={**wrong, "old": PASSWORD})
    assert answer.status_code == 303
    assert first.get("/profile").status_code == 200
    assert second.get("/profile").status_code == 302
    assert sign_in(visitor(kontora_app), person.email, PASSWORD).status_code == 422
    assert sign_in(visitor(kontora_app), person.email, new).status_code == 303


def test_tries_of_the_old_password_are_throttled(
    kontora_app: Flask, kontora_site: Site, user_factory: Callable[..., Any]
) -> None:
    client = signed_in(kontora_app, kontora_site, user_factory("manager", password=PASSWORD))
    sent = {"old": "wrong", "password": "another long password", "again": "x"}
    seen = [client.post("/profile/password", data=sent).status_code for _try in range(11)]
    assert seen == [422] * 10 + [429]


def test_a_cookie_of_another_key_is_worth_nothing(
    kontora_app: Flask, kontora_site: Site, user_factory: Callable[..., Any]
) -> None:
    from dataclasses import replace

    person = user_factory("administrator")
    forged = signed_in(kontora_app, kontora_site, person).get_cookie("kontora")
    assert forged is not None
    kontora_site.settings = replace(kontora_site.settings, secret_key="another key " * 4)
    client = create_app(kontora_site).test_client()
    client.set_cookie("kontora", forged.value)
    assert client.get("/contacts").status_code == 302
