"""What may not be sent: T-05 over every input schema, T-03 over every field that takes an id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from kontora.lifecycle.site import Site
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora_sdk.testing.clients import ProgramClient

# Names under which a careless program lets a stranger set what is not his to set.
FORBIDDEN = """id uuid _id pk version etag created_at updated_at deleted_at created_by updated_by
owner_id branch_id user_id tenant tenant_id sort_key is_counterparty is_admin is_superuser admin
role_keys grants permissions scope token token_hash password password_hash credential secret
__class__ __proto__ constructor prototype duplicates external restored deleted is_deleted history
change entity""".split()
NEW: dict[str, dict[str, Any]] = {
    "contacts": {"family": "New"},
    "counterparties": {"display_name": "New"},
    "activities": {"kind": "note"},
    "branches": {"name": "New"},
    "teams": {"name": "New"},
    "users": {"name": "New"},
}


@pytest.mark.parametrize("path", NEW)
def test_forbidden_names_are_refused_everywhere(admin: ProgramClient, path: str) -> None:
    made = admin.post(f"/api/v1/{path}", json=NEW[path])
    address, before = made.headers["Location"], admin.get(f"/api/v1/{path}?total=1&limit=1").json
    accepted = []
    for name in FORBIDDEN:
        answers = (
            admin.post(f"/api/v1/{path}", json={**NEW[path], name: "x"}),
            admin.patch(address, json={name: "x"}, headers={"If-Match": "*"}),
        )
        if any(each.status_code != 422 or name not in each.json["errors"] for each in answers):
            accepted.append(name)
    assert accepted == []
    assert admin.get(f"/api/v1/{path}?total=1&limit=1").json == before
    assert admin.get(address).headers["ETag"] == '"1"'


def _places(rtype: RecordType) -> list[tuple[str, Callable[[str], Any]]]:
    """Each place of a body that takes an id: its path in the errors, and how to fill it."""
    found: list[tuple[str, Callable[[str], Any]]] = []
    for each in rtype.fields:
        if not each.is_input or not each.applies_to(rtype.kinds[0] if rtype.kinds else None):
            continue
        if each.type is FieldType.REFERENCE:
            found.append((each.name, lambda value: value))
        elif each.collection is not None and each.collection.single:
            if each.collection.fields[0].type is FieldType.REFERENCE:
                found.append((f"{each.name}.0", lambda value: [value]))
        elif each.collection is not None:
            for sub in each.collection.fields:
                if sub.type is FieldType.REFERENCE:
                    row = _row(each.collection.fields)
                    found.append(
                        (f"{each.name}.0.{sub.name}", lambda v, s=sub, r=row: [{**r, s.name: v}])
                    )
    return found


def _row(fields: tuple[Field, ...]) -> dict[str, Any]:
    """The least that a row of a collection needs, but for its references."""
    return {
        each.name: each.choices[0].value if each.choices else "party"
        for each in fields
        if each.required and each.type is not FieldType.REFERENCE
    }


@pytest.mark.parametrize("path", ["contacts", "counterparties", "activities"])
def test_ids_of_what_one_does_not_see_are_not_found(
    manager: ProgramClient, client_of: Callable[..., ProgramClient], site: Site, path: str
) -> None:
    other = client_of("manager")
    hidden = {
        "party": other.post("/api/v1/counterparties", json={"display_name": "Hidden"}).json["id"],
        "none": "019300aa-0000-7000-8000-000000000000",
    }
    wrong = []
    for place, fill in _places(site.registry.record_type(path)):
        name = place.partition(".")[0]
        for value in hidden.values():
            for sent in (value, {"id": value}):
                answer = manager.post(
                    f"/api/v1/{path}",
                    json={**NEW[path], name: fill(sent)},
                )
                errors = answer.json.get("errors", {})
                if answer.status_code != 422 or not any(place in each for each in errors):
                    wrong.append((place, sent, answer.status_code, answer.json))
                elif "Hidden" in answer.get_data(as_text=True):
                    wrong.append((place, sent, "leak", answer.json))
    assert wrong == []
    assert UUID(hidden["party"])
