"""Passkeys: registered, used, and refused when anything about them is not as it should be."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from web_pages import words

from kontora import clock
from kontora.access import passkeys
from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora_sdk.testing.clients import signed_in

sys.path.insert(0, str(Path(__file__).parent))
from soft_authenticator import Authenticator

Users = Callable[..., Any]


@pytest.fixture
def person(user_factory: Users) -> Any:
    return user_factory("manager", password="a long enough password")


@pytest.fixture
def device(kontora_app: Flask, kontora_site: Site, person: Any) -> Any:
    return signed_in(kontora_app, kontora_site, person)


def register(device: Any, key: Authenticator, name: str = "Laptop") -> Any:
    options = device.post("/passkeys/options").json
    return device.post("/passkeys", data={"name": name, "credential": key.create(options)})


def visitor(app: Flask) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


def options_of(client: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.post("/sign-in/passkey/options").json
    return found


def sign_in(client: Any, answer: str) -> int:
    status: int = client.post("/sign-in/passkey", data={"credential": answer}).status_code
    return status


def count(site: Site, person: Any) -> int:
    with site.read(system("test")) as session:
        return len(passkeys.passkeys(session, person.user_id))


def test_a_passkey_signs_in_without_a_password(
    kontora_app: Flask, device: Any, person: Any
) -> None:
    key = Authenticator()
    shown = register(device, key)
    assert "Recovery codes" in words(shown.text), "the first factor brings recovery codes"
    client = visitor(kontora_app)
    assert sign_in(client, key.get(options_of(client))) == 303
    assert person.email in client.get("/profile").text
    assert "Laptop" in words(device.get("/profile/security").text)


def test_options_ask_for_a_verified_user_and_a_key_that_is_found(device: Any, person: Any) -> None:
    made = device.post("/passkeys/options").json
    assert made["authenticatorSelection"]["residentKey"] == "required"
    assert made["authenticatorSelection"]["userVerification"] == "required"
    assert made["rp"]["id"] == "localhost"


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:9999"},
        {"rp_id": "evil.example"},
        {"verifies": False},
    ],
)
def test_a_wrong_place_or_an_unverified_user_is_refused(
    kontora_app: Flask, kontora_site: Site, device: Any, person: Any, wrong: dict[str, Any]
) -> None:
    key = Authenticator()
    register(device, key)
    bad = Authenticator(**{"key": key.key, "credential_id": key.credential_id, **wrong})
    bad.user = key.user
    client = visitor(kontora_app)
    assert sign_in(client, bad.get(options_of(client))) == 422
    assert client.get("/profile").status_code == 302
    assert register(device, Authenticator(**wrong)).status_code == 422
    assert count(kontora_site, person) == 1


def test_a_challenge_is_good_for_one_answer(kontora_app: Flask, device: Any) -> None:
    key = Authenticator()
    register(device, key)
    client = visitor(kontora_app)
    answer = key.get(options_of(client))
    with client.session_transaction() as cookie:
        handle = cookie["passkey"]
    assert sign_in(client, answer) == 303
    replay = visitor(kontora_app)
    with replay.session_transaction() as cookie:
        cookie["passkey"] = handle
    assert sign_in(replay, answer) == 422


def test_a_refused_answer_uses_its_challenge_up(kontora_app: Flask, device: Any) -> None:
    key = Authenticator()
    register(device, key)
    client = visitor(kontora_app)
    options = options_of(client)
    with client.session_transaction() as cookie:
        handle = cookie["passkey"]
    assert sign_in(client, Authenticator().get(options)) == 422
    with client.session_transaction() as cookie:
        cookie["passkey"] = handle
    assert sign_in(client, key.get(options)) == 422


def test_a_challenge_is_soon_over(kontora_app: Flask, device: Any) -> None:
    key, now = Authenticator(), clock.now()
    register(device, key)
    client = visitor(kontora_app)
    answer = key.get(options_of(client))
    with clock.frozen(now + timedelta(minutes=6)):
        assert sign_in(client, answer) == 422


def test_an_unknown_key_and_another_key_are_refused(kontora_app: Flask, device: Any) -> None:
    key = Authenticator()
    register(device, key)
    forged = Authenticator(credential_id=key.credential_id, user=key.user)
    for each in (Authenticator(), forged):
        client = visitor(kontora_app)
        assert sign_in(client, each.get(options_of(client))) == 422


def test_a_key_of_somebody_else_is_refused(
    kontora_app: Flask, kontora_site: Site, device: Any, user_factory: Users
) -> None:
    key, other = Authenticator(), user_factory("administrator")
    register(device, key)
    key.user = other.user_id.bytes
    client = visitor(kontora_app)
    assert sign_in(client, key.get(options_of(client))) == 422


def test_a_counter_that_does_not_rise_tells_a_copy(kontora_app: Flask, device: Any) -> None:
    key = Authenticator(count=5)
    register(device, key)
    seen = []
    for number in (6, 6, 4, 7):
        key.count = number
        client = visitor(kontora_app)
        seen.append(sign_in(client, key.get(options_of(client))))
    assert seen == [303, 422, 422, 303]


@pytest.mark.parametrize("answer", ["", "{", "[]", "null", '{"rawId": "é"}', "x" * 30_000])
def test_what_is_no_answer_is_refused(
    kontora_app: Flask, kontora_site: Site, device: Any, person: Any, answer: str
) -> None:
    client = visitor(kontora_app)
    options_of(client)
    assert sign_in(client, answer) == 422
    device.post("/passkeys/options")
    assert device.post("/passkeys", data={"credential": answer}).status_code == 422
    assert count(kontora_site, person) == 0


def test_a_passkey_cannot_be_registered_twice(kontora_site: Site, device: Any, person: Any) -> None:
    key = Authenticator()
    register(device, key)
    assert register(device, key).status_code == 422
    assert count(kontora_site, person) == 1


def test_a_removed_passkey_opens_nothing(
    kontora_app: Flask, kontora_site: Site, device: Any, person: Any
) -> None:
    key = Authenticator()
    register(device, key)
    with kontora_site.read(system("test")) as session:
        (held,) = passkeys.passkeys(session, person.user_id)
    assert device.post(f"/passkeys/{held['id']}/remove").status_code == 303
    client = visitor(kontora_app)
    assert sign_in(client, key.get(options_of(client))) == 422


def test_a_disabled_user_has_no_passkey(
    kontora_app: Flask, kontora_site: Site, device: Any, person: Any
) -> None:
    from kontora.records import service

    key = Authenticator()
    register(device, key)
    with kontora_site.write(system("test")) as session:
        users = session.registry.record_type("users")
        service.change_record(session, users, person.user_id, {"state": "disabled"})
    client = visitor(kontora_app)
    assert sign_in(client, key.get(options_of(client))) == 422


def test_an_address_that_is_a_number_offers_no_passkeys(kontora_app: Flask) -> None:
    client = visitor(kontora_app)
    by_number = {"headers": {"Host": "127.0.0.1"}}
    assert "data-passkey=" in client.get("/sign-in").text
    assert "data-passkey=" not in client.get("/sign-in", **by_number).text
    assert client.post("/sign-in/passkey/options", **by_number).status_code == 404
