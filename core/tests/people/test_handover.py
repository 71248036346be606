"""Handover: everything that somebody owns goes by rule to others, and back once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kontora.access import identity
from kontora.access.principal import Principal, system
from kontora.errors import Conflict, Forbidden, Invalid, NotFound
from kontora.lifecycle.install import add_user, root_branch
from kontora.lifecycle.site import Site
from kontora.records import notices, service
from kontora.records.handover import desk, run
from kontora.records.handover.owned import preview
from kontora.records.handover.rules import Rule, Rules
from kontora.text import told, use_locale


class House:
    """A company: anna leaves; bob and carl are in her team; boris heads her branch."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.users: dict[str, UUID] = {}
        with site.write(system("test")) as session:
            root = root_branch(session)
            branch = self.rtype("branches")
            west = service.create_record(session, branch, {"name": "West", "parent": str(root)}).id
            team = service.create_record(session, self.rtype("teams"), {"name": "T"}).id
            for name, role, place, teams in (
                ("anna", "manager", west, [team]),
                ("bob", "manager", west, [team]),
                ("carl", "manager", west, [team]),
                ("boris", "branch_manager", west, []),
                ("head", "head", root, []),
                ("east", "branch_manager", root, []),
            ):
                email = f"{name}@example.org"
                self.users[name] = add_user(
                    session, email=email, roles=[role], branch=place, teams=teams
                )
            east = service.create_record(session, branch, {"name": "East", "parent": str(root)}).id
            change = {"branch": str(east)}
            service.change_record(session, self.rtype("users"), self.users["east"], change)
            service.change_record(
                session, self.rtype("teams"), team, {"head": str(self.users["bob"])}
            )
        self.team = team

    @property
    def anna(self) -> UUID:
        return self.users["anna"]

    def rtype(self, path: str) -> Any:
        return self.site.registry.record_type(path)

    def principal(self, name: str) -> Principal:
        with self.site.read(system("test")) as session:
            found = identity.principal_of_user(session, self.users[name])
        assert found is not None
        return found

    def make(self, path: str, data: dict[str, Any], owner: str | None = "anna") -> UUID:
        given = {**data, "owner": str(self.users[owner]) if owner else None}
        with self.site.write(system("test")) as session:
            return service.create_record(session, self.rtype(path), given).id

    def owner(self, path: str, record_id: UUID) -> str | None:
        with self.site.read(system("test")) as session:
            found = service.get_record(session, self.rtype(path), record_id)["owner"]
        names = {str(value): name for name, value in self.users.items()}
        return names[found["id"]] if found else None

    def shown(self, path: str, record_id: UUID) -> dict[str, Any]:
        with self.site.read(system("test")) as session:
            return service.get_record(session, self.rtype(path), record_id)


@pytest.fixture
def house(site: Site) -> House:
    return House(site)


def to(house: House, name: str, **types: Rule) -> Rules:
    return Rules(default=Rule(kind="user", id=house.users[name]), types=types)


def start(house: House, by: str, rules: Rules) -> UUID:
    with house.site.write(house.principal(by)) as session:
        return desk.start(session, house.users["anna"], rules)


def test_records_roles_and_open_activities_go_to_one_user(house: House) -> None:
    mine = house.make("contacts", {"given": "Mine"})
    role = {"role": "client", "owner": str(house.users["anna"])}
    other = {"role": "dealer", "owner": str(house.users["carl"])}
    shared = house.make("counterparties", {"display_name": "F", "roles": [other, role]}, "carl")
    planned = house.make("activities", {"kind": "task", "subject": "open"})
    finished = house.make("activities", {"kind": "note", "subject": "done"})
    with house.site.read(house.principal("head")) as session:
        found = {
            each.path: (each.records, each.rows) for each in preview(session, house.users["anna"])
        }
    assert found == {"contacts": (1, 0), "counterparties": (0, 1), "activities": (1, 0)}
    handover = start(house, "head", to(house, "bob"))
    assert house.owner("contacts", mine) == "bob"
    assert house.owner("activities", planned) == "bob"
    assert house.owner("activities", finished) == "anna"  # who did it stays who did it
    assert house.owner("counterparties", shared) == "carl"
    owners = {
        each["role"]: each["owner"]["id"] for each in house.shown("counterparties", shared)["roles"]
    }
    assert owners == {"dealer": str(house.users["carl"]), "client": str(house.users["bob"])}
    with house.site.read(house.principal("head")) as session:
        assert preview(session, house.users["anna"]) == []
        row = desk.seen(session, handover)
        assert (row["state"], run.done(row["counts"])) == ("done", 3)
        entry = service.history(session, house.rtype("contacts"), mine)[0]
        assert (entry.verb, [each[0] for each in entry.fields]) == ("change", ["owner"])
        periods = service.ownership(session, house.rtype("contacts"), mine)
        assert [each["owner_id"] for each in periods] == [house.users["bob"], house.users["anna"]]
        assert periods[0]["changed_by"] == "head" and periods[1]["valid_to"] is not None
        verbs = [
            each.verb
            for each in service.history(session, house.rtype("users"), house.users["anna"])
        ]
        assert "hand_over" in verbs


def test_round_robin_shares_evenly_and_types_may_have_rules_of_their_own(house: House) -> None:
    people = [house.make("contacts", {"given": f"P{n}"}) for n in range(6)]
    firms = [house.make("counterparties", {"display_name": f"F{n}"}) for n in range(3)]
    team, heads = Rule(kind="team", id=house.team), Rule(kind="branch_heads")
    start(house, "head", Rules(default=team, types={"counterparties": heads}))
    owners = [house.owner("contacts", each) for each in people]
    assert sorted(owners, key=str) == ["bob"] * 3 + ["carl"] * 3
    assert {house.owner("counterparties", each) for each in firms} == {"boris"}


def test_the_head_of_the_team_gets_it(house: House) -> None:
    mine = house.make("contacts", {"given": "Mine"})
    start(house, "head", Rules(default=Rule(kind="team_head")))
    assert house.owner("contacts", mine) == "bob"


def test_undo_hands_back_what_nobody_changed_since_and_says_which_not(house: House) -> None:
    kept, back = (house.make("contacts", {"given": name}) for name in ("Kept", "Back"))
    role = {"role": "client", "owner": str(house.users["anna"])}
    firm = house.make("counterparties", {"display_name": "F", "roles": [role]})
    handover = start(house, "head", to(house, "bob"))
    with house.site.write(house.principal("bob")) as session:
        service.change_record(session, house.rtype("contacts"), kept, {"notes": "my work"})
    with house.site.write(house.principal("head")) as session:
        desk.undo(session, handover)
    assert house.owner("contacts", back) == "anna"
    assert house.owner("contacts", kept) == "bob"
    shown = house.shown("counterparties", firm)
    assert shown["owner"]["id"] == shown["roles"][0]["owner"]["id"] == str(house.users["anna"])
    with house.site.write(house.principal("head")) as session:
        row = desk.seen(session, handover)
        assert row["state"] == "undone"
        assert row["counts"]["back"] == {"contacts": 1, "counterparties": 1}
        (left,) = desk.left_out(session, handover)
        assert (left["record_id"], left["reason"]) == (kept, "It was changed since.")
        with pytest.raises(Conflict):
            desk.undo(session, handover)


def test_a_branch_manager_hands_over_in_his_own_branch_only(house: House) -> None:
    mine = house.make("contacts", {"given": "Mine"})
    with pytest.raises(Forbidden, match="not yours"):
        start(house, "east", to(house, "bob"))
    with pytest.raises(Forbidden):
        start(house, "carl", to(house, "bob"))
    handover = start(house, "boris", to(house, "bob"))
    # What lies in no branch of his is out of his reach, and stays.
    assert house.owner("contacts", mine) == "anna"
    with house.site.read(house.principal("east")) as session, pytest.raises(NotFound):
        desk.seen(session, handover)


def test_a_rule_that_leads_to_nobody_is_refused(house: House) -> None:
    with house.site.write(house.principal("head")) as session:
        for rule in (
            Rule(kind="user", id=house.users["anna"]),
            Rule(kind="user", id=house.team),
            Rule(kind="team", id=house.users["bob"]),
        ):
            with pytest.raises(Invalid):
                desk.start(session, house.users["anna"], Rules(default=rule))


def test_what_lies_in_the_bin_moves_too_and_goes_back(house: House) -> None:
    first, second = (house.make("contacts", {"given": name}) for name in "ab")
    role = {"role": "client", "owner": str(house.users["anna"])}
    firm = house.make("counterparties", {"display_name": "F", "roles": [role]}, "carl")
    with house.site.write(system("test")) as session:
        for path, gone in (("contacts", first), ("contacts", second), ("counterparties", firm)):
            service.delete_record(session, house.rtype(path), gone)
    with house.site.read(house.principal("head")) as session:
        owned = {each.path: (each.records, each.rows) for each in preview(session, house.anna)}
    assert owned == {"contacts": (2, 0), "counterparties": (0, 1)}
    handover = start(house, "head", to(house, "bob"))
    with house.site.write(system("test")) as session:
        for path, gone in (("contacts", first), ("counterparties", firm)):
            service.restore_record(session, house.rtype(path), gone)
    assert house.owner("contacts", first) == "bob"
    (client,) = house.shown("counterparties", firm)["roles"]
    assert client["owner"]["id"] == str(house.users["bob"])
    with house.site.write(house.principal("head")) as session:
        desk.undo(session, handover)
    with house.site.write(system("test")) as session:
        service.restore_record(session, house.rtype("contacts"), second)
    assert house.owner("contacts", second) == "anna"  # it lay there untouched
    assert house.owner("contacts", first) == "bob"  # it was brought back since


def test_what_is_refused_is_named_in_any_language_and_hinders_nothing(house: House) -> None:
    mine = house.make("contacts", {"given": "Mine"})
    firm = house.make("counterparties", {"display_name": "F"})
    rules = to(house, "bob", counterparties=Rule(kind="user", id=house.users["carl"]))
    with house.site.write(system("test")) as session:
        made = desk.start(session, house.anna, rules, at_once=True)
        disabled = {"state": "disabled"}
        service.change_record(session, house.rtype("users"), house.users["bob"], disabled)
        with use_locale("ru"):  # the language of who runs it counts nothing
            while run.step(session, made):
                pass
        assert desk.row_of(session, made)["state"] == "done"
        (left,) = desk.left_out(session, made)
    assert house.owner("counterparties", firm) == "carl"
    assert (left["record_id"], house.owner("contacts", mine)) == (mine, "anna")
    english = "Choose an active user other than the one who leaves."
    assert left["reason"] == f"to: {english}"
    ((path, (text,)),) = left["why"].items()
    assert (path, str(told(text))) == ("to", english)
    with use_locale("uk"):
        assert str(told(text)) not in ("", english)


def test_many_records_run_in_slices_that_resume(house: House) -> None:
    ids = [house.make("contacts", {"given": f"P{n}"}) for n in range(desk.AT_ONCE + 5)]
    handover = start(house, "head", to(house, "bob"))
    with house.site.read(house.principal("head")) as session:
        row = desk.seen(session, handover)
        assert row["state"] == "waiting" and row["job_id"] is not None
    slices, more = 0, True
    while more:  # as the worker does, each slice in a transaction of its own
        with house.site.write(house.principal("head")) as session:
            more = run.step(session, handover)
        slices += 1
    assert slices > 1
    assert {house.owner("contacts", each) for each in ids} == {"bob"}
    with pytest.raises(Conflict), house.site.write(house.principal("head")) as session:
        desk.undo(session, handover)
        desk.start(session, house.users["anna"], to(house, "bob"))


def test_the_heads_hear_that_somebody_leaves(house: House) -> None:
    start(house, "head", to(house, "bob"))
    with house.site.read(house.principal("head")) as session:
        (told,) = notices.listing(session)
    assert told.kind == "watch.leaving" and "anna leaves" in str(told.text)
    with house.site.read(house.principal("boris")) as session:
        assert notices.listing(session) == []
