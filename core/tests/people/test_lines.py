"""Lines between people and between organisations: charts, trees, and no circle on any day."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.exc import DBAPIError

from kontora import clock
from kontora.access import identity
from kontora.access.principal import system
from kontora.db.engine import is_database_busy
from kontora.errors import Invalid, KontoraError, NotFound
from kontora.ids import new_id
from kontora.lifecycle.install import add_user
from kontora.lifecycle.site import Site
from kontora.parties import chart, holding, reporting, tree
from kontora.parties.lines import common, way_up
from kontora.parties.models import Affiliation, Organisation, Party, Relation
from kontora.records import service

TODAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Parties:
    """Makes and changes parties as the system."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.rtype: Any = site.registry.record_type("counterparties")

    def firm(self, name: str, **data: Any) -> UUID:
        return self._make({"display_name": name, **data})

    def person(self, name: str, firm: UUID | None = None, **place: Any) -> UUID:
        rows = [{"organisation": str(firm), **place}] if firm else []
        return self._make({"kind": "person", "given": name, "affiliations": rows})

    def _make(self, data: dict[str, Any]) -> UUID:
        with self.site.write(system("test")) as session:
            return service.create_record(session, self.rtype, data).id

    def change(self, party: UUID, data: dict[str, Any]) -> None:
        with self.site.write(system("test")) as session:
            service.change_record(session, self.rtype, party, data)

    def works(self, person: UUID, firm: UUID, **place: Any) -> None:
        self.change(person, {"affiliations": [{"organisation": str(firm), **place}]})

    def over(self, parent: UUID, *rows: dict[str, Any]) -> None:
        self.change(parent, {"relations": [{"type": "parent_of", **row} for row in rows]})

    def parent(self, party: UUID) -> str | None:
        with self.site.read(system("test")) as session:
            found = service.get_record(session, self.rtype, party)["parent"]
        return found["name"] if found else None


@pytest.fixture
def parties(site: Site) -> Parties:
    return Parties(site)


def names(places: list[chart.Place]) -> list[Any]:
    return [(each.name, names(each.people)) if each.people else each.name for each in places]


def firms(firm: tree.Firm) -> Any:
    return (firm.name, [firms(each) for each in firm.firms]) if firm.firms else firm.name


def counted(site: Site, do: Callable[[], Any]) -> int:
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(site.database.read_engine, "before_cursor_execute", note)
    try:
        do()
    finally:
        event.remove(site.database.read_engine, "before_cursor_execute", note)
    return len([each for each in seen if each.lstrip().upper().startswith("SELECT")])


def test_periods_share_days_or_none() -> None:
    one, two, three = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
    assert common((one, three), (two, None)) == (two, three)
    assert common((None, one), (two, None)) is None
    assert common((None, one), (one, None)) == (one, one)
    a, b = UUID(int=1), UUID(int=2)
    lines = {a: [(b, (None, one))]}
    assert way_up(lambda each: lines.get(each, ()), a, b, (two, None)) is None
    assert way_up(lambda each: lines.get(each, ()), a, b, (None, None)) == [a, b]


# The organisation chart


def test_the_chart_shows_each_day_as_it_was(parties: Parties) -> None:
    firm = parties.firm("Firm")
    boss = parties.person("Boss", firm, title="Director")
    parties.person("Old", firm, reports_to=str(boss), to="2025-12-31", department="Sales")
    new = parties.person("New", firm, reports_to=str(boss), **{"from": "2026-01-01"})
    parties.person("Deep", firm, reports_to=str(new))
    parties.person("Free", firm)
    with parties.site.read(system("test")) as session:
        found = chart.chart(session, firm, TODAY)
        assert names(found) == [("Boss", [("New", ["Deep"])]), "Free"]
        before = chart.chart(session, firm, date(2025, 6, 1))
        # Deep reported to somebody who was not there yet, so he stands at the top.
        assert names(before) == [("Boss", ["Old"]), "Deep", "Free"]
        shown = chart.as_json(found)[0]
        assert (shown["title"], shown["people"][0]["from"]) == ("Director", "2026-01-01")
        with pytest.raises(NotFound):
            chart.chart(session, boss, TODAY)


def test_a_circle_is_refused_with_the_names_of_who_is_in_it(parties: Parties) -> None:
    firm, other = parties.firm("Firm"), parties.firm("Other")
    a = parties.person("Anna", firm)
    b = parties.person("Boris", firm, reports_to=str(a))
    c = parties.person("Carl", firm, reports_to=str(b))
    with pytest.raises(Invalid, match="Anna → Carl → Boris → Anna"):
        parties.works(a, firm, reports_to=str(c))
    with pytest.raises(Invalid, match="Nobody reports to himself"):
        parties.works(a, firm, reports_to=str(a))
    # Not on the same days, or not in the same organisation: no circle.
    parties.works(b, firm, reports_to=str(a), to="2025-12-31")
    parties.works(a, firm, reports_to=str(c), **{"from": "2026-01-01"})
    with pytest.raises(Invalid):
        parties.works(a, firm, reports_to=str(c), **{"from": "2025-12-31"})
    parties.works(c, other, reports_to=str(a))


def test_negative_control_without_the_check_the_circle_is_stored_and_still_shown(
    parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = parties.firm("Firm")
    a = parties.person("Anna", firm)
    b = parties.person("Boris", firm, reports_to=str(a))
    monkeypatch.setattr(reporting, "check", lambda *_args, **_more: None)
    parties.works(a, firm, reports_to=str(b))
    with parties.site.read(system("test")) as session:
        assert names(chart.chart(session, firm, TODAY)) == [("Anna", ["Boris"])]


def test_two_who_save_at_once_make_no_circle(parties: Parties) -> None:
    """Four people, so that the two saves have no row of a person in common."""
    firm = parties.firm("Firm")
    a = parties.person("A", firm)
    b = parties.person("B", firm, reports_to=str(a))
    c = parties.person("C", firm)
    d = parties.person("D", firm, reports_to=str(c))
    for _round in range(5):
        results = together(
            lambda: parties.works(a, firm, reports_to=str(d)),
            lambda: parties.works(c, firm, reports_to=str(b)),
        )
        assert sorted(results) == ["Invalid", "done"]
        parties.works(a, firm)
        parties.works(c, firm)


def together(*work: Callable[[], None]) -> list[str]:
    """Run all at once; one who lost a deadlock tries again, as a client does after a 503."""
    barrier, results = threading.Barrier(len(work)), []

    def run(do: Callable[[], None]) -> None:
        barrier.wait()
        for _try in range(8):
            try:
                do()
            except KontoraError as error:
                results.append(type(error).__name__)
            except DBAPIError as error:
                if is_database_busy(error):
                    continue
                raise
            else:
                results.append("done")
            return

    threads = [threading.Thread(target=run, args=(each,)) for each in work]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return results


def test_a_chart_of_a_thousand_takes_a_few_statements(parties: Parties) -> None:
    firm = parties.firm("Firm")
    ids = [new_id() for _number in range(1000)]
    people = [
        {"id": each, "kind": "person", "display_name": f"P{n}", "sort_key": f"p{n:04}"}
        for n, each in enumerate(ids)
    ]
    places = [
        {
            "person_id": each,
            "organisation_id": firm,
            "reports_to_id": ids[n // 10] if n else None,
        }
        for n, each in enumerate(ids)
    ]
    with parties.site.database.write_engine.begin() as connection:
        connection.execute(insert(Party), people)
        connection.execute(insert(Affiliation), places)
    with parties.site.read(system("test")) as session:
        found: list[chart.Place] = []
        assert counted(parties.site, lambda: found.extend(chart.chart(session, firm, TODAY))) <= 3
    assert str(chart.as_json(found)).count("'name'") == 1000


def test_whom_one_may_not_see_leaves_no_trace(parties: Parties) -> None:
    with parties.site.write(system("test")) as session:
        user = add_user(session, email="m@example.org", roles=["manager"])
    firm = parties.firm("Firm")
    hidden = parties.person("Hidden", firm)
    seen = parties.person("Seen", firm, reports_to=str(hidden))
    parties.change(seen, {"owner": str(user)})
    with parties.site.read(system("test")) as session:
        manager = identity.principal_of_user(session, user)
    assert manager is not None
    with parties.site.read(manager) as session, pytest.raises(NotFound):
        chart.chart(session, firm, TODAY)
    # Who sees the organisation sees its people now, but not those of the past.
    parties.change(firm, {"owner": str(user)})
    parties.works(hidden, firm, to="2025-12-31")
    with parties.site.read(manager) as session:
        assert names(chart.chart(session, firm, date(2025, 6, 1))) == ["Seen"]


# The tree of a holding


def test_a_relation_sets_the_parent_and_its_end_takes_it_away(parties: Parties) -> None:
    mother, child = parties.firm("Mother"), parties.firm("Child")
    with clock.frozen(NOON):
        parties.over(mother, {"other": str(child), "from": "2026-01-01"})
        assert parties.parent(child) == "Mother"
        parties.over(mother, {"other": str(child), "from": "2026-01-01", "to": "2026-11-22"})
        assert parties.parent(child) == "Mother"
    with parties.site.read(system("test")) as session:
        (entry, _made) = service.history(session, parties.rtype, child)
        (line,) = entry.fields
        assert (entry.verb, line[0], line[3]["name"]) == ("change", "parent", "Mother")
    with clock.frozen(NOON + timedelta(days=2)):
        with parties.site.write(system("night")) as session:
            assert holding.refresh_due(session) == 1
        assert parties.parent(child) is None


def test_the_field_and_the_relation_agree(parties: Parties) -> None:
    one, two, child = (parties.firm(name) for name in ("One", "Two", "Child"))
    with clock.frozen(NOON):
        parties.change(child, {"parent": str(one)})
        parties.change(child, {"parent": str(two)})
        with parties.site.read(system("test")) as session:
            rows = session.scalars(select(Relation).where(Relation.other_id == child)).all()
            stored = session.scalar(
                select(Organisation.parent_id).where(Organisation.party_id == child)
            )
        assert sorted((each.party_id, each.valid_to) for each in rows if each.valid_to is None) == [
            (two, None)
        ]
        assert stored == two
        parties.over(two)  # its relations are sent empty
        assert parties.parent(child) is None


def test_no_organisation_lies_below_itself_or_below_two(parties: Parties) -> None:
    a, b, c = (parties.firm(name) for name in "abc")
    parties.over(a, {"other": str(b)})
    parties.over(b, {"other": str(c)})
    with pytest.raises(Invalid, match="cannot lie below itself: a → c → b → a"):
        parties.over(c, {"other": str(a)})
    with pytest.raises(Invalid, match="cannot lie below itself"):
        parties.change(a, {"parent": str(c)})
    with pytest.raises(Invalid, match="cannot lie below itself"):
        parties.over(a, {"other": str(b)}, {"other": str(a)})
    other = parties.firm("other")
    with pytest.raises(Invalid, match="It belongs to b at that time"):
        parties.over(other, {"other": str(c)})
    parties.over(other, {"other": str(a)})


def test_two_parents_set_at_once_make_no_circle(parties: Parties) -> None:
    """T1: a below d; T2: c below b; where b lies below a and d below c. No row in common."""
    a, b, c, d = (parties.firm(name) for name in "abcd")
    parties.change(b, {"parent": str(a)})
    parties.change(d, {"parent": str(c)})
    for _round in range(5):
        results = together(
            lambda: parties.change(a, {"parent": str(d)}),
            lambda: parties.change(c, {"parent": str(b)}),
        )
        assert sorted(results) == ["Invalid", "done"]
        parties.change(a, {"parent": None})
        parties.change(c, {"parent": None})


def test_negative_control_without_turns_the_circle_closes_on_postgresql(
    parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    if parties.site.database.dialect != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    a, b, c, d = (parties.firm(name) for name in "abcd")
    parties.change(b, {"parent": str(a)})
    parties.change(d, {"parent": str(c)})
    barrier = threading.Barrier(2)
    monkeypatch.setattr(holding, "take_turns", lambda _session: None)
    check = holding.check

    def both_look_before_either_writes(session: Any, draft: Any) -> None:
        check(session, draft)
        barrier.wait(timeout=5)

    monkeypatch.setattr(holding, "check", both_look_before_either_writes)
    results = together(
        lambda: parties.change(a, {"parent": str(d)}),
        lambda: parties.change(c, {"parent": str(b)}),
    )
    assert results == ["done", "done"]


def test_the_tree_goes_to_the_top_and_down_on_each_day(parties: Parties) -> None:
    top, left, right, leaf = (parties.firm(name) for name in ("Top", "Left", "Right", "Leaf"))
    parties.over(top, {"other": str(left)}, {"other": str(right), "from": "2026-01-01"})
    parties.over(left, {"other": str(leaf), "to": "2025-12-31"})
    parties.over(right, {"other": str(leaf), "from": "2026-01-01"})
    parties.change(leaf, {"roles": [{"role": "client", "class": "A"}]})
    with parties.site.read(system("test")) as session:
        found = tree.tree(session, leaf, TODAY)
        assert firms(found) == ("Top", ["Left", ("Right", ["Leaf"])])
        assert firms(tree.tree(session, leaf, date(2025, 6, 1))) == ("Top", [("Left", ["Leaf"])])
        last = found.firms[1].firms[0]
        assert last.is_here and last.roles == [{"role": "client", "status": "active", "class": "A"}]
    lonely = parties.firm("Alone")
    with parties.site.read(system("test")) as session:
        alone = tree.tree(session, lonely, TODAY)
        assert alone.is_here and alone.firms == []


def test_a_wide_tree_takes_a_statement_per_level(parties: Parties) -> None:
    top = parties.firm("Top")
    with parties.site.write(system("test")) as session:
        for number in range(120):
            data = {"display_name": f"F{number}", "parent": str(top)}
            service.create_record(session, parties.rtype, data)
    with parties.site.read(system("test")) as session:
        found: list[tree.Firm] = []
        assert counted(parties.site, lambda: found.append(tree.tree(session, top, TODAY))) <= 8
    assert len(found[0].firms) == 120
