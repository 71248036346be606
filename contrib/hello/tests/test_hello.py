"""Hello does what its pages promise: one declaration, seen everywhere."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from kontora import clock
from kontora.access.principal import Principal, system
from kontora.errors import Invalid
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.work.runner import run_pending

pytestmark = pytest.mark.kontora_plugins("hello")
Make = Callable[..., UUID]


def greet(site: Site, principal: Principal, **data: object) -> UUID:
    with site.write(principal) as session:
        greetings = session.registry.record_type("hello/greetings")
        return service.create_record(session, greetings, data).id


def contact(site: Site, principal: Principal, party: UUID) -> dict[str, object]:
    with site.read(principal) as session:
        contacts = session.registry.record_type("contacts")
        return dict(service.get_record(session, contacts, party))


def test_a_score_is_kept_with_the_contact(kontora_site: Site, party_factory: Make) -> None:
    party = party_factory(family="Petrova", hello={"score": 5})
    assert contact(kontora_site, system("test"), party)["hello"] == {
        "score": 5,
        "salutation": None,
    }


def test_a_score_outside_one_to_ten_is_refused(party_factory: Make) -> None:
    with pytest.raises(Invalid) as refused:
        party_factory(family="Petrova", hello={"score": 11})
    assert list(refused.value.errors) == ["hello.score"]


def test_a_list_is_filtered_by_the_score(kontora_site: Site, party_factory: Make) -> None:
    party_factory(family="Low", hello={"score": 2})
    party_factory(family="High", hello={"score": 9})
    party_factory(family="None")
    wanted = service.Query(filter={"field": "hello.score", "op": "ge", "value": 5})
    with kontora_site.read(system("test")) as session:
        contacts = session.registry.record_type("contacts")
        found = service.list_records(session, contacts, wanted).items
    assert [item["display_name"] for item in found] == ["High"]


def test_a_greeting_belongs_to_its_maker(
    kontora_site: Site, user_factory: Callable[..., Principal]
) -> None:
    maker, other = user_factory("manager"), user_factory("manager")
    greet(kontora_site, maker, subject="Happy birthday")
    for principal, expected in ((maker, 1), (other, 0)):
        with kontora_site.read(principal) as session:
            greetings = session.registry.record_type("hello/greetings")
            page = service.list_records(session, greetings, service.Query())
            assert len(page.items) == expected


def test_a_greeting_is_noted_in_the_timeline(
    kontora_site: Site, party_factory: Make, run_jobs: Callable[..., dict[str, int]]
) -> None:
    party = party_factory(family="Petrova")
    greet(kontora_site, system("test"), subject="Happy birthday", party=str(party))
    assert run_jobs().get("failed", 0) == 0
    with kontora_site.read(system("test")) as session:
        activities = session.registry.record_type("activities")
        noted = service.list_records(session, activities, service.Query()).items
    assert [item["subject"] for item in noted] == ["Happy birthday"]


def test_birthdays_are_greeted_once_a_day(
    kontora_site: Site, party_factory: Make, run_jobs: Callable[..., dict[str, int]]
) -> None:
    party_factory(family="Petrova", birth_date="1987-05-14")
    party_factory(family="Smirnova", birth_date="1987-05-15")
    with clock.frozen(datetime(2026, 5, 14, 6, 30, tzinfo=UTC)):
        for _again in range(2):
            with kontora_site.write(system("test")) as session:
                kontora_site.registry.jobs["hello.greet"].handler(_Context(session))
    with kontora_site.read(system("test")) as session:
        greetings = session.registry.record_type("hello/greetings")
        found = service.list_records(session, greetings, service.Query()).items
    assert [item["subject"] for item in found] == ["Petrova"]


class _Context:
    """What a job's handler is given, as far as this one uses it."""

    def __init__(self, session: object) -> None:
        self.session = session
        self.now = clock.now()


def test_the_report_counts_by_occasion(kontora_site: Site) -> None:
    greet(kontora_site, system("test"), subject="A", occasion="birthday")
    greet(kontora_site, system("test"), subject="B", occasion="birthday")
    greet(kontora_site, system("test"), subject="C", occasion="other")
    report = kontora_site.registry.reports["hello.by-occasion"]
    with kontora_site.read(system("test")) as session:
        rows = [tuple(row) for row in report.run(session, {})]
    assert rows == [("Birthday", 2), ("Other occasion", 1)]


def test_greetings_hold_files_without_a_word_about_them(
    kontora_site: Site, as_role: Callable[..., Any]
) -> None:
    client = as_role("administrator")
    greeting = greet(kontora_site, client.principal, subject="Many happy returns")
    address = f"/hello/greetings/{greeting}"
    assert f"{address}/panels/core.files" in client.get(address).text
    sent = {"data": {"file": (io.BytesIO(b"all the quokkas"), "card.txt")}}
    assert client.post(f"{address}/files", **sent).status_code == 303
    assert "card.txt" in client.get(f"{address}/panels/core.files").text
    run_pending(kontora_site.work_site())
    assert "Many happy returns" in client.get("/hello/greetings?q=quokkas").text
    assert "Many happy returns" not in client.get("/hello/greetings?q=wombats").text


def test_greetings_are_seen_as_postcards(kontora_site: Site, as_role: Callable[..., Any]) -> None:
    client = as_role("administrator")
    greet(kontora_site, client.principal, subject="Quokka day", body="Hop along")
    greet(kontora_site, client.principal, subject="Wombat day")
    offered = client.get("/hello/greetings").text
    assert "Postcards" in offered and "kind=hello.postcards" in offered
    page = client.get("/hello/greetings?kind=hello.postcards&subject[contains]=quokka").text
    assert "Hop along" in page and "Wombat day" not in page
    assert "Postcards" not in client.get("/contacts").text
