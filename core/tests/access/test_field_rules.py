"""Field rules hold in the corners too: what is fixed is not written, what is hidden is not told
by figures, by the audit log or by a suggestion of search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from kontora.access import identity
from kontora.access.principal import Principal, system
from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.lifecycle.install import add_user
from kontora.lifecycle.site import Site
from kontora.parties import behaviour
from kontora.records import audit, reports, search_find, service
from kontora.records.service import Query
from kontora.web.records import party


def member(site: Site, **rules: Any) -> Principal:
    """A manager of a team, with these rules beside his grants."""
    with site.write(system("test")) as session:
        teams = session.registry.record_type("teams")
        team = service.create_record(session, teams, {"name": "T"}).id
        user = add_user(session, email="m@example.org", roles=["manager"], teams=[team])
        found = identity.principal_of_user(session, user)
    assert found is not None
    return replace(found, rights=replace(found.rights, **rules))


@contextmanager
def contacts(site: Site, who: Principal) -> Iterator[tuple[ScopedSession, Any]]:
    with site.write(who) as session:
        yield session, session.registry.record_type("contacts")


@pytest.mark.parametrize(
    "data", [{"notes": "new"}, {"email": "a@b.org"}, {"points": []}, {"custom": {"salary": 2}}]
)
def test_what_a_rule_makes_read_only_is_refused_by_name(site: Site, data: dict[str, Any]) -> None:
    fixed = frozenset({"notes", "points", "custom.salary"})
    me = member(site, read_only={"party": fixed})
    with site.write(system("test")) as session:
        rtype = session.registry.record_type("contacts")
        given = {"given": "Anna", "notes": "old", "owner": str(me.user_id), "email": "x@y.org"}
        made = service.create_record(session, rtype, {**given, "custom": {"salary": 1}}).id
    name = next(iter(data)) if "custom" not in data else "custom.salary"
    with contacts(site, me) as (session, rtype):
        before = service.get_record(session, rtype, made)
        assert before["notes"] == "old", "what is fixed is seen"
        with pytest.raises(Invalid) as refused:
            service.change_record(session, rtype, made, data)
        assert name in refused.value.errors
        with pytest.raises(Invalid):
            service.create_record(session, rtype, {"given": "Boris", **data})
        assert service.get_record(session, rtype, made) == before


def test_no_figure_is_made_of_a_hidden_field(site: Site) -> None:
    me = member(site)
    with site.write(me) as session:
        rtype = session.registry.record_type("activities")
        task = {"kind": "task", "subject": "Call", "due_at": "2030-05-14T09:00:00Z"}
        service.create_record(session, rtype, task)
    blind = replace(me, rights=replace(me.rights, hidden={"activity": frozenset({"due_at"})}))
    with site.read(me) as session:
        assert service.aggregate(session, rtype, Query(), None, ("max:due_at",))[0]["max:due_at"]
    with site.read(blind) as session, pytest.raises(Invalid, match="no such field"):
        service.aggregate(session, rtype, Query(), None, ("max:due_at",))


def test_words_beside_a_name_are_not_made_of_hidden_fields(site: Site) -> None:
    """Second lines of lists, look-ups and titles, and the panels of people and relations."""
    me = member(site)
    with site.write(system("test")) as session:
        rtype = session.registry.record_type("counterparties")
        town = [{"locality": "Oslo"}]
        given = {"legal_name": "Acme", "industry": "Mining", "addresses": town}
        firm = service.create_record(session, rtype, {**given, "owner": str(me.user_id)}).id
        rtype = session.registry.record_type("contacts")
        place = {"organisation": str(firm), "title": "Chief"}
        tie = {"type": "related_to", "other": str(firm)}
        given = {"given": "Anna", "affiliations": [place], "relations": [tie]}
        person = service.create_record(session, rtype, {**given, "owner": str(me.user_id)}).id
    items = [{"id": str(person)}, {"id": str(firm)}]
    fields = frozenset({"affiliations", "relations", "industry", "addresses"})
    blind = replace(me, rights=replace(me.rights, hidden={"party": fields}))
    for who, sees in ((me, True), (blind, False)):
        with site.read(who) as session:
            words = " ".join(party.hints(session, rtype, items).values())
            for each in ("Chief", "Acme", "Mining", "Oslo"):
                assert (each in words) is sees, each
            assert bool(party.people(session, person, "person")) is sees
            assert bool(party.people(session, firm, "organisation")) is sees
            assert bool(party.relations(session, firm)) is sees


def test_reports_do_not_count_by_hidden_fields(site: Site) -> None:
    """A saved view narrows a report to one record, and the count tells its value."""
    me = member(site)
    with site.write(system("test")) as session:
        rtype = session.registry.record_type("counterparties")
        given = {"legal_name": "Acme", "roles": [{"role": "client"}], "owner": str(me.user_id)}
        service.create_record(session, rtype, given)
    blind = replace(me, rights=replace(me.rights, hidden={"party": frozenset({"roles", "owner"})}))
    for report in ("parties-by-role", "counterparties-by-stage", "counterparties-by-owner"):
        for who, sees in ((me, True), (blind, False)):
            with site.read(who) as session:
                assert bool(reports.run(session, report, {})["rows"]) is sees, report


def test_a_shared_address_is_not_confirmed_where_it_is_hidden(site: Site) -> None:
    me = member(site)
    blind = replace(me, rights=replace(me.rights, hidden={"party": frozenset({"points"})}))
    with contacts(site, me) as (session, rtype):
        service.create_record(session, rtype, {"given": "Anna", "email": "anna@example.org"})
        made = service.create_record(session, rtype, {"given": "A.", "email": "anna@example.org"})
    for who, number in ((me, 1), (blind, 0)):
        with site.read(who) as session:
            record = service.find(session, rtype, made.id)
            assert len(behaviour.duplicates(session, record)) == number


def test_the_audit_log_does_not_tell_hidden_values(site: Site) -> None:
    me = member(site, permissions=frozenset({"admin.audit"}))
    with contacts(site, me) as (session, rtype):
        made = service.create_record(session, rtype, {"given": "Anna"}).id
        service.change_record(session, rtype, made, {"notes": "secret", "given": "Hanna"})

    def told(who: Principal) -> list[str]:
        with site.read(who) as session:
            newest = audit.entries(session, audit.AuditFilter(entity="party"))[0]
            return sorted(name for name, _old, _new in newest.fields)

    assert {"given", "notes"} <= set(told(me))
    blind = replace(me, rights=replace(me.rights, hidden={"party": frozenset({"notes"})}))
    assert "given" in told(blind)
    assert "notes" not in told(blind)


def test_a_hidden_word_does_not_stand_before_a_seen_one_when_an_error_is_forgiven(
    site: Site,
) -> None:
    """“Petrox” is near “Petrow”, which is seen, and near “Petrov”, which stands more often, but
    only where the reader may not look."""
    me = member(site)
    with contacts(site, me) as (session, rtype):
        service.create_record(session, rtype, {"given": "Ann", "family": "Petrow"})
        for number in range(3):
            data = {"given": f"Person {number}", "tags": ["Petrov"]}
            service.create_record(session, rtype, data)
    blind = replace(me, rights=replace(me.rights, hidden={"party": frozenset({"tags"})}))
    with site.read(blind) as session:
        found = search_find.find(session, "Petrox")
        assert (found.shown, [each.total for each in found.facets][:1]) == ("petrow", [1])
    with site.read(me) as session:
        assert search_find.find(session, "Petrox").shown == "petrov"
