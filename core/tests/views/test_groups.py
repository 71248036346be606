"""Groups: membership in periods, who sees what, the bin, filters, the field of a party."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kontora import clock
from kontora.access.principal import Principal, system
from kontora.errors import Forbidden, Invalid, NotFound
from kontora.lifecycle.site import Site
from kontora.parties import group_slots, groups
from kontora.records import past, service
from kontora.records.service import Query
from kontora_sdk.testing.people import make_party, make_user

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(here: Site) -> Site:
    return here


def rtype(site: Site, path: str) -> Any:
    return site.registry.record_type(path)


def make_group(site: Site, by: Principal, **data: Any) -> UUID:
    with site.write(by) as session:
        data = {"name": "Guests", **data}
        return service.create_record(session, rtype(site, "groups"), data).id


def change(site: Site, by: Principal, verb: str, group: UUID, *parties: UUID) -> list[UUID]:
    with site.write(by) as session:
        return getattr(groups, verb)(session, group, parties)


def names(site: Site, by: Principal, group: UUID, moment: datetime | None = None) -> list[str]:
    with site.read(by) as session:
        return [party.display_name for _each, party in groups.members(session, group, moment)]


def test_who_was_in_it_on_a_past_day_has_an_answer(site: Site) -> None:
    with clock.frozen(START):
        group = make_group(site, system("test"))
        anna, boris = (make_party(site, None, {"family": each}) for each in ("Anna", "Boris"))
        assert change(site, system("test"), "add", group, anna, boris) == [anna, boris]
        assert change(site, system("test"), "add", group, anna) == []
    with clock.frozen(START + timedelta(days=10)):
        assert change(site, system("test"), "remove", group, anna) == [anna]
        assert change(site, system("test"), "remove", group, anna) == []
    with clock.frozen(START + timedelta(days=20)):
        change(site, system("test"), "add", group, anna)
        assert names(site, system("test"), group) == ["Boris", "Anna"]
        assert names(site, system("test"), group, START + timedelta(days=5)) == ["Anna", "Boris"]
        assert names(site, system("test"), group, START + timedelta(days=15)) == ["Boris"]
        assert names(site, system("test"), group, START - timedelta(days=1)) == []
        with site.read(system("test")) as session:
            rows = groups.periods_of(session, anna)
            assert [(each.begun_by, each.ended_by) for each, _name in rows] == [
                ("test", ""),
                ("test", "test"),
            ]
            contacts = rtype(site, "contacts")
            day = (START + timedelta(days=15)).date()
            assert past.record_on(session, contacts, anna, day)[0]["groups"] == []
            day = (START + timedelta(days=5)).date()
            (shown,) = past.record_on(session, contacts, anna, day)[0]["groups"]
            assert shown == {"id": str(group), "name": "Guests"}


def test_a_private_group_is_its_owners_and_a_shared_one_everybodys(site: Site) -> None:
    owner, other = make_user(site, "manager"), make_user(site, "manager")
    private = make_group(site, owner, name="Mine")
    shared = make_group(site, owner, name="Ours", shared=True)
    with site.read(other) as session:
        page = service.list_records(session, rtype(site, "groups"), Query(limit=200))
        seen = {each["id"] for each in page.items}
        assert str(shared) in seen and str(private) not in seen
        with pytest.raises(NotFound):
            groups.members(session, private)
    party = make_party(site, other, {"family": "Seen"})
    with pytest.raises(NotFound):
        change(site, other, "add", private, party)
    with pytest.raises(Forbidden):
        change(site, other, "add", shared, party)
    assert names(site, other, shared) == []


def test_members_that_one_may_not_see_are_neither_shown_nor_counted(site: Site) -> None:
    owner, other = make_user(site, "manager"), make_user(site, "manager")
    group = make_group(site, owner, shared=True)
    change(site, owner, "add", group, make_party(site, owner, {"family": "Hidden"}))
    assert names(site, owner, group) == ["Hidden"]
    assert names(site, other, group) == []
    for who, number in ((owner, 1), (other, 0)):
        with site.read(who) as session:
            assert groups.count(session, group) == number
            shown = service.get_record(session, rtype(site, "groups"), group)
            assert shown["size"] == number


def test_where_groups_are_hidden_a_group_shows_no_members(site: Site) -> None:
    """A rule that hides the field `groups` hides the same fact from the group's side."""
    party = make_party(site, None, {"family": "Hidden"})
    group = make_group(site, system("test"), shared=True)
    change(site, system("test"), "add", group, party)
    head = make_user(site, "head")
    blind = replace(head, rights=replace(head.rights, hidden={"party": frozenset({"groups"})}))
    for who, number in ((head, 1), (blind, 0)):
        with site.read(who) as session:
            assert len(groups.members(session, group)) == number
            assert groups.count(session, group) == number
            assert len(groups.periods_of(session, party)) == number
            assert bool(group_slots.of_party(session, party)) is bool(number)


def test_nobody_adds_a_party_that_he_does_not_see(site: Site) -> None:
    owner, other = make_user(site, "manager"), make_user(site, "manager")
    group, foreign = make_group(site, owner), make_party(site, other, {"family": "Foreign"})
    with pytest.raises(Invalid):
        change(site, owner, "add", group, foreign)


def test_who_sees_a_party_but_may_not_edit_it_can_put_it_into_his_group(site: Site) -> None:
    head, assistant = make_user(site, "head"), make_user(site, "assistant")
    party = make_party(site, head, {"family": "Boss", "branch": str(assistant.branch_id)})
    before = _version(site, party)
    group = make_group(site, assistant)
    assert change(site, assistant, "add", group, party) == [party]
    assert _version(site, party) == before


def _version(site: Site, party: UUID) -> int:
    with site.read(system("test")) as session:
        return service.version_of(session, rtype(site, "contacts"), party)


def _matching(site: Site, by: Principal, tree: dict[str, Any]) -> list[UUID]:
    with site.read(by) as session:
        return service.matching(session, rtype(site, "contacts"), Query(filter=tree))


def test_lists_are_filtered_by_group(site: Site) -> None:
    group = make_group(site, system("test"))
    inside = make_party(site, None, {"family": "Inside"})
    outside = make_party(site, None, {"family": "Outside"})
    change(site, system("test"), "add", group, inside)
    for name in ("group", "groups"):
        tree = {"field": name, "op": "in", "value": [str(group)]}
        assert _matching(site, system("test"), tree) == [inside]
        found = _matching(site, system("test"), {"not": tree})
        assert outside in found and inside not in found
    stranger = make_user(site, "head")
    assert _matching(site, stranger, {"field": "group", "op": "eq", "value": str(group)}) == [
        inside
    ]
    stranger = make_user(site, "manager")
    assert _matching(site, stranger, {"field": "group", "op": "eq", "value": str(group)}) == []


def test_a_group_in_the_bin_has_no_members_and_gets_them_back(site: Site) -> None:
    group = make_group(site, system("test"))
    party = make_party(site, None, {"family": "Back"})
    change(site, system("test"), "add", group, party)
    tree = {"field": "group", "op": "eq", "value": str(group)}
    with site.write(system("test")) as session:
        service.delete_record(session, rtype(site, "groups"), group)
    assert _matching(site, system("test"), tree) == []
    with site.read(system("test")) as session:
        assert service.get_record(session, rtype(site, "contacts"), party)["groups"] == []
    with site.write(system("test")) as session:
        service.restore_record(session, rtype(site, "groups"), group)
    assert _matching(site, system("test"), tree) == [party]


def test_the_field_of_a_party_adds_and_removes_and_keeps_what_is_unseen(site: Site) -> None:
    owner, other = make_user(site, "head"), make_user(site, "manager")
    first, second = make_group(site, owner, name="First"), make_group(site, owner, name="Second")
    party = make_party(site, owner, {"family": "Field", "groups": [str(first)]})
    assert names(site, owner, first) == ["Field"]
    contacts = rtype(site, "contacts")
    with site.write(owner) as session:
        service.change_record(session, contacts, party, {"groups": [str(second)]})
        assert service.get_record(session, contacts, party)["groups"] == [
            {"id": str(second), "name": "Second"}
        ]
    assert names(site, owner, first) == []
    with site.write(owner) as session:
        service.change_record(session, contacts, party, {"owner": str(other.user_id)})
    with site.write(other) as session:  # he sees neither group, and takes nothing away
        service.change_record(session, contacts, party, {"groups": []})
    assert names(site, owner, second) == ["Field"]
    with site.write(other) as session, pytest.raises(Invalid):
        service.change_record(session, contacts, party, {"groups": [str(second)]})
