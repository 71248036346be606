"""A field of an administrator in pages, API, import, export; and who may not see it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fields_site import CHOICES, TYPES, VALUES, Fields, without

from kontora.access.principal import system
from kontora.errors import Invalid
from kontora.records import service
from kontora.records.query import Query
from kontora.records.transfer.assembled import ImportOptions
from kontora.records.transfer.export import export_file
from kontora.records.transfer.run import import_file
from kontora.records.transfer.runs import issues_of
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in, with_token

# Access (T-03, T-05)


def test_a_link_to_what_one_may_not_see_is_not_found_and_shows_nothing(fields: Fields) -> None:
    fields.define(key="friend", **TYPES["friend"])
    me, other = fields.user("manager", "me@x.org"), fields.user("manager", "other@x.org")
    mine = fields.make("contacts", {"given": "Mine"}, me)
    theirs = fields.make("contacts", {"given": "Theirs"}, other)
    firm = fields.make("counterparties", {"display_name": "Firm"}, me)
    for lost in (theirs, firm):  # out of reach, and of another kind
        with pytest.raises(Invalid) as refused:
            fields.change("contacts", mine, {"custom": {"friend": str(lost)}}, me)
        assert set(refused.value.errors) == {"custom.friend"}
    fields.change("contacts", mine, {"custom": {"friend": str(theirs)}})
    assert fields.get("contacts", mine)["custom"]["friend"]["name"] == "Theirs"
    assert fields.get("contacts", mine, me)["custom"] == {}
    assert fields.names(("custom.friend", "eq", str(theirs)), by=me) == []
    assert fields.names(("custom.friend", "empty", True), by=me) == ["Mine"]
    assert fields.names(sort=("custom.friend",), by=me) == ["Mine"]
    with fields.site.read(me) as session:
        log = service.history(session, fields.rtype("contacts"), mine)
        groups = service.aggregate(session, fields.rtype("contacts"), Query(), "custom.friend")
    assert "Theirs" not in str([each.fields for each in log])
    assert "Theirs" not in str(groups)
    # What is empty to him he sends back empty, and nothing is lost.
    fields.change("contacts", mine, {"custom": {"friend": None}}, me)
    assert fields.get("contacts", mine)["custom"]["friend"]["name"] == "Theirs"


@pytest.mark.parametrize("rule", ["custom.word", "custom"])
def test_a_hidden_field_does_not_exist_in_any_way(fields: Fields, rule: str) -> None:
    fields.define(key="word", type="text", required=True, profile=True, is_unique=True)
    anna = fields.person("Anna", word="secretword")
    fields.change("contacts", anna, {"custom": {"word": "otherword"}})
    me = without(fields.user("administrator"), "party", rule)
    shown = fields.get("contacts", anna, me)
    assert "otherword" not in str(shown)
    assert fields.names(q="otherword", by=me) == []
    with fields.site.read(me) as session:
        rtype = session.registry.record_type("contacts")
        assert "word" not in str(service.history(session, rtype, anna)[0].fields)
        listed = service.list_records(session, rtype, Query(expand=("profile",)))
        assert "otherword" not in str(listed.items)
    for do in (
        lambda: fields.names(("custom.word", "eq", "otherword"), by=me),
        lambda: fields.names(sort=("custom.word",), by=me),
        lambda: fields.change("contacts", anna, {"custom": {"word": "x"}}, me),
        lambda: fields.get("contacts", anna, me, fields=("custom.word",)),
        lambda: figures(fields, me, "custom.word", "count"),
    ):
        with pytest.raises(Invalid):
            do()
    assert fields.make("contacts", {"given": "Boris"}, me)  # and is not asked of him


def figures(fields: Fields, by: Any, group: str, measure: str) -> Any:
    with fields.site.read(by) as session:
        rtype = session.registry.record_type("contacts")
        return service.aggregate(session, rtype, Query(), group, (measure,))


# Sources


def test_a_profile_field_keeps_who_said_what_and_where(fields: Fields) -> None:
    fields.define(key="income", type="money", profile=True)
    fields.define(key="friend", **TYPES["friend"], profile=True)
    me = fields.user("administrator")
    first, second = ({"amount": f"{n}00.00", "currency": "EUR"} for n in (1, 2))
    anna = fields.make("contacts", {"given": "Anna", "custom": {"income": first}}, me)
    app = create_app(fields.site)
    api = with_token(app, fields.site, me)
    body = {"custom": {"income": second}}
    address = f"/api/v1/contacts/{anna}"
    assert api.patch(address, json=body, headers={"If-Match": '"1"'}).status_code == 200
    shown = api.get(f"{address}?expand=profile").json["profile"]["income"]
    assert [(each["value"], each["source"], each["who"]) for each in shown] == [
        (second, "api", me.name),
        (first, "form", me.name),
    ]
    assert shown[0]["at"] >= shown[1]["at"]
    assert "profile" not in api.get(address).json
    fields.change("contacts", anna, {"custom": {"friend": str(anna)}})
    page = signed_in(app, fields.site, me).get(f"/contacts/{anna}").text
    assert "€200.00" in page
    assert "API" in page
    assert "€100.00" in page


# API


def test_the_api_has_values_conditions_figures_and_the_description(fields: Fields) -> None:
    for key in ("level", "budget", "likes", "weight"):
        fields.define(key=key, **TYPES[key], **({"required": True} if key == "level" else {}))
    api = with_token(create_app(fields.site), fields.site, fields.user("administrator"))
    for given, place in (("Small", 0), ("Large", 1)):
        custom = {key: VALUES[key][place] for key in ("level", "budget", "likes", "weight")}
        answer = api.post("/api/v1/contacts", json={"given": given, "custom": custom})
        assert (answer.status_code, answer.json.get("custom")) == (201, custom), answer.json
    for query, wanted in (
        ("custom.level[ge]=10", ["Large"]),
        ("sort=-custom.level", ["Large", "Small"]),
        ("custom.budget[lt]=100%20EUR", ["Small"]),
        ("custom.likes=Срібло", ["Large"]),
        ("custom.weight[le]=9.5&fields=given,custom.level", ["Small"]),
    ):
        items = api.get(f"/api/v1/contacts?{query}").json["items"]
        assert [each["given"] for each in items] == wanted, query
    assert items[0]["custom"] == {"level": 9}
    row = api.get("/api/v1/contacts/aggregate?measures=sum:custom.budget:EUR").json["items"][0]
    assert row == {"sum:custom.budget:EUR": "123456789112.24"}
    for body, path in (
        ({"given": "X"}, "custom.level"),
        ({"custom": {"level": "x"}}, "custom.level"),
        ({"custom": {"level": 1, "likes": ["none"]}}, "custom.likes.0"),
    ):
        answer = api.post("/api/v1/contacts", json=body)
        assert (answer.status_code, list(answer.json["errors"])) == (422, [path])
    assert api.get("/api/v1/contacts?custom.likes=nothing").status_code == 422
    document = api.get("/api/openapi.json").json
    custom = document["components"]["schemas"]["ContactsCreate"]["properties"]["custom"]
    assert custom["properties"]["likes"]["items"]["enum"] == ["gold", "Срібло"]
    assert custom["required"] == ["level"]
    names = {
        each.get("name") for each in document["paths"]["/api/v1/contacts"]["get"]["parameters"]
    }
    assert {"custom.level", "custom.budget", "custom.likes"} <= names
    listed = api.get("/api/v1/fields?type=contacts").json["items"]
    level = next(each for each in listed if each["name"] == "custom.level")
    assert (level["custom"], level["required"], level["type"]) == (True, True, "integer")
    assert api.get("/api/v1/fields?type=nothing").status_code == 404
    assert api.get("/api/v1/fields").status_code == 422


# Import and export


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".json"])
def test_what_is_exported_can_be_imported_again(
    typed: Fields, new_site: Any, tmp_path: Path, suffix: str
) -> None:
    file = tmp_path / f"people{suffix}"
    chosen = Query(filter={"field": "given", "op": "in", "value": ["Small", "Large"]})
    export_file(typed.site, system("test"), typed.rtype("contacts"), file, chosen)
    other = Fields(new_site(typed.site.database.dialect))
    for key, data in TYPES.items():
        other.define(key=key, **data)
    run = import_file(other.site, system("cli"), other.rtype("contacts"), file, ImportOptions())
    with other.site.read(system("test")) as session:
        issues = [each for each in issues_of(session, run.id) if each.severity == "refused"]
        page = service.list_records(session, other.rtype("contacts"), Query())
    assert issues == []
    found = {each["given"]: each["custom"] for each in page.items}
    for given, place in (("Small", 0), ("Large", 1)):
        wanted = {key: pair[place] for key, pair in VALUES.items()}
        if suffix != ".json":  # a cell holds one line
            wanted["story"], found[given]["story"] = "", ""
        assert found[given] == wanted


def test_cells_are_read_by_the_type_of_their_field(fields: Fields, tmp_path: Path) -> None:
    for key in ("level", "since", "budget", "likes", "friend"):
        fields.define(key=key, **TYPES[key], **({"profile": True} if key == "level" else {}))
    fields.person("Anna Friend")
    file = tmp_path / "people.csv"
    file.write_text(
        "given;level;custom.since;custom.budget;custom.likes;custom.friend;custom.new\n"
        'Boris;1 000;31.12.1999;"12,50 EUR";Gold, срібло;Anna Friend;x\n'
        "Clara;many;31.12.1999;12;bronze;Nobody;y\n",
        encoding="utf-8",
    )
    names = ["custom.since", "custom.budget", "custom.likes", "custom.friend", "custom.new"]
    mapping = {"given": "given", "level": "custom.level"} | {each: each for each in names}
    options = ImportOptions(mapping=mapping)
    run = import_file(fields.site, system("cli"), fields.rtype("contacts"), file, options)
    with fields.site.read(system("test")) as session:
        page = service.list_records(session, fields.rtype("contacts"), Query(expand=("profile",)))
        issues = list(issues_of(session, run.id))
    found = {each["given"]: each for each in page.items}
    boris = found["Boris"]["custom"]
    assert boris.pop("friend")["name"] == "Anna Friend"
    assert boris == {
        "level": 1000,
        "since": "1999-12-31",
        "budget": {"amount": "12.50", "currency": "EUR"},
        "likes": ["gold", "Срібло"],
        "new": "x",
    }
    assert found["Boris"]["profile"]["level"][0]["source"] == f"import:{run.id}"
    assert found["Clara"]["custom"] == {"since": "1999-12-31", "new": "y"}
    reported = {each.column for each in issues if each.row == 2 and each.severity != "refused"}
    assert reported >= {"level", "custom.budget", "custom.likes", "custom.friend"}


# Records of plugins, and activities


def test_records_of_other_types_have_fields_too(fields: Fields) -> None:
    fields.define("activity", key="result", type="choice", options=CHOICES, required=True)
    data = {"kind": "note", "subject": "S"}
    with pytest.raises(Invalid):
        fields.make("activities", data)
    one = fields.make("activities", {**data, "custom": {"result": "gold"}})
    assert fields.get("activities", one)["custom"] == {"result": "gold"}
    anna = fields.person("Anna")
    assert fields.get("contacts", anna)["custom"] == {}
    fields.define(key="task", **TYPES["task"])
    fields.change("contacts", anna, {"custom": {"task": str(one)}})
    assert fields.get("contacts", anna)["custom"]["task"] == {"id": str(one), "name": "S"}
    assert fields.names(sort=("custom.task",)) == ["Anna"]


# Pages


def test_pages_make_a_field_and_show_it_in_form_list_and_filter(fields: Fields) -> None:
    app = create_app(fields.site)
    admin = signed_in(app, fields.site, fields.user("administrator"))
    assert "Add a field" in admin.get("/admin/fields").text
    made = {"label": "VIP level", "type": "number", "places": "0", "in_list": "true"}
    made |= {"roles": "client", "section": "Trust"}
    answer = admin.post("/admin/fields/party/new", data=made)
    assert answer.status_code == 303, answer.text
    anna = fields.person("Anna", vip_level=3)
    assert "custom.vip_level" not in admin.get(f"/contacts/{anna}/edit").text.split("<form")[-1]
    fields.change("contacts", anna, {"roles": [{"role": "client"}]})
    form = admin.get(f"/contacts/{anna}/edit").text
    assert 'name="custom.vip_level"' in form
    page = admin.get(f"/contacts/{anna}").text
    assert "Trust" in page
    assert "VIP level" in page
    listed = admin.get("/contacts?custom.vip_level[ge]=3&sort=-custom.vip_level").text
    assert "VIP level from 3" in listed
    assert "Anna" in listed
    assert "Anna" not in admin.get("/contacts?custom.vip_level[ge]=4").text
    with_more = {"label": "VIP", "type": "text"}
    assert admin.post("/admin/fields/party/vip_level", data=with_more).status_code == 303
    assert fields.get("contacts", anna)["custom"] == {"vip_level": "3"}
    assert admin.post("/admin/fields/party/vip_level/archive").status_code == 303
    assert "VIP" not in admin.get(f"/contacts/{anna}").text
    assert admin.post("/admin/fields/party/vip_level/restore").status_code == 303
    asked = admin.get("/admin/fields/party/vip_level/delete").text
    assert "1 record loses its value" in asked
    wrong = admin.post("/admin/fields/party/vip_level/delete", data={"typed": "no"})
    assert wrong.status_code == 422
    right = admin.post("/admin/fields/party/vip_level/delete", data={"typed": "vip_level"})
    assert right.status_code == 303
    assert fields.get("contacts", anna)["custom"] == {}


def test_a_change_of_type_that_loses_values_is_asked_for_first(fields: Fields) -> None:
    fields.define(key="level", type="text")
    fields.person("Anna", level="high")
    admin = signed_in(create_app(fields.site), fields.site, fields.user("administrator"))
    sent = {"label": "Level", "type": "number"}
    answer = admin.post("/admin/fields/party/level", data=sent)
    assert answer.status_code == 422
    assert "1 of 1 values do not fit the new type." in answer.text
    assert (
        admin.post("/admin/fields/party/level", data={**sent, "confirmed": "true"}).status_code
        == 303
    )


@pytest.mark.parametrize("role", ["head", "manager", "auditor"])
def test_only_administrators_come_to_the_fields(fields: Fields, role: str) -> None:
    client = signed_in(create_app(fields.site), fields.site, fields.user(role))
    for address in ("/admin/fields", "/admin/fields/party/new"):
        assert client.get(address).status_code == 403
    sent = {"label": "X", "type": "text"}
    assert client.post("/admin/fields/party/new", data=sent).status_code == 403


def test_the_json_of_an_export_is_whole(typed: Fields, tmp_path: Path) -> None:
    file = tmp_path / "all.json"
    export_file(typed.site, system("test"), typed.rtype("contacts"), file, Query(), columns=None)
    rows = json.loads(file.read_text(encoding="utf-8"))
    large = next(each for each in rows if each["given"] == "Large")
    assert large["custom"] == {key: pair[1] for key, pair in VALUES.items()}
