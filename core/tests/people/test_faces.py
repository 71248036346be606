"""Past, chart, tree, owners, notices, watching and handover through pages, API and command."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from small_company import ROLES, Company, Item
from sqlalchemy import func, select

from kontora import clock
from kontora.access.principal import Principal, system
from kontora.ids import new_id
from kontora.lifecycle.site import Site
from kontora.records import notices, service
from kontora.records.handover import desk, run
from kontora.records.handover.rules import Rule, Rules
from kontora.records.models import ChangeRow
from kontora.records.watch_models import Reading
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in, with_token

TODAY = clock.now().date().isoformat()


@pytest.fixture(scope="module")
def app(company: Company) -> Flask:
    return create_app(company.site)


def count(site: Site, model: Any, *where: Any) -> int:
    site.readings.flush()
    with site.database.read_engine.connect() as connection:
        return int(
            connection.scalar(select(func.count()).select_from(model.__table__).where(*where)) or 0
        )


def word(item: Item) -> str:
    return f"canary{item.entity}{item.place.replace(' ', '')}".replace("_", "")


@pytest.mark.parametrize("role", ROLES)
def test_the_past_of_each_record_is_for_those_who_see_it_now(
    app: Flask, company: Company, role: str
) -> None:
    client = with_token(app, company.site, company.principal(role))
    hidden = {
        word(i)
        for i in company.items
        if i.entity in ("person", "organisation", "activity") and not company.may(role, "view", i)
    }
    hidden -= {word(i) for i in company.items if company.may(role, "view", i)}
    wrong = []
    for item in company.items:
        for tail in (
            f"?as_of={TODAY}",
            f"/chart?as_of={TODAY}",
            f"/tree?as_of={TODAY}",
            "/ownership",
        ):
            if tail.startswith(("/chart", "/tree")) and item.path != "counterparties":
                continue
            if tail == "/ownership" and item.path in ("branches", "teams", "users"):
                continue
            answer = client.get(f"/api/v1/{item.path}/{item.id}{tail}")
            seen = company.may(role, "view", item) and not item.deleted
            text = answer.get_data(as_text=True).lower()
            if answer.status_code != (200 if seen else 404) or any(
                f"{each} " in text for each in hidden
            ):
                wrong.append((item.path, item.place, tail, answer.status_code, text[:200]))
    assert wrong == []


def test_the_api_says_what_is_wrong_with_a_day(app: Flask, company: Company) -> None:
    client = with_token(app, company.site, company.principal("head"))
    base = f"/api/v1/counterparties/{company.of('counterparties', 'team').id}"
    for day in ("2999-01-01", "soon", ""):
        for path in ("", "/chart", "/tree"):
            answer = client.get(f"{base}{path}?as_of={day}")
            assert (answer.status_code, list(answer.json["errors"])) == (422, ["as_of"])
    answer = client.get(f"{base}?as_of=2001-01-01")
    assert answer.status_code == 404
    assert "did not exist on 2001-01-01: it was created on" in answer.json["detail"]
    assert client.get(f"{base}/chart?day=1").status_code == 422
    assert client.get(f"{base}?as_of={TODAY}&as_of={TODAY}").status_code == 422
    person = company.of("contacts", "by role").id
    assert client.get(f"/api/v1/counterparties/{person}/chart").status_code == 404


def test_pages_of_the_past_are_marked_and_cannot_be_edited(app: Flask, company: Company) -> None:
    client = signed_in(app, company.site, company.principal("head"))
    for path in ("contacts", "counterparties", "activities"):
        base = f"/{path}/{company.of(path, 'team').id}"
        page = client.get(f"{base}?as_of={TODAY}")
        assert page.status_code == 200
        assert "This is the past" in page.text and f'href="{base}"' in page.text
        assert f"{base}/edit" not in page.text and "data-composer" not in page.text
        today = client.get(base).text
        assert 'name="as_of"' in today and "This is the past" not in today
        assert client.get(f"{base}?as_of=2999-01-01").status_code == 422
        gone = client.get(f"{base}?as_of=2001-01-01")
        assert gone.status_code == 404 and "It was created on" in gone.text
        assert 'value="2001-01-01"' in gone.text and "Another day" in gone.text


def test_charts_and_trees_have_pages(app: Flask, company: Company) -> None:
    client = signed_in(app, company.site, company.principal("head"))
    firm = company.of("counterparties", "team")
    chart = client.get(f"/counterparties/{firm.id}/chart")
    assert chart.status_code == 200 and "canarypersonatourfirm" in chart.text
    assert "canaryorganisationteam" in client.get(f"/counterparties/{firm.id}/tree").text
    person = company.of("contacts", "team").id
    assert client.get(f"/contacts/{person}/chart").status_code == 404
    assert (
        client.get(f"/counterparties/{company.of('contacts', 'by role').id}/tree").status_code
        == 404
    )


def test_opening_is_noted_but_lists_searches_and_refusals_are_not(
    app: Flask, company: Company
) -> None:
    who = company.principal("colleague")
    mine = Reading.user_id == who.user_id
    page, program = signed_in(app, company.site, who), with_token(app, company.site, who)
    own = company.of("contacts", "branch").id
    foreign = company.of("contacts", "foreign").id
    before = count(company.site, Reading, mine)
    for client, base in ((page, ""), (program, "/api/v1")):
        for path in (f"{base}/contacts", f"{base}/contacts?q=canary", f"{base}/contacts/{foreign}"):
            client.get(path)
    assert count(company.site, Reading, mine) == before
    assert page.get(f"/contacts/{own}").status_code == 200
    assert program.get(f"/api/v1/contacts/{own}").status_code == 200
    assert program.get(f"/api/v1/contacts/{own}?as_of={TODAY}").status_code == 200
    assert count(company.site, Reading, mine) == before + 3
    assert count(company.site, Reading, mine, Reading.face == "api") >= 2


def test_noting_an_opening_takes_no_time(company: Company) -> None:
    """Not a limit of time, but of kind: a thousand notes make no statement at all."""
    me, site = company.principal("colleague"), company.site
    before = count(site, Reading, Reading.user_id == me.user_id)
    began = time.perf_counter()
    for _number in range(1000):
        site.readings.note(me, "party", new_id())
    print(f"{time.perf_counter() - began:.4f} s for 1,000")
    assert count(site, Reading, Reading.user_id == me.user_id) == before + 1000


@pytest.mark.parametrize("role", ROLES)
def test_who_may_watch_and_hand_over(app: Flask, company: Company, role: str) -> None:
    client = signed_in(app, company.site, company.principal(role))
    colleague, stranger = company.users["colleague"], company.users["stranger"]
    watch = 200 if role in ("administrator", "head") else 403
    looked = count(company.site, ChangeRow, ChangeRow.entity == "reading")
    assert client.get(f"/admin/users/{colleague}/reading").status_code == watch
    file = client.get(f"/admin/users/{colleague}/reading.csv")
    assert file.status_code == watch
    assert count(company.site, ChangeRow, ChangeRow.entity == "reading") == looked + (
        2 if watch == 200 else 0
    )
    everywhere = role in ("administrator", "head")
    ours = 200 if everywhere or role == "branch_manager" else 403
    assert client.get(f"/admin/users/{colleague}/handover").status_code == ours
    theirs = 200 if everywhere else 403
    assert client.get(f"/admin/users/{stranger}/handover").status_code == theirs
    page = client.get(f"/users/{colleague}").text
    assert ("/reading" in page) is (watch == 200) and ("/handover" in page) is (ours == 200)


def test_a_handover_through_the_pages_and_back(app: Flask, company: Company) -> None:
    client = signed_in(app, company.site, company.principal("head"))
    leaver, taker = company.users["deep"], company.users["stranger"]
    base, item = f"/admin/users/{leaver}/handover", company.of("contacts", "below")
    assert client.post(base, data={"to": ""}).status_code == 422
    assert client.post(base, data={"to": f"user:{leaver}"}).status_code == 422
    assert client.post(base, data={"to": "team_head"}).status_code == 422
    assert client.post(base, data={"to": "nonsense"}).status_code == 422
    answer = client.post(base, data={"to": f"user:{taker}"})
    assert answer.status_code == 303
    where = answer.headers["Location"]
    page = client.get(where).text
    assert "stranger" in page and "done" in page
    assert owner(company, item) == taker
    program = with_token(app, company.site, company.principal("head"))
    periods = program.get(f"/api/v1/contacts/{item.id}/ownership").json["items"]
    assert [each["owner"]["name"] for each in periods][:2] == ["stranger", "deep"]
    assert periods[0]["changed_by"] == "head" and periods[0]["to"] is None
    assert client.post(f"{where}/undo").status_code == 303
    assert owner(company, item) == leaver
    assert client.post(f"{where}/undo").status_code == 409
    manager = signed_in(app, company.site, company.principal("manager"))
    assert manager.get(where).status_code == 403
    assert client.get(f"/admin/handovers/{new_id()}").status_code == 404


def owner(company: Company, item: Item) -> UUID:
    with company.site.read(system("test")) as session:
        found = service.get_record(session, company.rtype(item.path), item.id)["owner"]
    return UUID(found["id"])


def test_notices_have_a_bell_a_page_and_an_api(app: Flask, company: Company) -> None:
    who = company.principal("mate")
    with company.site.write(system("test")) as session:
        for number in range(3):
            notices.tell(
                session, [who.user_id], "test", f"<b>Number {number}</b>", link="/contacts"
            )
    page, program = signed_in(app, company.site, who), with_token(app, company.site, who)
    home = page.get("/").text
    assert 'aria-label="3 new notices"' in home
    shown = page.get("/notices").text
    assert "&lt;b&gt;Number 2&lt;/b&gt;" in shown and "<b>Number" not in shown
    listed = program.get("/api/v1/me/notices?unread=1&limit=2").json
    assert (listed["unread"], [each["text"] for each in listed["items"]]) == (
        3,
        ["<b>Number 2</b>", "<b>Number 1</b>"],
    )
    first = listed["items"][0]["id"]
    answer = page.post(f"/notices/{first}/read")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/contacts")
    assert program.post(f"/api/v1/me/notices/{listed['items'][1]['id']}/read").status_code == 204
    assert program.get("/api/v1/me/notices").json["unread"] == 1
    other = with_token(app, company.site, company.principal("head"))
    assert other.post(f"/api/v1/me/notices/{first}/read").status_code == 404
    assert program.post("/api/v1/me/notices/read").json == {"read": 1}
    assert program.post("/api/v1/me/notices/read").json == {"read": 0}
    for wrong in ("", "x", "²", str(10**17 + 1), "9" * 5000):
        assert program.get(f"/api/v1/me/notices?before={wrong}").status_code == 422, wrong
    assert program.get(f"/api/v1/me/notices?before={10**17}").status_code == 200


def test_an_empty_day_is_no_day(app: Flask, company: Company) -> None:
    head = with_token(app, company.site, company.principal("head"))
    person = next(each for each in company.items if each.path == "contacts")
    address = f"/api/v1/contacts/{person.id}"
    for path in (f"{address}/consents", address):
        assert head.get(path).status_code == 200
        assert head.get(f"{path}?as_of=").status_code == 422, path


@pytest.mark.kontora_plugins("hello")
def test_records_and_fields_of_plugins_have_a_past_and_an_heir(
    kontora_site: Site, user_factory: Callable[..., Principal], party_factory: Callable[..., UUID]
) -> None:
    anna, boris = user_factory("manager"), user_factory("manager")
    head = user_factory("head")
    app = create_app(kontora_site)
    with kontora_site.write(anna) as session:
        greetings = session.registry.record_type("hello/greetings")
        made = service.create_record(session, greetings, {"subject": "First"}).id
    party = party_factory(family="Petrova", hello={"score": 5})
    with clock.frozen(clock.now() + timedelta(days=3)):
        with kontora_site.write(system("test")) as session:
            contacts = session.registry.record_type("contacts")
            service.change_record(session, contacts, party, {"hello": {"score": 9}})
            service.change_record(session, greetings, made, {"subject": "Second"})
        client = with_token(app, kontora_site, head)
        then = client.get(f"/api/v1/contacts/{party}?as_of={TODAY}").json
        assert then["hello"]["score"] == 5
        assert client.get(f"/api/v1/contacts/{party}").json["hello"]["score"] == 9
        old = with_token(app, kontora_site, anna).get(
            f"/api/v1/hello/greetings/{made}?as_of={TODAY}"
        )
        assert old.json["subject"] == "First"
    with kontora_site.write(system("test")) as session:
        rules = Rules(default=Rule(kind="user", id=boris.user_id))
        handover = desk.start(session, anna.user_id, rules, at_once=True)
        while run.step(session, handover):
            pass
    with kontora_site.read(boris) as session:
        shown = service.get_record(session, greetings, made)
        assert shown["owner"]["id"] == str(boris.user_id)
