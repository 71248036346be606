"""The second factor on the pages: set up, asked for, demanded by a role, reset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import update
from web_pages import words

from kontora import clock
from kontora.access import passwords, second_factor
from kontora.access.models import Role
from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora_sdk.testing.clients import signed_in, with_token

PASSWORD = "a long enough password"
Users = Callable[..., Any]


@pytest.fixture
def person(user_factory: Users) -> Any:
    return user_factory("manager", password=PASSWORD)


@pytest.fixture
def device(kontora_app: Flask, kontora_site: Site, person: Any) -> Any:
    return signed_in(kontora_app, kontora_site, person)


def visitor(app: Flask) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


def set_up(device: Any, at: Any) -> tuple[pyotp.TOTP, list[str]]:
    """Set an app up as a person does, a minute before `at`."""
    with clock.frozen(at - timedelta(minutes=1)):
        assert device.post("/second-factor/app").status_code == 303
        page = device.get("/second-factor/app").text
        secret = page.partition('<code class="k-code">')[2].partition("<")[0].replace(" ", "")
        totp = pyotp.TOTP(secret)
        sent = {"code": totp.at(clock.now())}
        shown = device.post("/second-factor/app/confirm", data=sent).text
    codes = shown.partition('id="codes">')[2].partition("</pre>")[0].split()
    assert len(codes) == 10
    return totp, codes


def give_password(client: Any, person: Any, **more: str) -> Any:
    return client.post("/sign-in", data={"email": person.email, "password": PASSWORD, **more})


def demand(site: Site, role: str = "manager") -> None:
    table: Any = Role.__table__
    with site.database.write_engine.begin() as connection:
        statement = update(table).where(table.c.key == role).values(second_factor=True)
        connection.execute(statement)


@pytest.fixture
def weak(
    kontora_app: Flask, kontora_site: Site, device: Any, person: Any
) -> Iterator[tuple[Any, str]]:
    """A device signed in by the password alone, though its user has an app and his role demands
    one; and the code that the app shows. The clock stands still."""
    now = clock.now()
    totp, _codes = set_up(device, now)
    client = signed_in(kontora_app, kontora_site, person)
    demand(kontora_site)
    with clock.frozen(now):
        yield client, totp.at(now)


def test_the_password_alone_no_longer_opens(kontora_app: Flask, device: Any, person: Any) -> None:
    now = clock.now()
    totp, codes = set_up(device, now)
    with clock.frozen(now):
        client = visitor(kontora_app)
        answer = give_password(client, person, next="/contacts")
        assert answer.headers["Location"] == "/sign-in/code?next=%2Fcontacts"
        assert client.get("/contacts").status_code == 302
        wrong = client.post("/sign-in/code", data={"code": "000000"})
        assert (wrong.status_code, client.get("/contacts").status_code) == (422, 302)
        sent = {"code": totp.at(now), "next": "/contacts"}
        answer = client.post("/sign-in/code", data=sent)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/contacts")
        assert client.get("/contacts").status_code == 200
        again = visitor(kontora_app)
        give_password(again, person)
        assert again.post("/sign-in/code", data=sent).status_code == 422, "a code opens once"
        assert again.post("/sign-in/code", data={"code": codes[0]}).status_code == 303
        third = visitor(kontora_app)
        give_password(third, person)
        assert third.post("/sign-in/code", data={"code": codes[0]}).status_code == 422


def test_codes_are_throttled(kontora_app: Flask, device: Any, person: Any) -> None:
    now = clock.now()
    totp, _codes = set_up(device, now)
    with clock.frozen(now):
        client = visitor(kontora_app)
        give_password(client, person)
        tries = [client.post("/sign-in/code", data={"code": "1"}).status_code for _each in range(6)]
        assert tries == [422] * 5 + [429]
        assert client.post("/sign-in/code", data={"code": totp.at(now)}).status_code == 429


def test_the_second_step_cannot_be_entered_without_the_first(kontora_app: Flask) -> None:
    client = visitor(kontora_app)
    assert client.get("/sign-in/code").headers["Location"] == "/sign-in"
    assert client.post("/sign-in/code", data={"code": "123456"}).status_code == 422
    with client.session_transaction() as cookie:
        cookie["step"] = "made-up"
    assert client.post("/sign-in/code", data={"code": "123456"}).status_code == 422


def test_the_picture_holds_the_secret_and_goes_with_the_set_up(device: Any) -> None:
    assert device.get("/second-factor/picture.svg").status_code == 404
    device.post("/second-factor/app")
    picture = device.get("/second-factor/picture.svg")
    assert picture.content_type == "image/svg+xml"
    assert b"<svg" in picture.data
    assert picture.headers["Cache-Control"] == "no-store"


def test_setting_an_app_up_signs_other_devices_out(
    kontora_app: Flask, kontora_site: Site, device: Any, person: Any
) -> None:
    other = signed_in(kontora_app, kontora_site, person)
    set_up(device, clock.now())
    assert other.get("/profile").status_code == 302
    assert device.get("/profile").status_code == 200


def test_who_must_have_a_factor_reaches_nothing_before(
    kontora_app: Flask, kontora_site: Site, device: Any, person: Any
) -> None:
    program = with_token(kontora_app, kontora_site, person)
    demand(kontora_site)
    for path in ("/", "/contacts", "/profile", "/profile/security", "/profile/tokens", "/search"):
        answer = device.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/second-factor"), path
    assert device.post("/profile", data={"name": "Another"}).headers["Location"] == "/second-factor"
    assert device.post("/profile/tokens", data={"name": "x"}).status_code == 303
    with kontora_site.read(system("test")) as session:
        assert len(passwords.tokens(session, person.user_id)) == 1, "only that of the test"
    assert program.get("/api/v1/contacts").status_code == 200, "tokens keep working"
    assert "Set up a second factor" in words(device.get("/second-factor").text)
    set_up(device, clock.now())
    assert device.get("/contacts").status_code == 200


def test_a_device_signed_in_by_password_alone_shows_its_factor_first(weak: tuple[Any, str]) -> None:
    client, code = weak
    assert client.get("/contacts").headers["Location"] == "/second-factor"
    assert client.get("/second-factor").headers["Location"].startswith("/confirm")
    assert client.post("/confirm", data={"password": PASSWORD}).status_code == 303
    assert client.get("/contacts").status_code == 302, "the password alone is not enough"
    assert client.post("/confirm", data={"code": code}).status_code == 303
    assert client.get("/contacts").status_code == 200


def test_the_password_adds_no_factor_beside_one_that_was_not_shown(weak: tuple[Any, str]) -> None:
    """Whoever knows no more than the password must not make a factor of his own."""
    client, code = weak
    assert client.post("/confirm", data={"password": PASSWORD}).status_code == 303
    for path in ("/passkeys/options", "/passkeys", "/second-factor/app"):
        answer = client.post(path)
        assert answer.headers.get("Location", "").startswith("/confirm"), path
    assert client.post("/confirm", data={"code": code}).status_code == 303
    answer = client.post("/passkeys/options")
    assert not answer.headers.get("Location", "").startswith("/confirm")


def test_the_password_gives_no_more_tries_of_codes(weak: tuple[Any, str]) -> None:
    client, code = weak
    tried = []
    for _round in range(5):
        assert client.post("/confirm", data={"password": PASSWORD}).status_code == 303
        tried += [client.post("/confirm", data={"code": "x"}).status_code for _n in range(5)]
    assert tried == [422] * 19 + [429] * 6, "twenty an hour, with that of the set-up"
    assert client.post("/confirm", data={"code": code}).status_code == 429


def test_the_only_factor_stays_where_a_role_demands_one(kontora_site: Site, device: Any) -> None:
    set_up(device, clock.now())
    demand(kontora_site)
    assert device.post("/second-factor/app/remove").status_code == 409


@pytest.mark.parametrize(
    "path", ["/second-factor/app", "/second-factor/app/remove", "/second-factor/codes", "/passkeys"]
)
def test_keys_are_changed_only_after_a_fresh_proof(device: Any, path: str) -> None:
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        answer = device.post(path)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (
            303,
            "/confirm",
        )
        assert device.post("/confirm", data={"password": "wrong"}).status_code == 422
        assert device.post("/confirm", data={"password": PASSWORD}).status_code == 303
        answer = device.post(path)
        assert not answer.headers.get("Location", "").startswith("/confirm")


def test_an_administrator_resets_what_was_lost(
    kontora_app: Flask, kontora_site: Site, device: Any, person: Any, user_factory: Users
) -> None:
    set_up(device, clock.now())
    desk = signed_in(kontora_app, kontora_site, user_factory("administrator"))
    stranger = signed_in(kontora_app, kontora_site, user_factory("head"))
    path = f"/admin/users/{person.user_id}/factors"
    assert stranger.post(path).status_code == 403
    assert desk.post(path).status_code == 303
    assert device.get("/profile").status_code == 302
    assert give_password(visitor(kontora_app), person).headers["Location"] == "/"
    with kontora_site.read(system("test")) as session:
        assert not second_factor.factors(session, person.user_id).any
    log = words(desk.get("/admin/audit?entity=sign_in").text)
    for each in ("reset the second factors of", "added a second factor", "signed in"):
        assert each in log
    assert person.email in log


def test_the_flag_of_a_role_is_saved_and_logged(
    kontora_app: Flask, kontora_site: Site, user_factory: Users
) -> None:
    desk = signed_in(kontora_app, kontora_site, user_factory("administrator"))
    sent = {"grant:person:view": "own", "permission": "", "second_factor": "true"}
    assert desk.post("/admin/roles/assistant", data=sent).status_code == 303
    page = desk.get("/admin/roles/assistant").text
    assert 'name="second_factor" value="true" checked' in page
    assert "Second factor" in words(desk.get("/admin/audit?entity=role").text)


def test_failed_tries_are_noted_without_what_was_typed(
    kontora_app: Flask, kontora_site: Site, person: Any, user_factory: Users
) -> None:
    desk = signed_in(kontora_app, kontora_site, user_factory("administrator"))
    client = visitor(kontora_app)
    client.post("/sign-in", data={"email": person.email, "password": "my other password"})
    client.post("/sign-in", data={"email": "typed-password-here", "password": "x"})
    log = words(desk.get("/admin/audit?entity=sign_in").text)
    assert "wrong password" in log
    assert "unknown account" in log
    assert person.email in log
    assert "typed-password-here" not in log
    assert "my other password" not in log


def test_a_session_ends_when_it_is_not_used_and_in_any_case(
    kontora_app: Flask, kontora_site: Site, person: Any
) -> None:
    from kontora.lifecycle import site_settings

    with kontora_site.write(system("test")) as session:
        limits = {"security.idle_hours": 2, "security.session_days": 1}
        site_settings.save(session, limits)
    now = clock.now()
    idle, used = (signed_in(kontora_app, kontora_site, person) for _each in range(2))
    for hours in range(1, 24):
        with clock.frozen(now + timedelta(hours=hours)):
            assert used.get("/profile").status_code == 200, hours
    with clock.frozen(now + timedelta(hours=2, minutes=1)):
        assert idle.get("/profile").status_code == 302
    with clock.frozen(now + timedelta(hours=24, minutes=1)):
        assert used.get("/profile").status_code == 302


def test_a_stranger_does_not_keep_the_owner_out(
    kontora_app: Flask, kontora_site: Site, person: Any
) -> None:
    """His browser was here before: it has a count of its own."""
    own = visitor(kontora_app)
    give_password(own, person)
    own.post("/sign-out")
    stranger = visitor(kontora_app)
    wrong = {"email": person.email, "password": "guess"}
    for _try in range(6):
        last = stranger.post("/sign-in", data=wrong, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert last.status_code == 429
    assert give_password(visitor(kontora_app), person).status_code == 429
    assert give_password(own, person).status_code == 303


def test_a_network_that_tries_too_much_does_not_use_accounts_up(
    kontora_app: Flask, person: Any
) -> None:
    stranger = visitor(kontora_app)
    here: dict[str, Any] = {"environ_base": {"REMOTE_ADDR": "2001:db8::1"}}
    near: dict[str, Any] = {"environ_base": {"REMOTE_ADDR": "2001:db8::2"}}
    for number in range(30):
        data = {"email": f"nobody{number}@example.org", "password": "guess"}
        assert stranger.post("/sign-in", data=data, **here).status_code == 422
    data = {"email": person.email, "password": "guess"}
    for _try in range(6):
        assert stranger.post("/sign-in", data=data, **near).status_code == 429
    assert give_password(visitor(kontora_app), person).status_code == 303


def test_administrators_see_and_end_sessions(
    kontora_app: Flask, kontora_site: Site, device: Any, person: Any, user_factory: Users
) -> None:
    desk = signed_in(kontora_app, kontora_site, user_factory("administrator"))
    page = desk.get(f"/admin/users/{person.user_id}")
    assert "127.0.0.1" in words(page.text)
    with kontora_site.read(system("test")) as session:
        (held,) = passwords.devices(session, person.user_id)
    path = f"/admin/users/{person.user_id}/devices/{held['id']}/end"
    assert desk.post(path).status_code == 303
    assert device.get("/profile").status_code == 302
    assert desk.post(path).status_code == 404
    assert device.post(path).status_code in (302, 303)
