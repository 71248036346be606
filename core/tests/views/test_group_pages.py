"""Groups in the browser and by the API: panel, members, bulk work with undo, import."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kontora.access.principal import Principal
from kontora.lifecycle.site import Site
from kontora.parties import groups
from kontora.records import service
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in, with_token
from kontora_sdk.testing.people import make_party, make_user


@pytest.fixture
def manager(kontora_site: Site) -> Principal:
    return make_user(kontora_site, "manager")


@pytest.fixture
def client(kontora_site: Site, manager: Principal) -> Any:
    return signed_in(create_app(kontora_site), kontora_site, manager)


@pytest.fixture
def group(kontora_site: Site, manager: Principal) -> Any:
    with kontora_site.write(manager) as session:
        rtype = session.registry.record_type("groups")
        return service.create_record(session, rtype, {"name": "Guests"}).id


def members(site: Site, manager: Principal, group: Any) -> set[Any]:
    with site.read(manager) as session:
        return {party.id for _period, party in groups.members(session, group)}


def test_the_panel_of_a_party_adds_and_takes_out(
    kontora_site: Site, client: Any, manager: Principal, group: Any
) -> None:
    party = make_party(kontora_site, manager, {"family": "Anna"})
    base = f"/contacts/{party}"
    assert "Add to a group" in client.get(f"{base}/panels/core.groups").text
    assert client.post(f"{base}/groups", data={"add": str(group)}).status_code == 303
    assert members(kontora_site, manager, group) == {party}
    assert "Guests" in client.get(f"{base}/panels/core.groups").text
    for address in (base, f"{base}/edit", "/contacts"):
        assert client.get(address).status_code == 200, address
    assert "Guests" in client.get(base).text
    page = client.get(f"/groups/{group}/members")
    assert page.status_code == 200 and "Anna" in page.text
    assert "Anna" in client.get(f"/groups/{group}/panels/core.members").text
    assert "Anna" not in client.get(f"/groups/{group}/members?as_of=2020-01-01").text
    client.post(f"{base}/groups", data={"remove": str(group)})
    assert members(kontora_site, manager, group) == set()


def test_a_selection_goes_into_a_group_and_the_undo_takes_only_those_out_again(
    kontora_site: Site, client: Any, manager: Principal, group: Any
) -> None:
    ids = [make_party(kontora_site, manager, {"family": f"N{n}"}) for n in range(3)]
    with kontora_site.write(manager) as session:
        groups.add(session, group, ids[:1])
    data = {"action": "group_add", "group_add": str(group), "all": "1"}
    assert client.post("/contacts/bulk", data=data).status_code == 303
    assert members(kontora_site, manager, group) == set(ids)
    page = client.get("/contacts").text
    path = re.search(r"/contacts/undo/[\w-]+", page)
    assert path is not None
    client.post(path[0])
    assert members(kontora_site, manager, group) == set(ids[:1])
    data = {"action": "group_remove", "group_remove": str(group), "ids": str(ids[0])}
    client.post("/contacts/bulk", data=data)
    assert members(kontora_site, manager, group) == set()


def test_the_api_adds_removes_and_answers_for_a_past_day(
    kontora_site: Site, manager: Principal, group: Any
) -> None:
    api = with_token(create_app(kontora_site), kontora_site, manager)
    party = str(make_party(kontora_site, manager, {"family": "Anna"}))
    base = f"/api/v1/groups/{group}/members"
    assert api.post(base, json={"add": [party]}).json == {"added": [party], "removed": []}
    page = api.get(f"{base}?total=1").json
    assert [each["display_name"] for each in page["items"]] == ["Anna"] and page["total"] == 1
    assert api.get(f"{base}?as_of=2020-01-01").json["items"] == []
    assert api.get(f"{base}?as_of=nonsense").status_code == 422
    listed = api.get(f"/api/v1/contacts?group[in]={group}").json["items"]
    assert [each["id"] for each in listed] == [party]
    assert listed[0]["groups"] == [{"id": str(group), "name": "Guests"}]
    assert api.post(base, json={"remove": [party]}).json == {"added": [], "removed": [party]}
    assert api.post(base, json={"add": ["x"]}).status_code == 422
