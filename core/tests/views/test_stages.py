"""Stages of roles: settable everywhere, dated, sorted by their order, readable from the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kontora import clock
from kontora.access.principal import system
from kontora.errors import Conflict, Invalid
from kontora.lifecycle.site import Site
from kontora.parties import stage_admin, stages
from kontora.records import past, reports, service
from kontora.records.service import Query
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in, with_token
from kontora_sdk.testing.people import make_user

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(here: Site) -> Site:
    return here


def rtype(site: Site) -> Any:
    return site.registry.record_type("counterparties")


def make(site: Site, name: str, **data: Any) -> UUID:
    with site.write(system("test")) as session:
        given = {"display_name": name, "roles": [{"role": "client"}], **data}
        return service.create_record(session, rtype(site), given).id


def change(site: Site, party: UUID, **data: Any) -> None:
    with site.write(system("test")) as session:
        service.change_record(session, rtype(site), party, data)


def shown(site: Site, party: UUID) -> dict[str, Any]:
    with site.read(system("test")) as session:
        return service.get_record(session, rtype(site), party)


def test_a_stage_is_set_in_the_role_or_at_a_glance_and_is_dated(site: Site) -> None:
    with clock.frozen(START):
        party = make(site, "Firm", roles=[{"role": "client", "stage": "client_new"}])
        record = shown(site, party)
        assert record["stage"] == "client_new"
        assert record["roles"][0]["stage_since"] == "2026-03-01"
    with clock.frozen(START + timedelta(days=10)):
        change(site, party, stage="client_buys")
        record = shown(site, party)
        assert (record["stage"], record["roles"][0]["stage"]) == ("client_buys", "client_buys")
        assert record["roles"][0]["stage_since"] == "2026-03-11"
    with clock.frozen(START + timedelta(days=20)):
        change(site, party, roles=[{"role": "client", "class": "A"}])  # says nothing of the stage
        record = shown(site, party)
        assert record["stage"] == "client_buys" and record["roles"][0]["class"] == "A"
        assert record["roles"][0]["stage_since"] == "2026-03-11"
    with clock.frozen(START + timedelta(days=30)), site.read(system("test")) as session:
        first, second = stages.spans(session, rtype(site), party)
        assert (first.stage, first.end, str(first.begin)) == ("client_buys", None, "2026-03-11")
        assert (second.stage, str(second.begin)) == ("client_new", "2026-03-01")
        assert second.end == START + timedelta(days=10)
        day = (START + timedelta(days=5)).date()
        assert past.record_on(session, rtype(site), party, day)[0]["stage"] == "client_new"
    change(site, party, stage=None)
    assert shown(site, party)["stage"] is None


def test_a_stage_of_another_role_is_refused(site: Site) -> None:
    with pytest.raises(Invalid):
        make(site, "Wrong", roles=[{"role": "client", "stage": "partner_active"}])
    with pytest.raises(Invalid):
        make(site, "Unknown", roles=[{"role": "client", "stage": "nothing"}])
    party = make(site, "Client")
    with pytest.raises(Invalid):
        change(site, party, stage="partner_active")
    assert shown(site, party)["stage"] is None


def test_a_role_that_has_ended_lends_no_stage(site: Site) -> None:
    ended = [{"role": "client", "stage": "client_lost", "to": "2020-01-01"}]
    assert shown(site, make(site, "Ended", roles=ended))["stage"] is None


def test_the_night_ends_the_stage_of_a_role_that_has_ended(site: Site) -> None:
    with clock.frozen(START):
        role = {"role": "client", "stage": "client_buys", "to": "2026-03-01"}
        party = make(site, "Tonight", roles=[role])
        assert shown(site, party)["stage"] == "client_buys"
    with clock.frozen(START + timedelta(days=1)):
        with site.write(system("test")) as session:
            assert stages.refresh_due(session) >= 1
        assert shown(site, party)["stage"] is None


def test_lists_filter_by_stage_and_sort_by_its_order(site: Site) -> None:
    tag = ["sorted"]
    keys = ("client_lost", "client_new", "client_buys")
    for key in keys:
        make(site, key, tags=tag, roles=[{"role": "client", "stage": key}])
    make(site, "none", tags=tag)
    mine = {"field": "tags", "op": "eq", "value": "sorted"}
    with site.read(system("test")) as session:

        def names(*sort: str, **leaf: Any) -> list[str]:
            tree = {"and": [mine, *([leaf] if leaf else [])]}
            query = Query(filter=tree, sort=sort, limit=2)
            found: list[str] = []
            while True:
                page = service.list_records(session, rtype(site), query)
                found += [each["display_name"] for each in page.items]
                if page.next is None:
                    return found
                query = Query(filter=tree, sort=sort, limit=2, cursor=page.next)

        assert names("stage") == ["client_new", "client_buys", "client_lost", "none"]
        assert names("-stage") == ["client_lost", "client_buys", "client_new", "none"]
        assert names(field="stage", op="in", value=["client_new"]) == ["client_new"]
        assert names(field="roles.stage", op="eq", value="client_lost") == ["client_lost"]
        rows = service.aggregate(session, rtype(site), Query(filter=mine), "stage")
        assert {row["group"]: row["count"] for row in rows}["client_buys"] == 1


def test_the_report_counts_by_role_and_stage(site: Site) -> None:
    make(site, "Partner", roles=[{"role": "partner", "stage": "partner_active"}])
    with site.read(system("test")) as session:
        rows = reports.run(session, "counterparties-by-stage", {})["rows"]
    assert ["Partner", "Works with us", "won", 1] in rows


def test_no_report_counts_a_role_that_begins_later(site: Site) -> None:
    def rows(name: str) -> list[object]:
        with site.read(system("test")) as session:
            return list(reports.run(session, name, {})["rows"])

    before = {name: rows(name) for name in ("parties-by-role", "counterparties-by-stage")}
    make(site, "Later", roles=[{"role": "investor", "from": "2999-01-01"}])
    assert {name: rows(name) for name in before} == before


def test_words_that_stood_in_the_status_stay_choices(site: Site) -> None:
    party = make(site, "Status", roles=[{"role": "client", "status": "paused"}])
    assert shown(site, party)["roles"][0]["status"] == "paused"
    with pytest.raises(Invalid):
        make(site, "Free text", roles=[{"role": "client", "status": "on the moon"}])


def test_an_administrator_adds_orders_retires_and_replaces(site: Site) -> None:
    with site.write(system("test")) as session:
        row = stage_admin.create(session, "dealer", {"name": "Pilot", "state": "open"})
        other = stage_admin.create(session, "dealer", {"name": "Пилот два"})
        assert (row.key, other.key) == ("dealer_pilot", "dealer_1")
    first = make(site, "A", tags=["adm"], roles=[{"role": "dealer", "stage": "dealer_pilot"}])
    second = make(site, "B", tags=["adm"], roles=[{"role": "dealer", "stage": "dealer_1"}])
    mine = Query(filter={"field": "tags", "op": "eq", "value": "adm"}, sort=("stage",))
    with site.write(system("test")) as session:
        assert service.matching(session, rtype(site), mine) == [first, second]
        stage_admin.move(session, stage_admin.find(session, "dealer_1"), -1)
        assert service.matching(session, rtype(site), mine) == [second, first]
        stage_admin.retire(session, stage_admin.find(session, "dealer_pilot"))
    with pytest.raises(Invalid):
        make(site, "C", roles=[{"role": "dealer", "stage": "dealer_pilot"}])
    change(site, first, notes="still there")
    assert shown(site, first)["stage"] == "dealer_pilot"
    with site.write(system("test")) as session:
        row = stage_admin.find(session, "dealer_pilot")
        with pytest.raises(Conflict):
            stage_admin.remove(session, row)
        with pytest.raises(Invalid):
            stage_admin.remove(session, row, "client_new")
        assert stage_admin.remove(session, row, "dealer_1") == 1
    assert shown(site, first)["stage"] == "dealer_1"
    with site.read(system("test")) as session:
        (entry, *_rest) = service.history(session, rtype(site), first)
        assert "roles" in [name for name, *_more in entry.fields]


def test_the_page_of_stages_works_and_needs_the_right(site: Site) -> None:
    app = create_app(site)
    admin = signed_in(app, site, make_user(site, "administrator"))
    assert signed_in(app, site, make_user(site, "head")).get("/admin/stages").status_code == 403
    assert "Works with us" in admin.get("/admin/stages").text
    data = {"role": "agent", "name": "Trial", "state": "open"}
    assert admin.post("/admin/stages", data=data).status_code == 303
    assert "agent_trial" in admin.get("/admin/stages").text
    assert admin.post("/admin/stages", data={**data, "name": ""}).status_code == 422
    admin.post("/admin/stages/agent_trial", data={"name": "Tried", "state": "won"})
    assert "Tried" in admin.get("/admin/stages").text
    for verb in ("up", "down", "retire", "restore", "delete"):
        assert admin.post(f"/admin/stages/agent_trial/{verb}").status_code == 303
    admin.get("/admin/stages")  # shows, and so forgets, the undo that was offered
    assert "agent_trial" not in admin.get("/admin/stages").text
    make(site, "Shown in the list", roles=[{"role": "client", "stage": "client_new"}])
    both = make(site, "Panel", roles=[{"role": "client", "stage": "client_new"}])
    change(site, both, stage="client_lost")
    panel = admin.get(f"/counterparties/{both}/panels/core.stages").text
    assert "Lost" in panel and "New" in panel
    for address in ("", "/edit", "/history"):
        assert "Client" in admin.get(f"/counterparties/{both}{address}").text
    page = admin.get("/counterparties?roles.stage[eq]=client_new&sort=stage")
    assert page.status_code == 200 and "Client: New" in page.text


def test_the_history_of_stages_by_api(kontora_site: Site) -> None:
    manager, other = make_user(kontora_site, "manager"), make_user(kontora_site, "manager")
    app = create_app(kontora_site)
    api = with_token(app, kontora_site, manager)
    role = {"role": "client", "stage": "client_new"}
    body = {"family": "Staged", "roles": [role]}
    one = api.post("/api/v1/contacts", json=body).json["id"]
    address = f"/api/v1/contacts/{one}"
    change = {"roles": [role | {"stage": "client_talks"}]}
    assert api.patch(address, json=change, headers={"If-Match": "*"}).status_code == 200
    items = api.get(f"{address}/stages").json["items"]
    assert {each["stage"] for each in items} == {"client_new", "client_talks"}
    now = next(each for each in items if each["to"] is None)
    assert (now["role"], now["stage"], now["name"]) == ("client", "client_talks", "In talks")
    assert with_token(app, kontora_site, other).get(f"{address}/stages").status_code == 404
