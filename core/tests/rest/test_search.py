"""`GET /api/v1/search`: facets, totals, the best records, suggestions."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def manager(client_of: Any) -> Any:
    manager = client_of("manager")
    for given, family in (("Иван", "Зеленский"), ("Anna", "Zelenska"), ("Ольга", "Ким")):
        answer = manager.post("/api/v1/contacts", json={"given": given, "family": family})
        assert answer.status_code == 201
    return manager


def test_it_names_types_with_totals_and_the_best_records(manager: Any) -> None:
    found = manager.get("/api/v1/search?q=Zelensky").json
    facet = next(each for each in found["facets"] if each["type"] == "contacts")
    assert (facet["total"], facet["more"]) == (2, False)
    names = [each["name"] for each in found["items"] if each["type"] == "contacts"]
    assert sorted(names) == ["Anna Zelenska", "Иван Зеленский"]
    assert found["shown"] == "Zelensky"
    assert found["suggestion"] is None


def test_a_typing_error_and_another_layout(manager: Any) -> None:
    assert manager.get("/api/v1/search?q=Zeleskna").json["shown"] == "Zeleskna"  # two errors
    assert manager.get("/api/v1/search?q=Zelneska").json["shown"] == "zelenska"
    assert manager.get("/api/v1/search?q=Jkmuf").json["suggestion"] == "Ольга"


def test_one_type_and_a_limit(manager: Any) -> None:
    found = manager.get("/api/v1/search?q=Zelensky&type=contacts&limit=1").json
    assert [each["type"] for each in found["facets"]] == ["contacts"]
    assert len(found["items"]) == 1


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 422), ("?q=", 422), ("?q=a&x=1", 422), ("?q=a&limit=0", 422), ("?q=a&type=no", 404)],
)
def test_wrong_questions_are_refused(manager: Any, query: str, status: int) -> None:
    answer = manager.get(f"/api/v1/search{query}")
    assert answer.status_code == status
    assert answer.json["title"]


def test_what_another_owns_is_not_found(manager: Any, client_of: Any) -> None:
    assert client_of("manager").get("/api/v1/search?q=Zelensky").json["items"] == []
