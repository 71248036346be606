"""Each type of field: what it takes, shows, is filtered and sorted by, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from fields_site import VALUES, Fields

from kontora.access.principal import system
from kontora.errors import Invalid
from kontora.records import service
from kontora.records.service import Query

ORDERED = ("level", "weight", "budget", "since")


@pytest.mark.parametrize("key", sorted(VALUES))
def test_a_value_is_shown_as_it_was_sent(typed: Fields, key: str) -> None:
    for given, place in (("Small", 0), ("Large", 1)):
        one = typed.person(f"{given} {key}", **{key: VALUES[key][place]})
        assert typed.get("contacts", one)["custom"] == {key: VALUES[key][place]}
        typed.change("contacts", one, {"custom": {key: None}})
        assert typed.get("contacts", one)["custom"] == {}


@pytest.mark.parametrize("key", sorted(VALUES.keys() - {"likes"}))
def test_a_filter_compares_values_by_their_type(typed: Fields, key: str) -> None:
    small, large = VALUES[key]
    name, plain = f"custom.{key}", {"bin": False}
    assert set(typed.names((name, "eq", small), **plain)) == {"Small"}
    assert set(typed.names((name, "ne", small))) >= {"Large", "None"}
    assert set(typed.names((name, "in", [small, large]))) == {"Small", "Large"}
    assert set(typed.names((name, "empty", False))) == {"Small", "Large"}
    assert "None" in typed.names((name, "empty", True))
    assert set(typed.names((name, "in", [None, large]))) >= {"Large", "None"}


@pytest.mark.parametrize("key", ORDERED)
def test_numbers_money_and_dates_compare_by_their_size(typed: Fields, key: str) -> None:
    small, large = VALUES[key]
    name = f"custom.{key}"
    assert typed.names((name, "gt", small)) == ["Large"]
    assert typed.names((name, "lt", large)) == ["Small"]
    assert set(typed.names((name, "ge", small), (name, "le", large))) == {"Small", "Large"}


@pytest.mark.parametrize("key", sorted(VALUES.keys() - {"likes", "story"}))
@pytest.mark.parametrize("limit", [1, 50])
def test_a_list_is_sorted_by_the_field_page_by_page(typed: Fields, key: str, limit: int) -> None:
    for sign, wanted in (("", ["Small", "Large"]), ("-", ["Large", "Small"])):
        found, cursor = [], None
        with typed.site.read(system("test")) as session:
            while True:
                query = Query(sort=(f"{sign}custom.{key}",), limit=limit, cursor=cursor)
                page = service.list_records(session, typed.rtype("contacts"), query)
                found += [each["given"] for each in page.items]
                cursor = page.next
                if cursor is None:
                    break
        assert found[:2] == wanted
        assert found[2] == "None" or set(found[2:]) >= {"None"}  # without a value comes last


def test_money_compares_in_its_currency_when_one_is_named(typed: Fields) -> None:
    assert typed.names(("custom.budget", "ge", "99.90 EUR"), sort=("custom.budget",)) == [
        "Small",
        "Large",
    ]
    assert typed.names(("custom.budget", "ge", "1 USD")) == []
    assert typed.names(("custom.budget", "eq", "123456789012.34")) == ["Large"]
    assert typed.names(("custom.budget", "eq", "123456789012.35")) == []


def test_a_multiple_choice_is_found_by_each_of_its_values(typed: Fields) -> None:
    assert set(typed.names(("custom.likes", "eq", "gold"))) == {"Small", "Large"}
    assert typed.names(("custom.likes", "contains", "Срібло")) == ["Large"]
    assert typed.names(("custom.likes", "in", ["Срібло", "x"])) == ["Large"]
    assert "None" in typed.names(("custom.likes", "nin", ["gold"]))
    assert typed.names(("custom.likes", "eq", "gol")) == []
    assert typed.names(("custom.likes", "eq", "g_ld")) == []


def test_texts_are_found_by_search_and_by_contains(typed: Fields) -> None:
    assert typed.names(q="елка") == ["Large"]
    assert typed.names(("custom.word", "contains", "ЕЛК")) == ["Large"]
    assert typed.names(q="three") == ["Large"]


WRONG: list[tuple[str, Any]] = [
    ("word", 5),
    ("level", "x"),
    ("level", 2**40),
    ("weight", "1.2345"),
    ("weight", "1234567890123.456"),
    ("budget", {"amount": "5"}),
    ("budget", {"amount": "5", "currency": "euro"}),
    ("budget", "5 EUR"),
    ("since", "31.12.1999"),
    ("grade", "bronze"),
    ("likes", ["bronze"]),
    ("likes", "gold"),
    ("vip", "perhaps"),
    ("friend", "nobody"),
    ("friend", "00000000-0000-7000-8000-000000000000"),
    ("page", "javascript:alert(1)"),
    ("page", "no address"),
    ("page", "data:text/html,x"),
]


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_value_that_does_not_fit_is_refused_by_the_name_of_its_field(
    typed: Fields, key: str, value: Any
) -> None:
    with pytest.raises(Invalid) as refused:
        typed.person("Wrong", **{key: value})
    assert set(refused.value.errors) == {f"custom.{key}"}
    assert typed.names(("given", "eq", "Wrong")) == []


def test_a_web_address_without_a_scheme_gets_one(typed: Fields) -> None:
    one = typed.person("Net", page="example.org/x")
    assert typed.get("contacts", one)["custom"] == {"page": "https://example.org/x"}


def test_figures_are_exact_on_both_engines(typed: Fields) -> None:
    measures = ("count", "sum:custom.level", "sum:custom.weight", "max:custom.weight")
    measures += ("sum:custom.budget:EUR", "sum:custom.budget:USD", "min:custom.since")
    chosen = Query(filter={"field": "given", "op": "in", "value": ["Small", "Large"]})
    with typed.site.read(system("test")) as session:
        rtype = typed.rtype("contacts")
        (row,) = service.aggregate(session, rtype, chosen, None, measures)
        groups = service.aggregate(session, rtype, chosen, "custom.grade")
        with pytest.raises(Invalid):  # euros and dollars make no sum
            service.aggregate(session, rtype, chosen, None, ("sum:custom.budget",))
    assert row["count"] == 2
    assert row["sum:custom.level"] == 19
    shown = {name: str(value) for name, value in row.items()}
    assert shown["sum:custom.weight"] == "19.625"
    assert shown["max:custom.weight"] == "10.125"
    assert shown["sum:custom.budget:EUR"] == "123456789112.24"
    assert shown["sum:custom.budget:USD"] == "None"
    assert shown["min:custom.since"] == "1999-12-31"
    assert {each["group"]: each["count"] for each in groups} == {"gold": 1, "Срібло": 1}


def test_what_no_field_declares_is_kept_as_before(typed: Fields) -> None:
    one = typed.person("Loose", shoe=38, level=4)
    assert typed.get("contacts", one)["custom"] == {"shoe": 38, "level": 4}
    assert typed.names(("custom.shoe", "eq", "38")) == ["Loose"]
    only = typed.get("contacts", one, fields=("custom.level",))
    assert only["custom"] == {"level": 4}


def test_history_names_the_field_and_both_values(typed: Fields) -> None:
    one = typed.person("History", budget=VALUES["budget"][0], likes=["gold"])
    data = {"budget": VALUES["budget"][1], "likes": None, "loose": "x"}
    typed.change("contacts", one, {"custom": data})
    with typed.site.read(system("test")) as session:
        newest, _created = service.history(session, typed.rtype("contacts"), one)
    assert {name: (label, old, new) for name, label, old, new in newest.fields} == {
        "custom.budget": ("budget", *VALUES["budget"]),
        "custom.likes": ("likes", ["gold"], None),
        "custom.loose": ("custom.loose", None, "x"),
    }
    typed.change("contacts", one, {"custom": {"budget": VALUES["budget"][1]}})
    with typed.site.read(system("test")) as session:
        assert len(service.history(session, typed.rtype("contacts"), one)) == 2
