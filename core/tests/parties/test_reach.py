"""The table of reach equals what one computes from scratch, whatever happened before."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from kontora import clock
from kontora.access import identity
from kontora.access.principal import system
from kontora.access.rights import Rights, Scope
from kontora.access.scope_table import PartyScope
from kontora.db.engine import is_database_busy
from kontora.errors import Forbidden, Invalid
from kontora.lifecycle.install import add_user
from kontora.lifecycle.site import Site
from kontora.parties import scope
from kontora.parties.models import Affiliation, Party, PartyRole, Relation
from kontora.records import service


def from_scratch(session: Any, today: date) -> set[tuple[UUID, UUID, str, bool, bool]]:
    """The rule of `scope_table`, as plain loops."""

    def current(row: Any) -> bool:
        return (row.valid_from or today) <= today <= (row.valid_to or today)

    parties = {each.id: each for each in session.scalars(select(Party))}
    direct: dict[UUID, set[UUID]] = {
        key: {x for x in (each.owner_id, each.branch_id) if x} for key, each in parties.items()
    }
    for role in session.scalars(select(PartyRole)):
        if current(role):
            direct[role.party_id] |= {x for x in (role.owner_id, role.branch_id) if x}
    heirs: set[tuple[UUID, UUID]] = set()
    for link in session.scalars(select(Affiliation)):
        if current(link) and parties[link.organisation_id].deleted_at is None:
            heirs |= {(each, link.person_id) for each in direct[link.organisation_id]}
    own = {(each, party) for party, scopes in direct.items() for each in scopes}
    return {(s, p, parties[p].sort_key, (s, p) in own, (s, p) in heirs) for s, p in own | heirs}


def check(site: Site) -> None:
    with site.read(system("test")) as session, session.with_deleted():
        columns = (PartyScope.scope_id, PartyScope.party_id, PartyScope.sort_key)
        rows = session.execute(select(*columns, PartyScope.own, PartyScope.inherited))
        assert {tuple(row) for row in rows} == from_scratch(session, session.now.date())


def test_random_changes_keep_the_table_right(site: Site) -> None:
    chance = random.Random(20261121)
    rtype = site.registry.record_type("counterparties")
    moment = datetime(2026, 11, 21, 12, tzinfo=UTC)
    with clock.frozen(moment), site.write(system("test")) as session:
        users = [add_user(session, email=f"u{n}@example.org", roles=["manager"]) for n in range(3)]
        owners = [None, *(str(each) for each in users)]
        firms = [
            service.create_record(session, rtype, {"display_name": f"F{n}"}).id for n in range(4)
        ]
        people = [
            service.create_record(session, rtype, {"kind": "person", "given": f"P{n}"}).id
            for n in range(6)
        ]
    days = [None, "2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23", "2026-11-25"]

    def dated() -> dict[str, Any]:
        start, end = chance.choice(days), chance.choice(days)
        return {"from": start, "to": end} if not (start and end and end < start) else {}

    def step(session: Any) -> None:
        kind, party = chance.random(), chance.choice(firms + people)
        if kind < 0.25:
            data: dict[str, Any] = {"owner": chance.choice(owners)}
        elif kind < 0.5:
            roles = [
                {"role": r, "owner": chance.choice(owners), **dated()} for r in ("client", "agent")
            ]
            data = {"roles": roles[: chance.randint(1, 2)]}
        elif kind < 0.75:
            party = chance.choice(people)
            works = chance.sample([f for f in firms if str(f) not in gone], 1)
            data = {"affiliations": [{"organisation": str(each), **dated()} for each in works]}
        elif kind < 0.9:
            party = chance.choice(people)
            data = {"family": chance.choice(["A", "Ж", "z", None])}
        elif str(party) in gone:
            service.restore_record(session, rtype, party)
            gone.discard(str(party))
            return
        elif len(gone) < 3:
            service.delete_record(session, rtype, party)
            gone.add(str(party))
            return
        else:
            return
        if str(party) not in gone:
            service.change_record(session, rtype, party, data)

    gone: set[str] = set()
    for day in range(5):
        with clock.frozen(moment + timedelta(days=day)):
            if day:
                with site.write(system("night")) as session:
                    scope.refresh_due(session)
                check(site)
            for _number in range(12):
                with site.write(system("test")) as session:
                    step(session)
            check(site)
    # A server that was off for a month catches up in its first night.
    with clock.frozen(moment + timedelta(days=33)):
        with site.write(system("night")) as session:
            scope.refresh_due(session)
        check(site)


def test_a_firm_and_its_people_saved_at_once_agree(site: Site) -> None:
    rtype = site.registry.record_type("counterparties")
    with site.write(system("test")) as session:
        users = [add_user(session, email=f"u{n}@example.org", roles=["manager"]) for n in range(2)]
        firm = service.create_record(session, rtype, {"display_name": "Firm"}).id
        person = service.create_record(session, rtype, {"kind": "person", "given": "P"}).id
    for round_ in range(6):
        barrier = threading.Barrier(2)

        def save(party: UUID, data: dict[str, Any], barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            for _try in range(5):
                try:
                    with site.write(system("test")) as session:
                        service.change_record(session, rtype, party, data)
                    return
                except DBAPIError as error:  # of two who wait for each other, one gives up
                    if not is_database_busy(error):
                        raise

        work = [{"organisation": str(firm)}] if round_ % 2 == 0 else []
        threads = [
            threading.Thread(target=save, args=(firm, {"owner": str(users[round_ % 2])})),
            threading.Thread(
                target=save, args=(person, {"affiliations": work, "family": f"N{round_}"})
            ),
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        check(site)


def test_parents_have_no_circle_and_their_relation_is_dated(site: Site) -> None:
    rtype = site.registry.record_type("counterparties")
    first = datetime(2026, 11, 21, 12, tzinfo=UTC)
    with clock.frozen(first), site.write(system("test")) as session:
        a, b, c = (service.create_record(session, rtype, {"display_name": n}).id for n in "abc")
        service.change_record(session, rtype, b, {"parent": str(a)})
        service.change_record(session, rtype, c, {"parent": str(b)})
        for circle in (a, b, c):
            with pytest.raises(Invalid):
                service.change_record(session, rtype, a, {"parent": str(circle)})
        # Twice on one day: the second choice is all that remains of it.
        service.change_record(session, rtype, c, {"parent": str(a)})
        service.change_record(session, rtype, c, {"parent": str(b)})
    with clock.frozen(first + timedelta(days=3)), site.write(system("test")) as session:
        service.change_record(session, rtype, c, {"parent": str(a)})
        service.change_record(session, rtype, b, {"parent": None})
    with site.read(system("test")) as session:
        rows = session.scalars(select(Relation).where(Relation.other_id == c)).all()
        present = [each for each in rows if each.valid_to is None]
        assert [each.party_id for each in present] == [a]
        assert all(e.valid_to is None or (e.valid_from or e.valid_to) <= e.valid_to for e in rows)
        (past,) = session.scalars(select(Relation).where(Relation.other_id == b)).all()
        assert past.valid_to == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"given": "Anna", "family": "Petrova"}, "Anna Petrova"),
        ({"family": "Petrova"}, "Petrova"),
        ({"email": "anna@example.org"}, "anna@example.org"),
        ({"phone": "+380441234567"}, "+380441234567"),
        ({"display_name": "Dr. Anna", "given": "Anna"}, "Dr. Anna"),
        ({"points": [{"kind": "web", "value": "w" * 400}]}, "w" * 255),
        ({"points": [{"kind": "email", "value": "a@b.org"}], "email": "c@d.org"}, "c@d.org"),
    ],
)
def test_a_person_is_called_by_what_is_known(site: Site, data: dict[str, Any], name: str) -> None:
    rtype = site.registry.record_type("contacts")
    with site.write(system("test")) as session:
        made = service.create_record(session, rtype, data)
        shown = service.get_record(session, rtype, made.id)
        assert shown["display_name"] == name
        if "points" in data and "email" in data:
            assert [each["value"] for each in shown["points"]] == ["a@b.org", "c@d.org"]
        if data.get("given"):
            service.change_record(session, rtype, made.id, {"family": "Ivanova"})
            changed = service.get_record(session, rtype, made.id)["display_name"]
            assert changed == ("Dr. Anna" if "display_name" in data else "Anna Ivanova")


def test_kinds_with_different_scopes_reach_by_both_ways(site: Site) -> None:
    """A colleague owns a firm and a person of it. Who reaches firms of the team, but people only
    of his own, sees that person through the firm; and no longer when she has left it."""
    people, firms = (site.registry.record_type(p) for p in ("contacts", "counterparties"))
    with site.write(system("test")) as session:
        team = service.create_record(session, site.registry.record_type("teams"), {"name": "T"}).id
        mate, me = (
            add_user(session, email=f"{n}@example.org", roles=["manager"], teams=[team])
            for n in ("mate", "me")
        )
        firm = service.create_record(session, firms, {"display_name": "F", "owner": str(mate)}).id
        work = [{"organisation": str(firm)}]
        hers = {"owner": str(mate)}
        inside = service.create_record(
            session, people, {"given": "In", "affiliations": work, **hers}
        ).id
        outside = service.create_record(session, people, {"given": "Out", **hers}).id
        mine = service.create_record(session, people, {"given": "Mine", "owner": str(me)}).id
    with site.read(system("test")) as session:
        found = identity.principal_of_user(session, me)
        assert found is not None
    grants = {
        ("person", "view"): Scope.OWN,
        ("organisation", "view"): Scope.TEAM,
        ("person", "edit"): Scope.TEAM,
    }
    actor = replace(found, rights=Rights(grants=grants))

    def seen() -> set[UUID]:
        with site.read(actor) as session:
            ids = set(session.scalars(select(Party.id)))
            items = service.list_records(session, people, service.Query()).items
            assert {each["id"] for each in items} == {str(each) for each in ids - {firm}}
        return ids

    assert seen() == {firm, inside, mine} and outside not in seen()
    with site.write(system("test")) as session:
        service.change_record(session, people, inside, {"affiliations": []})
    assert seen() == {firm, mine}
    # Changing takes a row of one's own, and both rows stood for the same colleague.
    with site.write(system("test")) as session:
        service.change_record(session, people, inside, {"affiliations": work})
    with site.write(actor) as session:
        service.change_record(session, people, inside, {"notes": "mine to change"})
    with site.write(system("test")) as session:
        service.change_record(session, people, inside, {"owner": None, "branch": None})
    with site.write(actor) as session, pytest.raises(Forbidden):
        service.change_record(session, people, inside, {"notes": "but not this"})
