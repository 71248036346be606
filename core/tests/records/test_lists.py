"""Lists: every page once, in the same order on both engines; filters as Python computes them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from kontora.access.session import ScopedSession
from kontora.db.fold import fold
from kontora.errors import Invalid
from kontora.records import query as query_module
from kontora.records import service
from kontora.records.filters import operators
from kontora.records.service import Query
from kontora.registry.fields import FieldType

TEXTS = {FieldType.TEXT, FieldType.LONGTEXT, FieldType.CHOICE, FieldType.REFERENCE}


def sortable(crowd: Any) -> list[str]:
    fields = crowd.rtype("counterparties").fields
    names = [e.name for e in fields if e.sortable and not e.collection and not e.shortcut]
    return [*names, "created_at", "updated_at"]


def walk(session: ScopedSession, rtype: Any, sort: tuple[str, ...], limit: int) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    while True:
        query = Query(sort=sort, limit=limit, cursor=cursor, fields=("display_name",))
        page = service.list_records(session, rtype, query)
        found += [each["id"] for each in page.items]
        if page.next is None:
            return found
        cursor = page.next


def value_of(crowd: Any, row: dict[str, Any], name: str) -> Any:
    field = crowd.rtype("counterparties").field_named(name)
    value = row.get(name)
    if isinstance(value, dict):
        value = value["name"]
    if value is not None and field is not None and field.type in TEXTS:
        return fold(str(value)).encode()
    return value


@pytest.mark.parametrize("direction", ["", "-"])
def test_all_pages_give_each_record_once_in_order(crowd: Any, direction: str) -> None:
    rtype = crowd.rtype("counterparties")
    with crowd.site.read(crowd.principal("head")) as session:
        for name in sortable(crowd):
            rows = sorted(crowd.rows, key=lambda row: row["id"])
            filled = [row for row in rows if value_of(crowd, row, name) is not None]
            empty = [row for row in rows if value_of(crowd, row, name) is None]
            filled.sort(key=lambda row: value_of(crowd, row, name), reverse=bool(direction))
            # A reversed sort keeps equal rows in their order: by id, as the list has them.
            wanted = [row["id"] for row in filled + empty]
            assert walk(session, rtype, (direction + name,), 20) == wanted, name
        mixed = ("-industry", "kind") if rtype.field_named("kind") else ("-industry", "family")
        assert sorted(walk(session, rtype, mixed, 7)) == sorted(row["id"] for row in crowd.rows)


@pytest.mark.parametrize("limit", [1, 4, 200])
def test_a_manager_reads_the_same_by_the_short_way(
    crowd: Any, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[bool] = []
    short = query_module._Lister._merged

    def noted(self: Any, most: int) -> Any:
        found = short(self, most)
        used.append(found is not None)
        return found

    for path in ("contacts", "counterparties"):
        rtype = crowd.rtype(path)
        with crowd.site.read(crowd.principal("manager")) as session:
            monkeypatch.setattr(query_module._Lister, "_merged", noted)
            by_table = walk(session, rtype, (), limit)
            monkeypatch.setattr(query_module._Lister, "_merged", lambda self, most: None)
            assert walk(session, rtype, (), limit) == by_table
            monkeypatch.setattr(query_module._Lister, "_merged", short)
            total = service.list_records(session, rtype, Query(total=True)).total
            assert total == len(by_table)
    assert used
    assert all(used)
    owners = {str(crowd.people[name]) for name in ("manager", "mate")}
    mine = {row["id"] for row in crowd.rows if row["owner"] and row["owner"]["id"] in owners}
    assert set(by_table) == mine


# Filters

TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "in": lambda a, b: a in b,
    "nin": lambda a, b: a not in b,
    "contains": lambda a, b: a is not None and fold(str(b)) in fold(str(a)),
    "starts": lambda a, b: a is not None and fold(str(a)).startswith(fold(str(b))),
    "lt": lambda a, b: a is not None and a < b,
    "le": lambda a, b: a is not None and a <= b,
    "gt": lambda a, b: a is not None and a > b,
    "ge": lambda a, b: a is not None and a >= b,
    "empty": lambda a, b: (a in (None, "", [])) is b,
}


def plain(row: dict[str, Any], name: str) -> Any:
    value = row.get(name)
    return value["id"] if isinstance(value, dict) else value


def test_each_operator_of_each_field_is_what_python_says(crowd: Any) -> None:
    rtype, chance, wrong, count = crowd.rtype("counterparties"), random.Random(7), [], 0
    with crowd.site.read(crowd.principal("head")) as session:
        for field in rtype.fields:
            if field.collection or field.shortcut or not field.filterable or field.computed:
                continue
            values = sorted({str(plain(row, field.name)) for row in crowd.rows})
            known = {str(plain(r, field.name)): plain(r, field.name) for r in crowd.rows}
            for op in operators(field):
                for text in chance.sample(values, min(3, len(values))):
                    value: Any = known[text]
                    if value is None and op not in ("eq", "ne", "in", "nin"):
                        continue
                    if op in ("in", "nin"):
                        value = [value, known[values[0]]]
                    elif op in ("contains", "starts"):
                        value = str(value)[:3].upper()
                    elif op == "empty":
                        value = chance.random() < 0.5
                    wanted = {
                        row["id"] for row in crowd.rows if TESTS[op](plain(row, field.name), value)
                    }
                    tree = {"field": field.name, "op": op, "value": value}
                    query = Query(filter=tree, limit=200, fields=(), total=True)
                    page = service.list_records(session, rtype, query)
                    count += 1
                    if {row["id"] for row in page.items} != wanted or page.total != len(wanted):
                        wrong.append((tree, len(wanted), page.total))
    assert wrong == []
    assert count > 150


@pytest.mark.parametrize(
    ("value", "same"),
    [("1", [1, "1"]), ("true", [True]), ("high", ["high"]), ("1.5", [1.5]), ("2", [2])],
)
def test_custom_values_compare_as_text_on_both_engines(crowd: Any, value: str, same: Any) -> None:
    wanted = {
        row["id"]
        for row in crowd.rows
        if any(
            row["custom"]["level"] == e and type(row["custom"]["level"]) is type(e) for e in same
        )
    }
    tree = {"field": "custom.level", "op": "eq", "value": value}
    with crowd.site.read(crowd.principal("head")) as session:
        rtype = crowd.rtype("counterparties")
        found = service.list_records(session, rtype, Query(filter=tree, limit=200)).items
        assert {row["id"] for row in found} == wanted
        tree = {"field": "custom.level", "op": "contains", "value": value}
        assert len(service.list_records(session, rtype, Query(filter=tree, limit=200)).items) >= 1


def test_collections_and_short_forms_filter_too(crowd: Any) -> None:
    rtype = crowd.rtype("counterparties")
    with crowd.site.read(crowd.principal("head")) as session:

        def found(name: str, op: str, value: Any) -> set[str]:
            tree = {"field": name, "op": op, "value": value}
            items = service.list_records(session, rtype, Query(filter=tree, limit=200)).items
            return {row["id"] for row in items}

        vip = {row["id"] for row in crowd.rows if "vip" in row["tags"]}
        everyone = {row["id"] for row in crowd.rows}
        assert found("tags", "eq", "vip") == vip
        assert found("tags", "ne", "vip") == everyone - vip
        assert found("tags", "empty", True) == {r["id"] for r in crowd.rows if not r["tags"]}
        clients = {r["id"] for r in crowd.rows for x in r["roles"] if x["role"] == "client"}
        assert found("roles.role", "eq", "client") == clients
        assert found("email", "empty", True) == everyone


@pytest.mark.parametrize(
    "cursor",
    ["x", "e30", "W10", "bnVsbA", "WzEsMiwzXQ", "é", "W1siZGlzcGxheV9uYW1lIl0sWzVdLCJ4Il0"],
)
def test_a_forged_cursor_is_refused(crowd: Any, cursor: str) -> None:
    import base64
    import json

    def forged(*parts: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")

    some = crowd.rows[0]["id"]
    cursors = [cursor, forged(["display_name"], [None], some), forged(["display_name"], ["a"], 5)]
    cursors += [
        forged(["display_name"], ["\x00"], some),
        forged(["display_name"], ["\ud800"], some),
    ]
    with crowd.site.read(crowd.principal("manager")) as session:
        for each in cursors:
            with pytest.raises(Invalid):
                query = Query(cursor=each)
                service.list_records(session, crowd.rtype("counterparties"), query)
        for sort, value in (("birth_date", 5), ("employees", "x"), ("created_at", [1])):
            with pytest.raises(Invalid):
                query = Query(sort=(sort,), cursor=forged([sort], [value], some))
                service.list_records(session, crowd.rtype("counterparties"), query)


def test_figures_by_field_are_what_python_counts(crowd: Any) -> None:
    rtype = crowd.rtype("counterparties")
    with crowd.site.read(crowd.principal("head")) as session:
        for name in ("industry", "owner", "gender", "birth_date"):
            rows = service.aggregate(session, rtype, Query(), name)
            wanted: dict[Any, int] = {}
            for row in crowd.rows:
                value = row.get(name)
                value = value["name"] if isinstance(value, dict) else value
                wanted[value] = wanted.get(value, 0) + 1
            assert {row["group"]: row["count"] for row in rows} == wanted
        for measure in ("sum:display_name", "max:email", "min:tags", "avg:owner", "sum:nothing"):
            with pytest.raises(Invalid):
                service.aggregate(session, rtype, Query(), None, (measure,))
        by_name = service.aggregate(session, rtype, Query(), "display_name")
        assert {row["group"] for row in by_name} <= {row["display_name"] for row in crowd.rows}
