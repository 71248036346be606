"""Reset and invitation by mail: one answer for all, one use, and soon over."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from web_pages import words

from kontora import clock
from kontora.access import passwords
from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.records import service as records
from kontora.work import mail
from kontora.work.runner import run_pending
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in

OLD, NEW = "a long enough password", "quite another phrase"
Users = Callable[..., Any]


def visitor(app: Flask) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


@pytest.fixture
def person(user_factory: Users) -> Any:
    return user_factory("manager", password=OLD)


def mails(site: Site) -> list[Any]:
    run_pending(site.work_site())
    with site.database.read_engine.connect() as connection:
        return list(connection.execute(select(mail.MAIL).order_by(mail.MAIL.c.id)))


def link_in(text: str) -> str:
    found = re.search(r"http\S+/set-password\?token=[\w-]{40,}", text)
    assert found is not None
    return found[0]


def token_of(link: str) -> str:
    return link.partition("token=")[2]


def ask(client: Any, email: str) -> Any:
    return client.post("/forgotten", data={"email": email})


def choose(client: Any, token: str, password: str = NEW) -> Any:
    sent = {"token": token, "password": password, "again": password}
    return client.post("/set-password", data=sent)


def opens(app: Flask, email: str, password: str) -> bool:
    sent = {"email": email, "password": password}
    return bool(visitor(app).post("/sign-in", data=sent).status_code == 303)


def test_a_forgotten_password_is_set_anew_by_mail(
    kontora_app: Flask, kontora_site: Site, person: Any
) -> None:
    device = signed_in(kontora_app, kontora_site, person)
    client = visitor(kontora_app)
    assert ask(client, person.email.upper()).status_code == 200
    (sent,) = mails(kontora_site)
    assert sent.to_address == person.email
    link = link_in(sent.text)
    assert link.startswith("http://localhost/set-password")
    assert "Choose a password" in words(client.get(link).text)
    assert choose(client, token_of(link), "password1234").status_code == 422, "and still opens"
    assert choose(client, token_of(link)).headers["Location"] == "/sign-in"
    assert "The password is set" in client.get("/sign-in").text
    assert device.get("/profile").status_code == 302, "all sessions have ended"
    assert opens(kontora_app, person.email, NEW)
    assert not opens(kontora_app, person.email, OLD)
    assert choose(client, token_of(link), "yet another phrase").status_code == 422, "used"


def test_known_unknown_and_disabled_get_the_same_answer(
    kontora_app: Flask, kontora_site: Site, person: Any
) -> None:
    answers = [ask(visitor(kontora_app), email) for email in (person.email, "nobody@example.org")]
    assert len({(each.status_code, words(each.text)) for each in answers}) == 1
    assert len(mails(kontora_site)) == 1


def test_the_request_does_the_same_work_for_both(
    kontora_app: Flask, kontora_site: Site, person: Any
) -> None:
    from sqlalchemy import event

    seen: list[list[str]] = []

    def listen(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "pg_locks" not in statement:  # asked once a second: is there maintenance?
            seen[-1].append(statement)

    engines = {kontora_site.database.read_engine, kontora_site.database.write_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", listen)
    for email in ("warm@example.org", person.email, "nobody@example.org"):
        seen.append([])
        ask(visitor(kontora_app), email)
    for engine in engines:
        event.remove(engine, "before_cursor_execute", listen)
    assert seen[1] == seen[2]
    assert not any("user_account" in each for each in seen[1])


def test_three_links_an_hour_are_sent(kontora_app: Flask, kontora_site: Site, person: Any) -> None:
    client, now = visitor(kontora_app), clock.now()
    answers = [words(ask(client, person.email).text) for _try in range(5)]
    assert len(set(answers)) == 1
    assert len(mails(kontora_site)) == 3
    with clock.frozen(now + timedelta(minutes=61)):
        ask(client, person.email)
        assert len(mails(kontora_site)) == 4


def test_only_the_newest_link_opens_and_only_for_an_hour(
    kontora_app: Flask, kontora_site: Site, person: Any
) -> None:
    client, now = visitor(kontora_app), clock.now()
    ask(client, person.email)
    ask(client, person.email)
    first, second = (token_of(link_in(each.text)) for each in mails(kontora_site))
    assert choose(client, first).status_code == 422
    with clock.frozen(now + timedelta(minutes=61)):
        assert choose(client, second).status_code == 422
    assert choose(client, second).status_code == 303


def test_a_link_names_the_address_that_is_set_whatever_was_asked_for(
    kontora_site: Site, person: Any
) -> None:
    kontora_site.settings = replace(
        kontora_site.settings, base_url="https://crm.example.org", trusted_hosts=("other.example",)
    )
    client = visitor(create_app(kontora_site))
    host = {"Host": "other.example", "X-Forwarded-Host": "evil.example"}
    client.post("/forgotten", data={"email": person.email}, headers=host)
    (sent,) = mails(kontora_site)
    assert link_in(sent.text).startswith("https://crm.example.org/set-password?token=")


def test_a_new_password_takes_open_links_back(
    kontora_app: Flask, kontora_site: Site, person: Any
) -> None:
    client = visitor(kontora_app)
    ask(client, person.email)
    (sent,) = mails(kontora_site)
    with kontora_site.write(system("test")) as session:
        passwords.set_password(session, person.user_id, "set in another way")
    assert choose(client, token_of(link_in(sent.text))).status_code == 422


def test_opening_a_link_uses_nothing_up(
    kontora_app: Flask, kontora_site: Site, person: Any
) -> None:
    client = visitor(kontora_app)
    ask(client, person.email)
    (sent,) = mails(kontora_site)
    link = link_in(sent.text)
    for _scanner in range(3):
        assert client.get(link).status_code == 200
    assert choose(client, token_of(link)).status_code == 303


@pytest.mark.parametrize("token", ["", "x", "é", "0" * 5000])
def test_a_made_up_link_opens_nothing(kontora_app: Flask, token: str) -> None:
    client = visitor(kontora_app)
    assert choose(client, token).status_code == 422
    answer = client.get("/set-password", query_string={"token": token})
    assert "opens nothing" in words(answer.text)


def new_user(desk: Any, **more: str) -> Any:
    sent = {"name": "Olena", "email": "olena@example.org", "roles": ["manager"], **more}
    return desk.post("/admin/users/new", data=sent)


def test_an_invited_user_chooses_his_password(
    kontora_app: Flask, kontora_site: Site, user_factory: Users
) -> None:
    desk = signed_in(kontora_app, kontora_site, user_factory("administrator"))
    answer = new_user(desk, welcome="invite")
    assert "Invited" in words(desk.get("/admin/users").text)
    (sent,) = mails(kontora_site)
    assert sent.to_address == "olena@example.org"
    client = visitor(kontora_app)
    with clock.frozen(clock.now() + timedelta(days=8)):
        assert choose(client, token_of(link_in(sent.text))).status_code == 422
        page = desk.get("/sign-in").text  # the desk's own session is another matter
        assert page
    assert "Welcome, Olena" in words(client.get(link_in(sent.text)).text)
    assert choose(client, token_of(link_in(sent.text))).status_code == 303
    assert opens(kontora_app, "olena@example.org", NEW)
    assert "Invited" not in words(desk.get("/admin/users").text)
    assert desk.post(f"{answer.headers['Location']}/invite").status_code == 409
    log = words(desk.get("/admin/audit?entity=sign_in").text)
    assert "accepted an invitation" in log


def test_a_link_sent_to_a_former_address_opens_nothing(
    kontora_app: Flask, kontora_site: Site, user_factory: Users
) -> None:
    """An address was misspelt: whoever got the invitation must not become the new user."""
    desk = signed_in(kontora_app, kontora_site, user_factory("administrator"))
    new_user(desk, welcome="invite")
    (sent,) = mails(kontora_site)
    client = visitor(kontora_app)
    assert "Welcome" in client.get(link_in(sent.text)).text
    users = kontora_site.registry.record_type("users")
    with kontora_site.write(system("test")) as session:
        (found,) = records.list_records(session, users, records.Query(q="Olena")).items
        data = {"email": "olena.right@example.org"}
        records.change_record(session, users, UUID(found["id"]), data)
    assert "opens nothing" in client.get(link_in(sent.text)).text
    assert choose(client, token_of(link_in(sent.text))).status_code == 422


def test_an_invitation_is_sent_anew_handed_over_and_taken_back(
    kontora_app: Flask, kontora_site: Site, user_factory: Users
) -> None:
    desk = signed_in(kontora_app, kontora_site, user_factory("administrator"))
    path = f"{new_user(desk, welcome='invite').headers['Location']}/invite"
    assert desk.post(path).status_code == 303
    first, second = (token_of(link_in(each.text)) for each in mails(kontora_site))
    client = visitor(kontora_app)
    assert "opens nothing" in client.get(f"/set-password?token={first}").text
    assert "Welcome" in client.get(f"/set-password?token={second}").text
    shown = desk.post(path, data={"by": "link"}).text
    third = token_of(link_in(shown))
    assert third not in desk.get(path.removesuffix("/invite")).text, "it is shown once"
    assert "opens nothing" in client.get(f"/set-password?token={second}").text
    assert "Welcome" in client.get(f"/set-password?token={third}").text
    assert desk.post(path, data={"by": "revoke"}).status_code == 303
    assert "opens nothing" in client.get(f"/set-password?token={third}").text
    assert desk.post(path, data={"by": "revoke"}).status_code == 409


def test_the_mail_is_in_the_language_of_the_user(
    kontora_site: Site, kontora_app: Flask, person: Any
) -> None:
    from kontora.records import service

    with kontora_site.write(system("test")) as session:
        users = session.registry.record_type("users")
        service.change_record(session, users, person.user_id, {"locale": "uk"})
    client = visitor(kontora_app)
    ask(client, person.email)
    (sent,) = mails(kontora_site)
    assert '<html lang="uk"' in client.get(link_in(sent.text)).text


def test_a_second_factor_is_asked_for_after_a_reset_too(
    kontora_app: Flask, kontora_site: Site, person: Any
) -> None:
    import pyotp

    from kontora.access import second_factor

    with kontora_site.write(system("test")) as session:
        totp = pyotp.TOTP(second_factor.begin_app(session, person.user_id))
        second_factor.confirm_app(session, person.user_id, totp.at(session.now))
    client = visitor(kontora_app)
    ask(client, person.email)
    (sent,) = mails(kontora_site)
    choose(client, token_of(link_in(sent.text)))
    answer = client.post("/sign-in", data={"email": person.email, "password": NEW})
    assert answer.headers["Location"].startswith("/sign-in/code")


def test_the_page_of_mails_shows_secrets_only_in_the_outbox(
    kontora_app: Flask, kontora_site: Site, person: Any, user_factory: Users
) -> None:
    from kontora import smtp

    desk = signed_in(kontora_app, kontora_site, user_factory("administrator"))
    ask(visitor(kontora_app), person.email)
    (sent,) = mails(kontora_site)
    page = desk.get("/admin/mail")
    assert "No mail server is configured" in words(page.text)
    assert "in the outbox" in words(page.text)
    path = f"/admin/mail/{sent.id}"
    assert "token=" in desk.get(path).text
    with clock.frozen(clock.now() + timedelta(minutes=61)):
        assert "token=" not in desk.get(path).text
    server = smtp.parse("smtp://localhost:1", "Kontora <crm@example.org>")
    kontora_site.settings = replace(kontora_site.settings, mail_server=server)
    assert "token=" not in desk.get(path).text
    other = signed_in(kontora_app, kontora_site, user_factory("auditor"))
    assert other.get(path).status_code == other.get("/admin/mail").status_code == 403


def test_a_test_mail_goes_to_the_asker_alone(
    kontora_app: Flask, kontora_site: Site, user_factory: Users
) -> None:
    desk = signed_in(kontora_app, kontora_site, user_factory("administrator"))
    assert desk.post("/admin/mail/test").status_code == 303
    (sent,) = mails(kontora_site)
    assert (sent.to_address, sent.state) == (desk.principal.email, "kept")
    assert "This mail shows" in desk.get(f"/admin/mail/{sent.id}").text
    assert desk.post(f"/admin/mail/{sent.id}/again").status_code == 303
    assert desk.post("/admin/mail/00000000-0000-0000-0000-000000000000/again").status_code == 404


def test_a_formatted_mail_is_shown_where_it_can_do_nothing(
    kontora_app: Flask, kontora_site: Site, user_factory: Users
) -> None:
    desk = signed_in(kontora_app, kontora_site, user_factory("administrator"))
    with kontora_site.write(system("test")) as session:
        html = "<script>alert(1)</script><b>Hello</b>"
        made = mail.send(session, "anna@example.org", "Hello", "Hello", html=html)
    assert "<script>alert" not in desk.get(f"/admin/mail/{made}").text
    shown = desk.get(f"/admin/mail/{made}/html")
    policy = shown.headers["Content-Security-Policy"]
    assert "sandbox" in policy.split("; ")[-1]
    assert "default-src 'none'" in policy
