"""A record as it was on a past day: dated facts by their dates, all else from the change log."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kontora import clock
from kontora.access import identity
from kontora.access.models import FieldRule
from kontora.access.principal import system
from kontora.errors import Invalid, NotFound
from kontora.lifecycle.install import add_user
from kontora.lifecycle.site import Site
from kontora.records import past, service

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Time:
    """A site whose clock is moved by days."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def rtype(self, path: str) -> Any:
        return self.site.registry.record_type(path)

    def make(self, day: int, path: str, data: dict[str, Any]) -> UUID:
        with clock.frozen(START + timedelta(days=day)), self.site.write(system("test")) as session:
            return service.create_record(session, self.rtype(path), data).id

    def change(self, day: int, path: str, record_id: UUID, data: dict[str, Any]) -> None:
        with clock.frozen(START + timedelta(days=day)), self.site.write(system("test")) as session:
            service.change_record(session, self.rtype(path), record_id, data)

    def on(self, day: int, path: str, record_id: UUID, **more: Any) -> dict[str, Any]:
        with clock.frozen(START + timedelta(days=400)), self.site.read(system("test")) as session:
            wanted = START.date() + timedelta(days=day)
            return past.record_on(session, self.rtype(path), record_id, wanted, **more)[0]


@pytest.fixture
def time(site: Site) -> Time:
    return Time(site)


def test_everything_is_read_back_from_the_log(time: Time) -> None:
    first = {
        "given": "Anna",
        "family": "Petrova",
        "points": [{"kind": "email", "value": "old@example.org"}],
        "tags": ["vip"],
        "custom": {"level": 1},
        "notes": "first",
    }
    anna = time.make(0, "contacts", first)
    second = {
        "family": "Ivanova",
        "points": [{"kind": "email", "value": "new@example.org"}],
        "tags": ["alt"],
        "custom": {"level": 2, "colour": "red"},
    }
    time.change(10, "contacts", anna, second)
    time.change(
        20, "contacts", anna, {"family": "Sidorova", "notes": None, "custom": {"level": None}}
    )
    shown = time.on(5, "contacts", anna)
    assert (shown["family"], shown["notes"], shown["tags"]) == ("Petrova", "first", ["vip"])
    assert [each["value"] for each in shown["points"]] == ["old@example.org"]
    assert shown["custom"] == {"level": 1}
    assert shown["display_name"] == "Anna Petrova"
    assert shown["updated_at"] == "2026-03-01T12:00:00Z"
    later = time.on(15, "contacts", anna, fields=["family", "email", "custom"])
    assert (later["family"], later["email"]) == ("Ivanova", "new@example.org")
    assert later["custom"] == {"level": 2, "colour": "red"}
    with clock.frozen(START + timedelta(days=400)), time.site.read(system("test")) as session:
        now = service.get_record(session, time.rtype("contacts"), anna)
        then, version = past.record_on(
            session, time.rtype("contacts"), anna, START.date() + timedelta(days=400)
        )
        assert then == now and version == 3


def test_dated_facts_count_by_their_dates(time: Time) -> None:
    firm = time.make(0, "counterparties", {"display_name": "Firm"})
    roles = [
        {"role": "client", "from": "2026-01-01", "to": "2026-03-10"},
        {"role": "dealer", "from": "2026-03-11"},
    ]
    # Entered long after they were true.
    time.change(100, "counterparties", firm, {"roles": roles})
    assert [each["role"] for each in time.on(5, "counterparties", firm)["roles"]] == ["client"]
    assert [each["role"] for each in time.on(50, "counterparties", firm)["roles"]] == ["dealer"]
    works = [{"organisation": str(firm), "title": "Buyer", "from": "2026-03-05"}]
    anna = time.make(0, "contacts", {"given": "Anna"})
    time.change(100, "contacts", anna, {"affiliations": works})
    expand = {"expand": ["affiliations"]}
    assert time.on(1, "contacts", anna, **expand)["affiliations"] == []
    (found,) = time.on(9, "contacts", anna, **expand)["affiliations"]
    assert (found["title"], found["organisation"]["name"]) == ("Buyer", "Firm")


def test_rows_without_dates_are_read_back_too(time: Time) -> None:
    firm = time.make(0, "counterparties", {"display_name": "F", "addresses": [{"street": "Old"}]})
    time.change(
        10,
        "counterparties",
        firm,
        {"addresses": [{"street": "New"}], "roles": [{"role": "client"}]},
    )
    shown = time.on(5, "counterparties", firm)
    assert [each["street"] for each in shown["addresses"]] == ["Old"]
    assert shown["roles"] == []
    # An end that was entered later does not double the row.
    time.change(20, "counterparties", firm, {"roles": [{"role": "client", "to": "2026-03-15"}]})
    assert len(time.on(12, "counterparties", firm)["roles"]) == 1
    assert time.on(30, "counterparties", firm)["roles"] == []


def test_the_parent_is_that_of_the_day(time: Time) -> None:
    one, two, child = (time.make(0, "counterparties", {"display_name": n}) for n in "abc")
    time.change(5, "counterparties", child, {"parent": str(one)})
    time.change(10, "counterparties", child, {"parent": str(two)})
    assert time.on(7, "counterparties", child)["parent"] == {"id": str(one), "name": "a"}
    assert time.on(12, "counterparties", child)["parent"]["name"] == "b"


def test_before_it_was_made_and_in_the_bin_there_is_a_plain_reason(time: Time) -> None:
    anna = time.make(0, "contacts", {"given": "Anna"})
    with pytest.raises(NotFound, match="did not exist on 2026-02-28: it was created on 2026-03-01"):
        time.on(-1, "contacts", anna)
    contacts = time.rtype("contacts")
    for day, do in ((3, service.delete_record), (6, service.restore_record)):
        with clock.frozen(START + timedelta(days=day)), time.site.write(system("t")) as session:
            do(session, contacts, anna)
    with pytest.raises(NotFound, match="lay in the bin on 2026-03-05"):
        time.on(4, "contacts", anna)
    assert time.on(7, "contacts", anna)["given"] == "Anna"


def test_what_is_no_day_or_has_not_come_is_refused(time: Time) -> None:
    with clock.frozen(START), time.site.read(system("test")) as session:
        assert past.day_of(session, "2026-03-01") == date(2026, 3, 1)
        for given in ("2026-03-02", "yesterday", "", "2026-13-01", "9999-12-31"):
            with pytest.raises(Invalid) as caught:
                past.day_of(session, given)
            assert list(caught.value.errors) == ["as_of"]


def test_field_rules_and_scope_hold_in_the_past(time: Time) -> None:
    with time.site.write(system("test")) as session:
        user = add_user(session, email="m@example.org", roles=["manager"])
        other = add_user(session, email="o@example.org", roles=["manager"])
        rows = [
            {"role_key": "manager", "entity": "party", "field": name, "access": "hidden"}
            for name in ("notes", "custom.salary")
        ]
        session.execute(
            FieldRule.__table__.insert(), rows, execution_options={"door": "administration"}
        )
    foreign = time.make(0, "counterparties", {"display_name": "Canary", "owner": str(other)})
    ours = time.make(0, "counterparties", {"display_name": "Ours", "owner": str(user)})
    anna = time.make(
        0,
        "contacts",
        {
            "given": "Anna",
            "notes": "secret",
            "owner": str(user),
            "custom": {"salary": 5, "size": 3},
            "relations": [
                {"type": "advises", "other": str(foreign)},
                {"type": "advises", "other": str(ours)},
            ],
        },
    )
    time.change(
        10, "contacts", anna, {"notes": "x", "custom": {"salary": 6, "size": 4}, "relations": []}
    )
    with time.site.read(system("test")) as session:
        manager = identity.principal_of_user(session, user)
    assert manager is not None
    with clock.frozen(START + timedelta(days=20)), time.site.read(manager) as session:
        rtype, day = time.rtype("contacts"), START.date() + timedelta(days=5)
        shown = past.record_on(session, rtype, anna, day, expand=["relations"])[0]
        assert shown["custom"] == {"size": 3} and "notes" not in shown
        assert [each["other"]["name"] for each in shown["relations"]] == ["Ours"]
        assert "Canary" not in repr(shown) and "secret" not in repr(shown)
        with pytest.raises(NotFound):
            past.record_on(session, time.rtype("counterparties"), foreign, day)
        with pytest.raises(Invalid):
            past.record_on(session, rtype, anna, day, fields=["notes"])


def test_activities_have_a_past_like_all_records(time: Time) -> None:
    anna = time.make(0, "contacts", {"given": "Anna"})
    data = {"kind": "task", "subject": "Call her", "parties": [str(anna)]}
    task = time.make(0, "activities", data)
    time.change(5, "activities", task, {"state": "done", "parties": [], "subject": "Called"})
    shown = time.on(2, "activities", task)
    assert (shown["state"], shown["subject"]) == ("planned", "Call her")
    assert [each["name"] for each in shown["parties"]] == ["Anna"]


def test_the_day_ends_where_the_reader_lives(time: Time) -> None:
    """12:00 UTC on 1 March is already 2 March in Kiritimati (UTC+14)."""
    anna = time.make(0, "contacts", {"given": "Anna"})
    with time.site.write(system("test")) as session:
        user = add_user(session, email="h@example.org", roles=["head"])
        service.change_record(
            session, time.rtype("users"), user, {"timezone": "Pacific/Kiritimati"}
        )
        reader = identity.principal_of_user(session, user)
    assert reader is not None
    with clock.frozen(START + timedelta(days=9)), time.site.read(reader) as session:
        with pytest.raises(NotFound):
            past.record_on(session, time.rtype("contacts"), anna, date(2026, 3, 1))
        assert past.record_on(session, time.rtype("contacts"), anna, date(2026, 3, 2))


def test_the_short_form_of_groups_is_the_group_itself(time: Time) -> None:
    group = time.make(0, "groups", {"name": "Guests"})
    anna = time.make(0, "contacts", {"given": "Anna", "groups": [str(group)]})
    shown = time.on(5, "contacts", anna, expand=["groups", "group"])
    assert [each["name"] for each in shown["groups"]] == ["Guests"]
    assert shown["group"]["id"] == str(group)
