"""What a plugin declares is in the API like what core declares."""

from __future__ import annotations

import json

import pytest
from openapi_spec_validator import validate

from kontora.lifecycle.site import Site
from kontora.rest import openapi
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import ProgramClient, with_token
from kontora_sdk.testing.people import make_user

pytestmark = pytest.mark.kontora_plugins("hello")


@pytest.fixture
def admin(kontora_site: Site) -> ProgramClient:
    return with_token(
        create_app(kontora_site), kontora_site, make_user(kontora_site, "administrator")
    )


def test_fields_of_a_plugin_stand_under_its_name_and_filter_by_that_path(
    admin: ProgramClient,
) -> None:
    for name, score in (("Anna", 7), ("Boris", 3), ("Clara", None)):
        body = {"given": name, "hello": {"score": score, "salutation": f"Dear {name}"}}
        made = admin.post("/api/v1/contacts", json=body)
        assert made.status_code == 201, made.json
        assert made.json["hello"] == body["hello"]

    def found(query: str) -> list[str]:
        answer = admin.get(f"/api/v1/contacts?{query}")
        assert answer.status_code == 200, answer.json
        return [each["given"] for each in answer.json["items"]]

    assert found("hello.score[ge]=5") == ["Anna"]
    assert found("hello.score=3") == ["Boris"]
    assert found("hello.score[empty]=1") == ["Clara"]
    assert found("hello.salutation[contains]=bor") == ["Boris"]
    assert found("sort=-hello.score") == ["Anna", "Boris", "Clara"]
    assert found("q=clara") == ["Clara"]
    sparse = admin.get("/api/v1/contacts?fields=hello.score&limit=1").json["items"][0]
    assert sparse["hello"] == {"score": 7}
    refused = admin.get("/api/v1/contacts?hello.nonsense=1")
    assert refused.json["errors"].keys() == {"hello.nonsense"}
    wrong = admin.post("/api/v1/contacts", json={"given": "D", "hello": {"score": "high"}})
    assert wrong.json["errors"].keys() == {"hello.score"}
    unknown = admin.post("/api/v1/contacts", json={"given": "D", "hello": {"nonsense": 1}})
    assert unknown.json["errors"].keys() == {"hello.nonsense"}
    gone = admin.post("/api/v1/contacts", json={"given": "D", "goodbye": {"score": 1}})
    assert gone.json["errors"].keys() == {"goodbye"}


def test_record_types_of_a_plugin_have_all_operations(
    admin: ProgramClient, kontora_site: Site
) -> None:
    path = next(each for each in kontora_site.registry.record_types if each.startswith("hello/"))
    made = admin.post(f"/api/v1/{path}", json={"subject": "Happy birthday"})
    assert made.status_code == 201, made.json
    address = made.headers["Location"]
    assert address == f"/api/v1/{path}/{made.json['id']}"
    changed = admin.patch(address, json={"body": "…"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert admin.get(f"/api/v1/{path}?q=birthday&total=1").json["total"] == 1
    assert admin.get(f"/api/v1/{path}/aggregate").json["items"] == [{"count": 1}]
    assert admin.get(f"{address}/history").json["items"][0]["version"] == 2
    assert admin.delete(address, headers={"If-Match": '"2"'}).status_code == 204
    assert admin.post(f"{address}/restore").status_code == 200
    document = json.loads(json.dumps(openapi.document(kontora_site.registry)))
    validate(document)
    assert f"/api/v1/{path}/{{id}}" in document["paths"]


def test_reports_of_a_plugin_run(admin: ProgramClient) -> None:
    ours = [each for each in admin.get("/api/v1/reports").json["items"] if "hello" in each["id"]]
    assert ours
    for each in ours:
        table = admin.get(f"/api/v1/reports/{each['id']}").json
        assert table["columns"] == each["columns"]
