"""Parity: every record type, of core or of a plugin, can do the same. The types come from the
registry, so that a new one is asked without being told."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from kontora.access.principal import Principal, system
from kontora.lifecycle.site import Site
from kontora.records import past, service, views
from kontora.records.custom import define
from kontora.records.files import service as files
from kontora.records.files.store import Store
from kontora.registry.records import RecordType
from kontora.web.records.panels import panels_of

pytestmark = pytest.mark.kontora_plugins("hello")
User = Callable[..., Principal]
FIRST: dict[str, Any] = {"activities": {"kind": "note"}, "users": {}}


def made(site: Site, by: Principal, rtype: RecordType, title: str) -> UUID:
    with site.write(by) as session:
        data = {rtype.title: title, **FIRST.get(rtype.path, {})}
        return service.create_record(session, rtype, data).id


def own_types(site: Site) -> list[RecordType]:
    """The record types whose records belong to somebody: all but those of our own company."""
    return [each for each in site.registry.record_types.values() if each.has_bin and _owned(each)]


def _owned(rtype: RecordType) -> bool:
    return rtype.model.__guard__.mode == "record"


@pytest.fixture
def head(kontora_site: Site, user_factory: User) -> Principal:
    return user_factory("head")


def test_the_plugins_type_is_among_them(kontora_site: Site) -> None:
    paths = {each.path for each in own_types(kontora_site)}
    assert {"contacts", "counterparties", "activities", "groups", "hello/greetings"} <= paths


def test_lists_search_look_ups_and_history(kontora_site: Site, as_role: Any, head: Any) -> None:
    client = as_role(head)
    for rtype in own_types(kontora_site):
        record = made(kontora_site, head, rtype, "Zanzibar")
        base = f"/{rtype.path}/{record}"
        for address in (
            f"/{rtype.path}?q=zanzibar",
            f"/{rtype.path}?{rtype.title}[contains]=zanzi&sort={rtype.title}",
            base,
            f"{base}/edit",
            f"{base}/history",
        ):
            page = client.get(address)
            assert page.status_code == 200 and "Zanzibar" in page.text, (address, page.status_code)
        found = client.get(f"/lookup/{rtype.entity}?q=zanzib").json
        assert "Zanzibar" in [each["label"] for each in found], rtype.path
        assert "Zanzibar" in client.get("/search?q=zanzibar").text, rtype.path
        stranger = as_role("manager")
        assert stranger.get(f"/lookup/{rtype.entity}?q=zanzib").json == [], rtype.path
        assert stranger.get(base).status_code == 404


def test_the_timeline_and_its_composer(kontora_site: Site, as_role: Any, head: Any) -> None:
    client = as_role(head)
    for rtype in own_types(kontora_site):
        if rtype.entity == "activity":
            continue
        record = made(kontora_site, head, rtype, "Timed")
        base = f"/{rtype.path}/{record}"
        page = client.get(base).text
        assert "Greeting card" in page and "data-composer" in page, rtype.path
        data = {"kind": "hello.card", "subject": "A card for them", "done": "true", "body": ""}
        assert client.post(f"{base}/activities", data=data).status_code == 303, rtype.path
        assert "A card for them" in client.get(base).text, rtype.path
        later = {"kind": "call", "subject": "Call them", "due_at": "2999-01-01T10:00"}
        assert client.post(f"{base}/activities", data=later).status_code == 303
        assert "Call them" in client.get(base).text, rtype.path


def test_every_panel_answers_for_its_records_and_nobody_else(
    kontora_site: Site, as_role: Any, head: Principal
) -> None:
    client, stranger = as_role(head), as_role("manager")
    for rtype in own_types(kontora_site):
        record = made(kontora_site, head, rtype, "Panelled")
        base = f"/{rtype.path}/{record}"
        page = client.get(base).text
        with kontora_site.read(head) as session:
            kind = service.get_record(session, rtype, record).get("kind")
            offered = [each.id for each in panels_of(session, rtype, kind)]
        assert "core.files" in offered, rtype.path
        for panel in offered:
            assert f"{base}/panels/{panel}" in page, (rtype.path, panel)
            answer = client.get(f"{base}/panels/{panel}")
            assert answer.status_code == 200, (rtype.path, panel)
            assert "could not be shown" not in answer.text, (rtype.path, panel)
            assert stranger.get(f"{base}/panels/{panel}").status_code == 404
        assert client.get(f"{base}/panels/no.such").status_code == 404
        back = list(reversed(offered))  # and each user has his own order on pages of this type
        client.post(f"/{rtype.path}/panels", data={"panels": back})
        page = client.get(base).text
        places = [page.index(f"{base}/panels/{panel}") for panel in back]
        assert places == sorted(places), rtype.path


def test_who_sees_the_record_sees_its_activities_and_nobody_else(
    kontora_site: Site, user_factory: User, as_role: Any
) -> None:
    owner, stranger = user_factory("manager"), user_factory("manager")
    client = as_role(owner)
    activities = kontora_site.registry.record_type("activities")
    for rtype in own_types(kontora_site):
        if rtype.entity == "activity":
            continue
        record = made(kontora_site, owner, rtype, "Seen")
        head_made = {"kind": "note", "subject": f"By another {rtype.slug}", "owner": None}
        link = (
            {"parties": [str(record)]}
            if rtype.entity == "party"
            else {"records": [{"type": rtype.entity, "id": str(record)}]}
        )
        with kontora_site.write(system("test")) as session:
            note = service.create_record(session, activities, {**head_made, **link}).id
        assert head_made["subject"] in client.get(f"/{rtype.path}/{record}").text, rtype.path
        with kontora_site.read(stranger) as session:
            assert not service.may(session, activities, note, "view")
            leaf = {"field": "records.id", "op": "eq", "value": str(record)}
            assert service.matching(session, activities, service.Query(filter=leaf)) == []


def test_a_link_to_a_record_that_one_may_not_see_is_not_there(
    kontora_site: Site, user_factory: User
) -> None:
    owner, stranger = user_factory("manager"), user_factory("manager")
    greetings = kontora_site.registry.record_type("hello/greetings")
    activities = kontora_site.registry.record_type("activities")
    secret = made(kontora_site, owner, greetings, "Secret")
    about = [{"type": "hello.greeting", "id": str(secret)}]
    data = {"kind": "note", "subject": "Both", "records": about, "owner": str(stranger.user_id)}
    with kontora_site.write(system("test")) as session:
        note = service.create_record(session, activities, data).id
    leaf = {"field": "records.id", "op": "eq", "value": str(secret)}
    with kontora_site.read(stranger) as session:
        shown = service.get_record(session, activities, note)
        assert shown["subject"] == "Both" and shown["records"] == []
        assert service.matching(session, activities, service.Query(filter=leaf)) == []
    with kontora_site.write(stranger) as session:  # and saving the rest does not take it away
        service.change_record(session, activities, note, {"records": [], "body": "x"})
    with kontora_site.read(owner) as session:
        assert service.get_record(session, activities, note)["records"][0]["id"]["name"] == "Secret"


def test_a_record_is_found_by_whom_it_is_for_only_by_those_who_see_both(
    kontora_site: Site, user_factory: User
) -> None:
    """T-04: the name of another record is not among the words of this one."""
    owner, stranger = user_factory("manager"), user_factory("manager")
    greetings = kontora_site.registry.record_type("hello/greetings")
    contacts = kontora_site.registry.record_type("contacts")
    anna = made(kontora_site, owner, contacts, "Quillfeather")
    data = {"subject": "A card", "party": str(anna), "owner": str(stranger.user_id)}
    with kontora_site.write(system("test")) as session:
        card = service.create_record(session, greetings, data).id

    def finds(who: Principal, q: str) -> bool:
        with kontora_site.read(who) as session:
            return card in service.matching(session, greetings, service.Query(q=q))

    assert finds(system("test"), "quillfea")
    assert not finds(stranger, "quillfeather")
    assert finds(stranger, "card")
    with kontora_site.write(owner) as session:  # a new name is found at once, the old one no more
        service.change_record(session, contacts, anna, {"display_name": "Featherquill"})
    assert finds(system("test"), "featherquill")
    assert not finds(system("test"), "quillfeather")


def test_a_new_name_is_shown_wherever_the_record_is_named(
    kontora_site: Site, as_role: Any, head: Principal
) -> None:
    client = as_role("administrator")
    for rtype in own_types(kontora_site):
        if rtype.entity == "activity":
            continue
        key = f"link_{rtype.slug}"[:40]
        record = made(kontora_site, head, rtype, "Before")
        with kontora_site.write(define.elevated(system("test"))) as session:
            field = {"label": f"Link {rtype.slug}", "key": key, "type": "reference"}
            define.create(session, "party", {**field, "target": rtype.entity})
        contacts = kontora_site.registry.record_type("contacts")
        with kontora_site.write(system("test")) as session:
            data = {"family": "Linked", "custom": {key: str(record)}}
            holder = service.create_record(session, contacts, data).id
        with kontora_site.write(head) as session:
            change = {rtype.title: "Renamed now"}
            if rtype.path == "contacts":
                change = {"given": "Renamed", "family": "now", "display_name": "Renamed now"}
            service.change_record(session, rtype, record, change)
        client.post(f"/{rtype.path}/{record}/activities", data={"kind": "note", "body": "b"})
        for address in (
            f"/contacts/{holder}",
            "/activities",
            f"/admin/audit?entity={rtype.entity}",
        ):
            page = client.get(address)
            named = "Renamed now" in page.text
            shown = named or (address == "/activities" and rtype.entity != "party")
            assert page.status_code == 200 and shown, (rtype.path, address)


def test_bulk_work_bin_undo_files_export_and_views(
    kontora_site: Site, as_role: Any, head: Principal
) -> None:
    client = as_role(head)
    for rtype in own_types(kontora_site):
        one, two = (made(kontora_site, head, rtype, f"Bulk {n}") for n in ("one", "two"))
        export = client.get(f"/{rtype.path}/export?format=csv&q=bulk").text
        assert "Bulk one" in export and "Bulk two" in export, rtype.path
        data = {"action": "delete", "ids": [str(one), str(two)]}
        assert client.post(f"/{rtype.path}/bulk", data=data).status_code == 303
        page = client.get(f"/bin?type={rtype.path}").text
        assert "Bulk one" in page, rtype.path
        undo = re.search(rf"/{rtype.path}/undo/[\w-]+", page)
        assert undo is not None, rtype.path
        client.post(undo[0])
        assert client.get(f"/{rtype.path}/{one}").status_code == 200, rtype.path
        with kontora_site.write(head) as session:
            kept = Store(kontora_site.settings.home).keep(io.BytesIO(b"hello\n"), 1_000)
            files.add(session, rtype.entity, one, "note.txt", kept)
        assert "note.txt" in client.get(f"/{rtype.path}/{one}/panels/core.files").text, rtype.path
        with kontora_site.write(head) as session:
            state = {"filter": {"field": rtype.title, "op": "starts", "value": "Bulk"}}
            view = views.create(session, rtype.path, {"name": "Bulks", "state": state})
        assert "Bulk one" in client.get(f"/{rtype.path}?view={view.key}").text, rtype.path


def test_the_past_and_fields_of_administrators(kontora_site: Site, head: Principal) -> None:
    for rtype in own_types(kontora_site):
        record = made(kontora_site, head, rtype, "Past")
        with kontora_site.write(define.elevated(system("test"))) as session:
            key = f"own_{rtype.slug}"[:40]
            define.create(session, rtype.entity, {"label": key, "key": key, "type": "text"})
        with kontora_site.write(head) as session:
            service.change_record(session, rtype, record, {"custom": {key: "mine"}})
            shown = service.get_record(session, rtype, record)
            assert shown["custom"][key] == "mine", rtype.path
            leaf = {"field": f"custom.{key}", "op": "eq", "value": "mine"}
            found = service.matching(session, rtype, service.Query(filter=leaf))
            assert found == [record], rtype.path
            today = past.today(session)
            assert past.record_on(session, rtype, record, today)[0]["id"] == str(record)


def test_a_plugins_kind_of_activity_is_in_the_api_and_filters(
    kontora_site: Site, api_as: Any, as_role: Any, head: Principal
) -> None:
    api = api_as(head)
    made = api.post("/api/v1/activities", json={"kind": "hello.card", "subject": "By API"})
    assert made.status_code == 201 and made.json["kind"] == "hello.card"
    found = api.get("/api/v1/activities?kind[eq]=hello.card").json["items"]
    assert [each["subject"] for each in found] == ["By API"]
    page = as_role(head).get("/activities?kind[eq]=hello.card").text
    assert "Greeting card" in page
    rows = api.get("/api/v1/reports/activities-by-user").json["rows"]
    assert "Greeting card" in [row[1] for row in rows]
    assert api.post("/api/v1/activities", json={"kind": "hello.no"}).status_code == 422
