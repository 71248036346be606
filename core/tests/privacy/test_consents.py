"""Consents are a ledger, and asked at the moment of sending."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from kontora import clock
from kontora.access.principal import system
from kontora.errors import Forbidden, Invalid, NotFound
from kontora.lifecycle.site import Site
from kontora.parties import consent_hooks, consents, purposes
from kontora.parties.consents import Line
from kontora.records import service
from kontora.work import mail
from kontora.work.runner import run_pending
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in, with_token
from kontora_sdk.testing.people import make_party, make_user

ME = system("test")
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def add(site: Site, person: UUID, **parts: Any) -> int:
    with site.write(ME) as session:
        return consents.add(
            session, person, Line(**{"purpose": "marketing", "channel": "email", **parts})
        )


def may(site: Site, person: UUID, at: dt.datetime | None = None, channel: str = "email") -> bool:
    with site.read(ME) as session:
        return consents.may_send(session, person, "marketing", channel, at).allowed


def test_a_consent_holds_until_it_is_withdrawn_and_the_past_stays(kontora_site: Site) -> None:
    site = kontora_site
    with clock.frozen(NOW):
        person = make_party(site, None, {"family": "Petrova"})
        assert not may(site, person)
        add(site, person)
        assert may(site, person)
        assert not may(site, person, channel="phone")
    with clock.frozen(NOW + DAY):
        add(site, person, state="withdrawn")
        assert not may(site, person)
        assert may(site, person, NOW + DAY / 2)
    with clock.frozen(NOW + 2 * DAY):
        add(site, person)
        assert may(site, person)
        assert not may(site, person, NOW + DAY * 1.5)
        with site.read(ME) as session:
            assert len(consents.history(session, person)) == 3


def test_a_paper_found_later_does_not_undo_a_withdrawal(kontora_site: Site) -> None:
    site = kontora_site
    person = make_party(site, None, {"family": "Petrova"})
    add(site, person, state="withdrawn", valid_from=NOW)
    add(site, person, valid_from=NOW - 100 * DAY)
    assert not may(site, person)
    assert may(site, person, NOW - DAY)


def test_a_withdrawal_ends_what_was_to_begin_later(kontora_site: Site) -> None:
    site = kontora_site
    with clock.frozen(NOW):
        person = make_party(site, None, {"family": "Petrova"})
        add(site, person, valid_from=NOW + 10 * DAY)
        add(site, person, state="withdrawn")
    assert not may(site, person, NOW + 11 * DAY)


def test_a_mail_is_not_sent_when_consent_went_meanwhile(kontora_site: Site) -> None:
    site = kontora_site
    person = make_party(site, None, {"family": "Petrova"})

    def send(purpose: str | None) -> UUID:
        with site.write(ME) as session:
            given = {"purpose": purpose, "party_id": person}
            return mail.send(session, "anna@example.org", "News", "Text", **given)

    add(site, person)
    agreed = send("marketing")
    run_pending(site.work_site())
    late = send("marketing")
    add(site, person, state="withdrawn")
    service_mail, plain, unknown = send("service"), send(None), send("gossip")
    assert run_pending(site.work_site()) == {"done": 4}
    with site.read(ME) as session:
        states = [
            mail.get(session, each)["state"]
            for each in (agreed, late, service_mail, plain, unknown)
        ]
        why = mail.get(session, late)["error"]
    assert states == ["kept", "refused", "kept", "kept", "refused"]
    assert why == "No consent to Marketing by E-mail."
    assert not list((site.settings.home / "outbox").glob(f"*{late}*"))


def test_lists_are_filtered_by_what_is_agreed_to(kontora_site: Site) -> None:
    site = kontora_site
    one = make_party(site, None, {"family": "One"})
    make_party(site, None, {"family": "Two"})
    add(site, one, valid_to=clock.now() + DAY)

    def found() -> list[str]:
        with site.read(ME) as session:
            rtype = session.registry.record_type("contacts")
            condition = {"field": "consents", "op": "eq", "value": "marketing.email"}
            query = service.Query(filter=condition)
            return [each["id"] for each in service.list_records(session, rtype, query).items]

    assert found() == [str(one)]
    with clock.frozen(clock.now() + 1.5 * DAY), site.write(ME) as session:
        assert consents.refresh_due(session, session.now - 2 * DAY) == 1
    assert found() == []


def test_where_consents_are_hidden_the_ledger_is_too(kontora_site: Site) -> None:
    person = make_party(kontora_site, None, {"family": "Petrova"})
    add(kontora_site, person)
    head = make_user(kontora_site, "head")
    blind = replace(head, rights=replace(head.rights, hidden={"party": frozenset({"consents"})}))
    with kontora_site.read(head) as session:
        assert len(consents.history(session, person)) == 1
        assert consent_hooks.panel(session, person) is not None
    with kontora_site.write(blind) as session:
        assert consent_hooks.panel(session, person) is None
        for step in (consents.history, consents.state):
            with pytest.raises(NotFound):
                step(session, person)
        with pytest.raises(NotFound):
            consents.add(session, person, Line(purpose="marketing", channel="email"))


def test_what_is_wrong_is_named(kontora_site: Site) -> None:
    person = make_party(kontora_site, None, {"family": "Petrova"})
    with pytest.raises(Invalid) as refused:
        add(
            kontora_site,
            person,
            purpose="gossip",
            channel="pigeon",
            basis="none",
            file=UUID(int=1),
            valid_from=NOW,
            valid_to=NOW,
        )
    assert set(refused.value.errors) == {"purpose", "channel", "basis", "file", "to"}


def test_purposes_are_administrators_own(kontora_site: Site) -> None:
    site = kontora_site
    person = make_party(site, None, {"family": "Petrova"})
    with site.write(make_user(site, "head")) as session, pytest.raises(Forbidden):
        purposes.save(session, "events", "Events", True)
    with site.write(make_user(site, "administrator")) as session:
        purposes.save(session, "events", "Events", True)
        purposes.retire(session, "research")
        with pytest.raises(Invalid):
            purposes.save(session, "1 x", "", True)
    add(site, person, purpose="events")
    with pytest.raises(Invalid):
        add(site, person, purpose="research")


def test_the_page_and_the_api_write_lines(kontora_site: Site) -> None:
    site = kontora_site
    app, manager = create_app(site), make_user(site, "manager")
    person = make_party(site, manager, {"family": "Petrova"})
    base = f"/contacts/{person}/consents"
    browser = signed_in(app, site, manager)
    sent = {"purpose": "marketing", "channel": "sms", "state": "given", "basis": "consent"}
    assert browser.post(base, data={**sent, "proof": "A paper"}).status_code == 303
    wrong = browser.post(base, data={**sent, "purpose": "x"})
    assert wrong.status_code == 422
    page = browser.get(base).get_data(as_text=True)
    assert "A paper" in page
    panel = browser.get(f"/contacts/{person}/panels/core.consents").get_data(as_text=True)
    assert "Marketing" in panel
    program = with_token(app, site, manager)
    line = {"purpose": "marketing", "channel": "email", "state": "given", "source": "Shop"}
    made = program.post(f"/api/v1{base}", json=line)
    assert made.status_code == 200, made.get_json()
    assert program.post(f"/api/v1{base}", json={**line, "from": "2026-01-01"}).status_code == 422
    found = program.get(f"/api/v1{base}").get_json()
    assert found["held"] == ["marketing.email", "marketing.sms"]
    assert [each["source"] for each in found["items"]] == ["Shop", None]
    reader = with_token(app, site, make_user(site, "auditor"))
    assert reader.post(f"/api/v1{base}", json=line).status_code == 403
