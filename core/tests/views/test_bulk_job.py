"""“All that match” of very many records is done by a job, with the rights of who asked."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.parties import groups
from kontora.records import service
from kontora.records.service import Query
from kontora.web.records import bulk
from kontora.work.runner import run_pending
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in
from kontora_sdk.testing.people import make_party, make_user


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "IN_REQUEST", 2)


def matching(site: Site, tree: dict[str, Any]) -> set[UUID]:
    with site.read(system("test")) as session:
        contacts = site.registry.record_type("contacts")
        return set(service.matching(session, contacts, Query(filter=tree)))


def test_a_job_does_what_the_request_would_have_done(kontora_site: Site) -> None:
    manager, other = make_user(kontora_site, "manager"), make_user(kontora_site, "manager")
    client = signed_in(create_app(kontora_site), kontora_site, manager)
    mine = {make_party(kontora_site, manager, {"family": "Same"}) for _number in range(4)}
    foreign = make_party(kontora_site, other, {"family": "Same"})
    data = {"family[eq]": "Same", "all": "1", "action": "tags", "tags": "many"}
    answer = client.post("/contacts/bulk", data=data)
    page = answer.headers["Location"]
    assert answer.status_code == 303 and page.startswith("/bulk/")
    assert "go on" in client.get(page).text or "goes on" in client.get(page).text
    tagged = {"field": "tags", "op": "eq", "value": "many"}
    assert matching(kontora_site, tagged) == set()
    run_pending(kontora_site.work_site())
    assert matching(kontora_site, tagged) == mine
    assert foreign not in matching(kontora_site, tagged)
    assert "Done" in client.get(page).text
    assert signed_in(create_app(kontora_site), kontora_site, other).get(page).status_code == 404
    with kontora_site.write(manager) as session:
        rtype = session.registry.record_type("groups")
        group = service.create_record(session, rtype, {"name": "Many"}).id
    data = {"family[eq]": "Same", "all": "1", "action": "group_add", "group_add": str(group)}
    client.post("/contacts/bulk", data=data)
    client.post("/contacts/bulk", data={"family[eq]": "Same", "all": "1", "action": "delete"})
    run_pending(kontora_site.work_site())
    with kontora_site.read(manager) as session:
        assert len(groups.periods_of(session, next(iter(mine)))) <= 1
    assert matching(kontora_site, {"field": "family", "op": "eq", "value": "Same"}) == {foreign}


def test_few_are_done_at_once_and_can_be_undone(kontora_site: Site) -> None:
    manager = make_user(kontora_site, "manager")
    client = signed_in(create_app(kontora_site), kontora_site, manager)
    make_party(kontora_site, manager, {"family": "Few"})
    answer = client.post("/contacts/bulk", data={"all": "1", "action": "delete"})
    assert answer.headers["Location"] == "/contacts"
    assert "/contacts/undo/" in client.get("/contacts").text


def test_an_unknown_action_is_refused_before_anything_is_queued(kontora_site: Site) -> None:
    manager = make_user(kontora_site, "manager")
    client = signed_in(create_app(kontora_site), kontora_site, manager)
    for _number in range(4):
        make_party(kontora_site, manager, {"family": "Same"})
    data = {"all": "1", "action": "owner", "owner": str(manager.user_id)}
    assert client.post("/contacts/bulk", data=data).status_code == 404
    assert client.get("/bulk/1").status_code == 404


def state_of(site: Site, one: UUID) -> dict[str, Any]:
    with site.read(system("test")) as session:
        rtype = site.registry.record_type("contacts")
        return service.get_record(session, rtype, one, fields=("tags", "state", "middle"))


def test_tags_set_on_few_are_taken_back_where_nobody_worked_since(kontora_site: Site) -> None:
    manager = make_user(kontora_site, "manager")
    client = signed_in(create_app(kontora_site), kontora_site, manager)
    one, other = (make_party(kontora_site, manager, {"family": "F"}) for _number in range(2))
    had = make_party(kontora_site, manager, {"family": "F", "tags": ["old", "new"]})
    data = {"ids": [str(one), str(other)], "action": "tags", "tags": "new"}
    client.post("/contacts/bulk", data=data | {"ids": [str(one), str(had)]})
    page = client.get("/contacts").text
    path = re.search(r"/contacts/undo/[\w-]+", page)
    assert path is not None
    client.post(path[0])
    assert state_of(kontora_site, one)["tags"] == []
    assert sorted(state_of(kontora_site, had)["tags"]) == ["new", "old"]
    client.post("/contacts/bulk", data=data)
    with kontora_site.write(manager) as session:
        rtype = session.registry.record_type("contacts")
        service.change_record(session, rtype, other, {"middle": "Later"})
    path = re.search(r"/contacts/undo/[\w-]+", client.get("/contacts").text)
    assert path is not None
    client.post(path[0])
    told = client.get("/contacts").text
    assert "1 record is as it was." in told and "1 was changed since" in told
    assert state_of(kontora_site, one)["tags"] == []
    assert state_of(kontora_site, other)["tags"] == ["new"]


def test_a_job_is_taken_back_by_a_job_and_only_once(kontora_site: Site) -> None:
    manager, other = make_user(kontora_site, "manager"), make_user(kontora_site, "manager")
    client = signed_in(create_app(kontora_site), kontora_site, manager)
    mine = [make_party(kontora_site, manager, {"family": "Same"}) for _number in range(4)]
    data = {"family[eq]": "Same", "all": "1", "action": "tags", "tags": "many"}
    page = client.post("/contacts/bulk", data=data).headers["Location"]
    assert client.post(f"{page}/undo").status_code == 409
    run_pending(kontora_site.work_site())
    with kontora_site.write(manager) as session:
        rtype = session.registry.record_type("contacts")
        service.change_record(session, rtype, mine[0], {"middle": "Later"})
    assert f"{page}/undo" in client.get(page).text
    stranger = signed_in(create_app(kontora_site), kontora_site, other)
    assert stranger.post(f"{page}/undo").status_code == 404
    second = client.post(f"{page}/undo").headers["Location"]
    run_pending(kontora_site.work_site())
    assert "Changed since" in client.get(second).text
    assert [state_of(kontora_site, each)["tags"] for each in mine] == [["many"], [], [], []]
    assert client.post(f"{page}/undo").status_code == 409
    page = client.post("/contacts/bulk", data=data | {"action": "delete"}).headers["Location"]
    run_pending(kontora_site.work_site())
    client.post(f"{page}/undo")
    run_pending(kontora_site.work_site())
    assert len(matching(kontora_site, {"field": "family", "op": "eq", "value": "Same"})) == 4
