"""Lists: filters, search, order, pages."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import quote

import pytest

from kontora.lifecycle.site import Site
from kontora.rest.parameters import OPERATORS
from kontora_sdk.testing.clients import ProgramClient

PEOPLE = (
    {"given": "Anna", "family": "Petrova", "birth_date": "1987-05-14", "tags": ["vip"]},
    {"given": "Boris", "family": "Ivanov", "email": "boris@example.org", "custom": {"level": 2}},
    {"given": "Clara", "family": "Petrenko", "roles": [{"role": "client"}], "gender": "female"},
    {
        "given": "Dmytro",
        "family": "Shevchenko",
        "phone": "+380441234567",
        "birth_date": "1990-01-01",
    },
)


@pytest.fixture
def people(manager: ProgramClient) -> ProgramClient:
    for each in PEOPLE:
        assert manager.post("/api/v1/contacts", json=each).status_code == 201
    return manager


def _given(client: ProgramClient, query: str) -> list[str]:
    answer = client.get(f"/api/v1/contacts?{query}")
    assert answer.status_code == 200, answer.json
    return [each["given"] for each in answer.json["items"]]


QUERIES: list[tuple[str, list[str]]] = [
    ("", ["Anna", "Boris", "Clara", "Dmytro"]),
    ("family=Petrova", ["Anna"]),
    ("family=Petrova&family=Ivanov", ["Anna", "Boris"]),
    ("family[eq]=Petrova", ["Anna"]),
    ("family[ne]=Petrova", ["Boris", "Clara", "Dmytro"]),
    ("family[in]=Petrova,Petrenko", ["Anna", "Clara"]),
    ("family[nin]=Petrova,Petrenko", ["Boris", "Dmytro"]),
    ("family[contains]=PETR", ["Anna", "Clara"]),
    ("family[starts]=iva", ["Boris"]),
    ("birth_date[ge]=1990-01-01", ["Dmytro"]),
    ("birth_date[lt]=1990-01-01", ["Anna"]),
    ("birth_date[empty]=1", ["Boris", "Clara"]),
    ("birth_date[empty]=false", ["Anna", "Dmytro"]),
    ("created_at[ge]=2020-01-01", ["Anna", "Boris", "Clara", "Dmytro"]),
    ("created_at[lt]=2020-01-01T00:00:00%2B02:00", []),
    ("created_at[lt]=2020-01-01T00:00:00+02:00", []),
    ("tags=vip", ["Anna"]),
    ("roles=client", ["Clara"]),
    ("roles.role=client", ["Clara"]),
    ("email=boris@example.org", ["Boris"]),
    ("points.value[contains]=boris", ["Boris"]),
    ("custom.level=2", ["Boris"]),
    ("gender=female", ["Clara"]),
    ("owner=me&family[contains]=shev", ["Dmytro"]),
    ("q=petr", ["Anna", "Clara"]),
    ("q=0441234567", ["Dmytro"]),
    ("q=petr&family[ne]=Petrova", ["Clara"]),
    ("sort=-given", ["Dmytro", "Clara", "Boris", "Anna"]),
    ("sort=birth_date,-given", ["Anna", "Dmytro", "Clara", "Boris"]),
    ("limit=2", ["Anna", "Boris"]),
    ("kind=person", ["Anna", "Boris", "Clara", "Dmytro"]),
    ("id=019300aa-0000-7000-8000-000000000000", []),
    ("bin=1", []),
]


def test_what_a_query_finds(people: ProgramClient) -> None:
    found = {query: _given(people, query) for query, _expected in QUERIES}
    assert found == dict(QUERIES)


def test_a_tree_of_conditions(people: ProgramClient) -> None:
    tree = {
        "or": [
            {"field": "family", "op": "eq", "value": "Ivanov"},
            {"not": {"field": "birth_date", "op": "lt", "value": "1990-01-01"}},
        ]
    }
    assert _given(people, f"filter={quote(json.dumps(tree))}&family[contains]=o") == [
        "Boris",
        "Clara",
        "Dmytro",
    ]


def test_cursors_walk_through_all(people: ProgramClient) -> None:
    for sort in ("", "given", "-birth_date,given", "-updated_at", "owner"):
        _walk(people, sort)


def _walk(people: ProgramClient, sort: str) -> None:
    whole = [each["id"] for each in people.get(f"/api/v1/contacts?sort={sort}").json["items"]]
    found: list[Any] = []
    cursor = ""
    for _page in range(10):
        page = people.get(f"/api/v1/contacts?limit=1&sort={sort}&cursor={cursor}&total=1").json
        assert page["total"] == 4
        found += [each["id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == whole, sort


REFUSED: list[tuple[str, str]] = [
    ("nonsense=1", "nonsense"),
    ("family[like]=x", "family[like]"),
    ("family[ge]=x", "family"),
    ("family[contains=x", "family[contains"),
    ("limit=201", "limit"),
    ("limit=0", "limit"),
    ("limit=x", "limit"),
    ("limit=5&limit=6", "limit"),
    ("total=maybe", "total"),
    ("bin=2", "bin"),
    ("sort=nonsense", "sort"),
    ("sort=points", "sort"),
    ("sort=" + "given," * 6, "sort"),
    ("fields=nonsense", "nonsense"),
    ("expand=nonsense", "expand"),
    ("cursor=nonsense", "cursor"),
    ("cursor=W1siLWNyZWF0ZWRfYXQiXSxbIngiXSwieCJd&sort=-created_at", "cursor"),
    ("filter={}x", "filter"),
    ("filter=[]", "filter"),
    ('filter={"field":"nonsense"}', "nonsense"),
    ('filter={"and":[]}', "filter"),
    ("id=garbage", "id"),
    ("id[contains]=a", "id"),
    ("kind[lt]=x", "kind"),
    ("owner=garbage", "owner"),
    ("affiliations[contains]=x", "affiliations"),
    ("birth_date=lately", "birth_date"),
    ("created_at[ge]=lately", "created_at"),
    ("gender=unknown", "gender"),
    ("birth_date[empty]=perhaps", "birth_date[empty]"),
    ("family=a%00b", "family"),
    ("q=a%00b@c", "q"),
    ("external=x", "external"),
]


def test_what_is_unknown_is_named(admin: ProgramClient) -> None:
    wrong = []
    for query, name in REFUSED:
        answer = admin.get(f"/api/v1/contacts?{query}")
        if answer.status_code != 422 or name not in answer.json["errors"]:
            wrong.append((query, answer.status_code, answer.json))
    assert wrong == []


VALUES: tuple[Any, ...] = (
    *("", "x", "me", "1", "2026-02-30", "2026-01-01", "2026-01-01T00:00:00Z", "a,b", "%_\\", "ё'"),
    *("client", "true", "019300aa-0000-7000-8000-000000000000", "\udbff\udfff", "9" * 400),
    *(None, True, 0, -1, 2**40, 1.5, [], ["x", 1, None], [["x"]], {}, {"id": "x"}),
)


def test_no_condition_makes_the_server_fail(people: ProgramClient, site: Site) -> None:
    chance = random.Random(20261121)
    fields = [each.name for each in site.registry.record_type("contacts").fields]
    fields += ["id", "kind", "created_at", "points.value", "roles.from", "custom.level", "roles.x"]
    wrong = []
    for _n in range(250):
        leaves = [
            {
                "field": chance.choice(fields),
                "op": chance.choice((*OPERATORS, "like")),
                "value": chance.choice(VALUES),
            }
            for _leaf in range(chance.randint(1, 2))
        ]
        tree: Any = {chance.choice(("and", "or")): leaves}
        tree = {"not": tree} if chance.random() < 0.3 else tree
        answer = people.get(f"/api/v1/contacts?filter={quote(json.dumps(tree))}")
        if answer.status_code not in (200, 422):
            wrong.append((tree, answer.status_code))
    for tree in ({"and": {}}, {"or": [1]}, {"not": "x"}, {"not": []}, {"field": {}}, {"x": 1}):
        answer = people.get(f"/api/v1/contacts?filter={quote(json.dumps(tree))}")
        if answer.status_code not in (200, 422):
            wrong.append((tree, answer.status_code))
    assert wrong == []


def test_figures(people: ProgramClient) -> None:
    rows = people.get("/api/v1/contacts/aggregate?group_by=gender").json["items"]
    assert rows == [{"group": None, "count": 3}, {"group": "female", "count": 1}]
    assert people.get("/api/v1/contacts/aggregate?family[contains]=petr").json["items"] == [
        {"count": 2}
    ]
    for query in ("measures=sum:family", "measures=cheese", "group_by=points", "nonsense=1"):
        assert people.get(f"/api/v1/contacts/aggregate?{query}").status_code == 422


def test_figures_of_times(manager: ProgramClient) -> None:
    rows = manager.get("/api/v1/activities/aggregate?measures=count,max:at").json["items"]
    assert rows == [{"count": 0, "max:at": None}]
