"""Many operations in one request, each with its own result."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from kontora_sdk.testing.clients import ProgramClient

PATH = "/api/v1/contacts"
BULK = f"{PATH}/bulk"


def _made(client: ProgramClient, *names: str) -> list[str]:
    return [client.post(PATH, json={"family": name}).json["id"] for name in names]


def test_operations_have_a_result_each(manager: ProgramClient) -> None:
    first, second, third = _made(manager, "A", "B", "C")
    answer = manager.post(
        BULK,
        json={
            "operations": [
                {"op": "create", "data": {"family": "D"}},
                {"op": "create", "data": {"nonsense": 1}},
                {"op": "change", "id": first, "version": 1, "data": {"given": "X"}},
                {"op": "change", "id": second, "version": 7, "data": {"given": "X"}},
                {"op": "change", "id": second, "data": {"given": "X"}},
                {"op": "delete", "id": third, "version": 1},
                {"op": "delete", "id": str(uuid4()), "version": 1},
                {"op": "fly"},
            ]
        },
    )
    assert answer.status_code == 200, answer.json
    rows = answer.json["results"]
    assert [row["status"] for row in rows] == [201, 422, 200, 412, 428, 204, 404, 422]
    assert (answer.json["done"], answer.json["failed"]) == (3, 5)
    assert (rows[0]["version"], rows[2]["version"]) == (1, 2)
    assert rows[1]["problem"]["errors"].keys() == {"nonsense"}
    assert [row["id"] for row in rows[2:4]] == [first, second]
    left = {each["family"]: each["given"] for each in manager.get(PATH).json["items"]}
    assert left == {"A": "X", "B": None, "D": None}


def test_one_change_for_a_selection(manager: ProgramClient) -> None:
    ids = _made(manager, "A", "B", "C")
    answer = manager.post(BULK, json={"ids": [*ids[:2], str(uuid4())], "change": {"tags": ["x"]}})
    assert [row["status"] for row in answer.json["results"]] == [200, 200, 404]
    tree = {"field": "tags", "op": "eq", "value": "x"}
    gone = manager.post(BULK, json={"filter": tree, "delete": True})
    assert {row["id"] for row in gone.json["results"]} == set(ids[:2])
    assert [each["id"] for each in manager.get(PATH).json["items"]] == [ids[2]]


def test_what_is_not_clear_is_refused(manager: ProgramClient) -> None:
    ids = _made(manager, "A")
    wrong: list[Any] = [
        [],
        {},
        {"delete": True},
        {"ids": ids},
        {"ids": [], "delete": True},
        {"ids": ids, "delete": False},
        {"ids": ids, "delete": True, "change": {"given": "X"}},
        {"ids": ids, "filter": {}, "delete": True},
        {"ids": ids, "q": "a", "delete": True},
        {"ids": ["garbage"], "delete": True},
        {"ids": ids, "change": {"nonsense": 1}},
        {"filter": {"field": "nonsense"}, "delete": True},
        {"operations": [], "delete": True},
        {"operations": [{"op": "delete"}] * 201},
        {"operations": "all"},
        {"nonsense": 1},
    ]
    statuses = [manager.post(BULK, json=each).status_code for each in wrong]
    assert statuses == [422] * len(wrong)
    assert len(manager.get(PATH).json["items"]) == 1
