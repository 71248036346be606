"""What people type finds whom they mean, on both engines, and in one order."""

from __future__ import annotations

import random

import pytest
from search_crowd import ENDS, GIVEN, ROOTS
from search_people import queries

from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.records import search_find, service
from kontora.records.service import Query

LEAST_HIT_RATE = 0.95


def first_five(site: Site, q: str) -> list[str]:
    """The names that a search shows first: forgiving, or after taking its suggestion."""
    with site.read(system("test")) as session:
        rtype = session.registry.record_type("counterparties")
        found = search_find.find(session, q, [rtype])
        shown = found.suggestion or found.shown
        query = Query(q=shown, fields=("display_name",), limit=5)
        return [each["display_name"] for each in service.list_records(session, rtype, query).items]


def test_what_is_typed_finds_whom_one_means(known: Site) -> None:
    asked = queries()
    missed = [(q, wanted) for q, wanted in asked if wanted not in " ".join(first_five(known, q))]
    assert len(asked) >= 80
    rate = 1 - len(missed) / len(asked)
    assert rate >= LEAST_HIT_RATE, f"{rate:.0%} of {len(asked)}; missed: {missed}"


def test_both_engines_show_the_same_first_five(both: tuple[Site, Site]) -> None:
    chance = random.Random(11)
    made = [chance.choice(ROOTS) + chance.choice(ENDS) for _each in range(40)]
    cut = [each[: chance.randint(2, len(each))] for each in made]
    pairs = [f"{chance.choice(GIVEN)} {each[:4]}" for each in made[:20]]
    words = ["vip", "опт", "договор", "call", "встреча 1", "Ivan", "оле", "7 495", "example"]
    wrong = [each[:3] + each[4:] for each in made[:20]]
    for q in [*made, *cut, *pairs, *words, *wrong, *(typed for typed, _wanted in queries())]:
        assert first_five(both[0], q) == first_five(both[1], q), q


def test_pages_of_a_query_hold_each_record_once_and_the_best_first(known: Site) -> None:
    with known.read(system("test")) as session:
        rtype = session.registry.record_type("counterparties")
        whole = service.list_records(session, rtype, Query(q="vip", limit=200, total=True))
        ids, cursor = [], None
        while True:
            page = service.list_records(session, rtype, Query(q="vip", limit=7, cursor=cursor))
            ids += [each["id"] for each in page.items]
            cursor = page.next
            if cursor is None:
                break
    assert ids == [each["id"] for each in whole.items]
    assert len(ids) == len(set(ids)) == whole.total > 20


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("Иван", "Иван"),  # the word itself before names that begin so
        ("Соколовская", "Наталья Соколовская"),
        ("Green", "Green-Plus"),
    ],
)
def test_a_whole_word_comes_before_a_part(known: Site, q: str, first: str) -> None:
    assert first in first_five(known, q)[0]


def test_totals_are_exact_up_to_a_thousand_and_then_say_more(known: Site) -> None:
    facet = search_find.Facet(known.registry.record_type("contacts"), 1_000)
    assert not facet.more
    assert search_find.Facet(facet.rtype, 1_001).more
    with known.read(system("test")) as session:
        found = search_find.find(session, "vip")
        for each in found.facets:
            query = Query(q="vip", total=True, limit=1)
            assert service.list_records(session, each.rtype, query).total == each.total > 0


def test_a_typing_error_is_forgiven_only_where_nothing_is_found(known: Site) -> None:
    with known.read(system("test")) as session:
        assert search_find.find(session, "smiht").shown == "smith"
        assert not search_find.find(session, "Smith").forgiven
        # An ending that is found stands for itself, although “Иванов” is one letter away.
        assert not search_find.find(session, "Иван").forgiven
        assert search_find.find(session, "495123456788").facets == []


def test_another_layout_is_suggested(known: Site) -> None:
    with known.read(system("test")) as session:
        assert search_find.find(session, "Bdfyjd").suggestion == "Иванов"
        assert search_find.find(session, "ghbdtn").suggestion == "привет"
        assert search_find.find(session, "руддщ").suggestion == "hello"
        assert search_find.find(session, "Kowalski").suggestion is None


def test_a_list_suggests_what_it_would_find(known: Site) -> None:
    with known.read(system("test")) as session:
        contacts = session.registry.record_type("contacts")
        assert search_find.suggestion(session, contacts, "smiht") == "smith"
        query = Query(q="smiht", limit=1)
        assert service.list_records(session, contacts, query).items == []
