"""Custom fields made, changed, ordered, archived and deleted by API, as by the page."""

from __future__ import annotations

from typing import Any

import pytest
from fields_site import Fields

from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in, with_token

BASE = "/api/v1/fields/party"


@pytest.fixture
def api(fields: Fields) -> Any:
    return with_token(create_app(fields.site), fields.site, fields.user("administrator"))


def test_a_field_lives_its_life_by_api(fields: Fields, api: Any) -> None:
    made = api.post(BASE, json={"label": "VIP level", "type": "integer", "required": True})
    assert made.status_code == 201, made.json
    assert made.headers["Location"] == f"{BASE}/vip_level"
    assert made.json["name"] == "custom.vip_level"
    refused = api.post("/api/v1/contacts", json={"given": "Anna"})
    assert list(refused.json["errors"]) == ["custom.vip_level"]
    one = {"given": "Anna", "custom": {"vip_level": 3}}
    anna = api.post("/api/v1/contacts", json=one).json["id"]
    address, tag = made.headers["Location"], made.headers["ETag"]
    assert api.patch(address, json={"label": "X"}).status_code == 428
    changed = api.patch(address, json={"required": False}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json["required"]) == (200, False)
    assert changed.json["label"] == "VIP level"
    late = api.patch(address, json={"label": "Y"}, headers={"If-Match": tag})
    assert late.status_code == 412
    now = {"If-Match": api.get(address).headers["ETag"]}
    assert api.patch(address, json={"archived": True}, headers=now).json["archived"] is True
    assert "custom.vip_level" not in str(api.get("/api/v1/fields?type=contacts").json)
    now = {"If-Match": api.get(address).headers["ETag"]}
    assert api.patch(address, json={"archived": False}, headers=now).json["archived"] is False
    now = {"If-Match": api.get(address).headers["ETag"]}
    assert api.delete(address, headers=now).status_code == 422
    assert api.delete(f"{address}?confirm=vip_level", headers=now).status_code == 204
    assert api.get(address).status_code == 404
    assert api.get(f"/api/v1/contacts/{anna}").json["custom"] == {}


def test_a_lossy_change_of_type_wants_to_be_confirmed(fields: Fields, api: Any) -> None:
    fields.define(key="level", type="text")
    fields.person("Anna", level="high")
    tag = {"If-Match": "*"}
    refused = api.patch(f"{BASE}/level", json={"type": "integer"}, headers=tag)
    assert refused.status_code == 409, refused.json
    sent = {"type": "integer", "confirmed": True}
    assert api.patch(f"{BASE}/level", json=sent, headers=tag).json["type"] == "integer"


def test_the_order_is_the_one_that_was_sent(fields: Fields, api: Any) -> None:
    for key in ("a", "b", "c"):
        fields.define(key=key, type="text")
    items = api.patch(BASE, json={"order": ["c", "a"]}).json["items"]
    assert [each["key"] for each in items] == ["c", "a", "b"]
    assert api.patch(BASE, json={"order": ["x"]}).status_code == 422
    assert api.get("/api/v1/fields/nothing").status_code == 404


def test_sent_twice_with_a_key_it_is_made_once(api: Any) -> None:
    body, key = {"label": "Once", "type": "text"}, {"Idempotency-Key": "k1"}
    first, second = (api.post(BASE, json=body, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(api.get(BASE).json["items"]) == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"label": "X"}, "type"),
        ({"label": "X", "type": "magic"}, "type"),
        ({"label": "X", "type": "text", "is_unique": True}, "is_unique"),
        ({"label": "X", "type": "choice"}, "options"),
        ({"label": "X", "type": "reference"}, "target"),
        ({"label": "X", "type": "text", "key": "A b"}, "key"),
        ({"label": "X", "type": "integer", "default": "many"}, "default"),
    ],
)
def test_wrong_definitions_are_named(api: Any, body: dict[str, Any], path: str) -> None:
    answer = api.post(BASE, json=body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [path])


def test_two_fields_of_one_label_are_refused_with_a_remedy(fields: Fields, api: Any) -> None:
    api.post(BASE, json={"label": "Size", "type": "text"})
    answer = api.post(BASE, json={"label": "size", "type": "text", "key": "other"})
    assert answer.status_code == 422
    assert "custom.size" in answer.json["errors"]["label"][0]
    admin = signed_in(create_app(fields.site), fields.site, fields.user("administrator", "a@x.org"))
    page = admin.post("/admin/fields/party/new", data={"label": "Size", "type": "text"})
    assert page.status_code == 422
    assert "custom.size" in page.text
    # On records of another kind it is no other field of the same name.
    for kind in ("person", "organisation"):
        body = {"label": "Rank", "type": "text", "kinds": [kind]}
        assert api.post(BASE, json=body).status_code == 201


def test_a_yes_no_field_has_a_third_state_in_form_filter_and_api(fields: Fields) -> None:
    fields.define(key="vip", type="boolean")
    app = create_app(fields.site)
    me = fields.user("administrator")
    pages, api = signed_in(app, fields.site, me), with_token(app, fields.site, me)
    ids = {}
    for given, answer in (("None", ""), ("Yes", "true"), ("No", "false")):
        sent = {"given": given, "custom.vip": answer, "save": "1"}
        assert pages.post("/contacts/new", data=sent).status_code in (200, 303)
    for each in api.get("/api/v1/contacts").json["items"]:
        ids[each["given"]] = each["id"]
        assert each["custom"].get("vip") == {"None": None, "Yes": True, "No": False}[each["given"]]
    assert fields.names(("custom.vip", "eq", False)) == ["No"]
    assert fields.names(("custom.vip", "empty", True)) == ["None"]
    form = pages.get(f"/contacts/{ids['No']}/edit").text
    assert '<option value="false" selected>' in form
    assert 'type="checkbox" value="true" id="f-custom-vip"' not in form
    address = f"/api/v1/contacts/{ids['Yes']}"
    body = {"custom": {"vip": None}}
    assert api.patch(address, json=body, headers={"If-Match": "*"}).status_code == 200
    assert api.get(address).json["custom"].get("vip") is None
