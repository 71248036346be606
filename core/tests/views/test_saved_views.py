"""Saved views: who sees them, what they show, what happens when a field is gone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from kontora.access.models import FieldRule
from kontora.access.principal import Principal, system
from kontora.errors import Forbidden, Invalid, NotFound, Stale
from kontora.lifecycle.site import Site
from kontora.records import reports, service, views
from kontora.records.custom import define
from kontora.records.service import Query
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in, with_token
from kontora_sdk.testing.people import make_party, make_user

ANNA = {"field": "family", "op": "eq", "value": "Anna"}


@pytest.fixture(scope="module")
def site(here: Site) -> Site:
    return here


def save(site: Site, by: Principal, **data: Any) -> views.View:
    state = data.pop("state", {"filter": ANNA})
    with site.write(by) as session:
        given = {"name": "Annas", "state": state, **data}
        return views.create(session, data.pop("path", "contacts"), given)


def names(site: Site, by: Principal) -> set[str]:
    with site.read(by) as session:
        return {each.name for each in views.listing(session, "contacts")}


def test_a_view_is_seen_by_its_owner_a_role_or_everybody(site: Site) -> None:
    head, manager, assistant = (make_user(site, r) for r in ("head", "manager", "assistant"))
    save(site, head, name="Mine")
    save(site, head, name="All", audience="everyone")
    save(site, head, name="Managers", audience="role", role="manager")
    assert {"Mine", "All", "Managers"} <= names(site, head)
    assert names(site, manager) & {"Mine", "All", "Managers"} == {"All", "Managers"}
    assert names(site, assistant) & {"Mine", "All", "Managers"} == {"All"}
    with pytest.raises(Forbidden):
        save(site, manager, audience="everyone")
    with pytest.raises(Invalid):
        save(site, head, audience="role", role="nobody")
    private = save(site, head, name="Secret")
    with site.read(manager) as session, pytest.raises(NotFound):
        views.find(session, private.key)


def test_a_view_of_a_list_that_one_may_not_see_is_not_told_of(site: Site) -> None:
    """Its name and its conditions speak of records of that type."""
    head, manager = make_user(site, "head"), make_user(site, "manager")
    view = save(site, head, name="Told", audience="everyone")
    blind = replace(manager, rights=replace(manager.rights, grants={}))
    assert "Told" in names(site, manager) and "Told" not in names(site, blind)
    with site.read(blind) as session:
        for given in (view.key, view.id):
            with pytest.raises(NotFound):
                views.find(session, given)
        assert views.listing(session) == []


def test_only_its_owner_changes_it_and_stale_versions_are_refused(site: Site) -> None:
    head, manager = make_user(site, "head"), make_user(site, "manager")
    view = save(site, head, audience="everyone")
    with site.write(manager) as session, pytest.raises(Forbidden):
        views.change(session, views.find(session, view.key), {"name": "Other"})
    with site.write(head) as session:
        changed = views.change(session, view, {"name": "Other"})
        assert (changed.name, changed.key, changed.version) == ("Other", view.key, 2)
        with pytest.raises(Stale):
            views.change(session, view, {"name": "Again"}, 1)
        views.remove(session, changed)
        with pytest.raises(NotFound):
            views.find(session, view.key)
        back = views.restore(session, views.find(session, view.key, deleted=True))
        assert back.name == "Other"


def test_what_the_list_refuses_is_not_saved(site: Site) -> None:
    head = make_user(site, "head")
    for state in (
        {"filter": {"field": "nothing", "op": "eq", "value": "1"}},
        {"filter": {"field": "family", "op": "gt", "value": "1"}},
        {"sort": ["nothing"]},
        {"columns": ["nothing"]},
    ):
        with pytest.raises(Invalid):
            save(site, head, state=state)
    with pytest.raises(Invalid):
        save(site, head, name="  ")


def test_a_view_narrows_lists_figures_and_reports(site: Site) -> None:
    head = make_user(site, "head")
    anna = make_party(site, head, {"family": "Anna", "roles": [{"role": "dealer"}]})
    make_party(site, head, {"family": "Boris", "roles": [{"role": "dealer"}]})
    view = save(site, head, state={"filter": ANNA, "sort": ["-family"]})
    with site.read(head) as session:
        contacts = session.registry.record_type("contacts")
        query = views.applied(session, contacts, view.key, Query())
        assert query.sort == ("-family",)
        assert service.matching(session, contacts, query) == [anna]
        found = reports.run(session, "parties-by-role", {"view": view.key})
        assert found["rows"] == [["Dealer", 1]]
        with pytest.raises(NotFound):
            reports.run(session, "parties-by-role", {"view": "0123456789"})
    words = save(site, head, state={"q": "anna"})
    with site.read(head) as session:
        assert reports.run(session, "parties-by-role", {"view": words.key})["rows"] == [
            ["Dealer", 1]
        ]


def test_a_condition_that_cannot_be_applied_shows_nothing_but_the_reason(site: Site) -> None:
    head, assistant = make_user(site, "head"), make_user(site, "assistant")
    with site.write(define.elevated(system("test"))) as session:
        define.create(session, "party", {"label": "Level", "key": "lvl", "type": "integer"})
    party = make_party(site, head, {"family": "Level", "custom": {"lvl": 1}})
    leaf = {"field": "custom.lvl", "op": "eq", "value": 1}
    tree = {"and": [{"field": "family", "op": "eq", "value": "Level"}, leaf]}
    state = {"filter": tree, "columns": ["display_name", "custom.lvl"]}
    view = save(site, head, state=state, audience="everyone")
    page = signed_in(create_app(site), site, head).get(f"/contacts?view={view.key}")
    assert page.status_code == 200 and str(party) in page.text
    with site.write(define.elevated(system("test"))) as session:
        define.archive(session, define.find(session, "party", "lvl"))
    with site.read(head) as session:
        contacts = session.registry.record_type("contacts")
        (problem,) = views.problems(session, contacts, view.state["filter"])
        assert (problem.index, problem.field) == (1, "custom.lvl")
        with pytest.raises(Invalid):
            views.applied(session, contacts, view.key, Query())
    client = signed_in(create_app(site), site, head)
    page = client.get(f"/contacts?view={view.key}")
    assert page.status_code == 422 and str(party) not in page.text
    assert "Open without this condition" in page.text
    page = client.get(f"/contacts?view={view.key}&without=1")
    assert page.status_code == 200 and str(party) in page.text
    api = with_token(create_app(site), site, head)
    assert api.get(f"/api/v1/contacts?view={view.key}").status_code == 422
    assert assistant is not None


def test_a_view_over_a_hidden_field_shows_nothing_to_whom_it_is_hidden(site: Site) -> None:
    head, auditor = make_user(site, "head"), make_user(site, "auditor")
    view = save(
        site,
        head,
        state={"filter": {"field": "birth_date", "op": "eq", "value": "1990-01-01"}},
        audience="everyone",
    )
    with site.write(system("test")) as session:
        rule = FieldRule(role_key="auditor", entity="party", field="birth_date", access="hidden")
        session.add(rule)
    auditor = make_user(site, "auditor")
    page = signed_in(create_app(site), site, auditor).get(f"/contacts?view={view.key}")
    assert page.status_code == 422 and "Open without this condition" in page.text


def test_trees_are_pruned_by_the_places_of_their_conditions() -> None:
    tree = {"or": [ANNA, {"not": {"field": "a"}}, {"and": [{"field": "b"}, {"field": "c"}]}]}
    assert [each["field"] for each in views.leaves(tree)] == ["family", "a", "b", "c"]
    assert views.without(tree, [1, 2]) == {"or": [ANNA, {"and": [{"field": "c"}]}]}
    assert views.without(tree, [0, 1, 2, 3]) is None
    assert views.without(tree, []) == tree


def test_the_page_saves_changes_resets_and_opens_first(site: Site) -> None:
    head = make_user(site, "head")
    client = signed_in(create_app(site), site, head)
    state = {"family[eq]": "Anna", "sort": "-family", "shown": "display_name,owner"}
    answer = client.post("/contacts/views", data={"name": "Annas", **state, "first": "true"})
    url = answer.headers["Location"]
    assert answer.status_code == 303 and url.startswith("/contacts?view=")
    key = url.partition("view=")[2]
    assert client.get("/contacts").headers["Location"] == url
    page = client.get(url).text
    assert "Annas" in page and "changed, not saved" not in page
    assert "/contacts?view=all" in page
    assert client.get("/contacts?view=all").status_code == 200
    edited = f"/contacts?family[eq]=Boris&view={key}&edited=1"
    assert "Reset to the saved state" in client.get(edited).text
    data = {"family[eq]": "Boris", "view": key, "edited": "1", "action": "save"}
    assert client.post(f"/contacts/views/{key}", data=data).headers["Location"] == url
    with site.read(head) as session:
        view = views.find(session, key)
        assert view.state["filter"] == {"and": [{**ANNA, "value": "Boris"}]}
    client.post(f"/contacts/views/{key}", data={"name": "Borises"})
    assert "Borises" in client.get(url).text
    client.post(f"/contacts/views/{key}/delete")
    assert client.get(url).status_code == 404
    assert client.get("/contacts").status_code == 200
    client.post(f"/contacts/views/{key}/restore")
    assert client.get(url).status_code == 200
    client.post(f"/contacts/views/{key}/first?off=1")
    assert client.get("/contacts").status_code == 200


def test_a_view_that_is_more_than_chips_keeps_its_conditions_while_it_is_changed(
    site: Site,
) -> None:
    head = make_user(site, "head")
    anna = make_party(site, head, {"family": "Ortree", "given": "A"})
    make_party(site, head, {"family": "Elsewhere", "given": "A"})
    tree = {"or": [{"field": "family", "op": "eq", "value": "Ortree"}, ANNA]}
    view = save(site, head, state={"filter": tree})
    client = signed_in(create_app(site), site, head)
    page = client.get(f"/contacts?view={view.key}").text
    assert str(anna) in page and "Family name is Ortree or" in page
    edited = {"given[eq]": "A", "filter": json.dumps(tree), "view": view.key, "edited": "1"}
    page = client.get("/contacts", query_string=edited).text
    assert str(anna) in page and "Elsewhere" not in page and "Family name is Ortree or" in page
    page = client.get(f"/contacts?given[eq]=A&view={view.key}&edited=1").text
    assert "Elsewhere" in page
    file = client.get(f"/contacts/export?view={view.key}&format=csv").text
    assert "Ortree" in file and "Elsewhere" not in file


def test_an_administrator_sets_the_first_view_of_a_role(site: Site) -> None:
    admin, head, auditor = (make_user(site, r) for r in ("administrator", "head", "auditor"))
    view = save(site, admin, audience="role", role="auditor")
    with site.write(admin) as session:
        with pytest.raises(NotFound):
            views.set_default(session, "counterparties", view)  # it lists something else
        views.set_default(session, "contacts", view, "auditor")
        with pytest.raises(Invalid):
            views.set_default(session, "contacts", view, "head")
    with site.read(auditor) as session:
        found = views.default_of(session, "contacts")
        assert found is not None and found.id == view.id
    with site.read(head) as session:
        assert views.default_of(session, "contacts") is None
    with site.write(head) as session, pytest.raises(Forbidden):
        views.set_default(session, "contacts", view, "head")


def test_the_api_makes_reads_changes_and_deletes(site: Site) -> None:
    api = with_token(create_app(site), site, make_user(site, "manager"))
    data = {"type": "contacts", "name": "Api", "filter": ANNA, "sort": ["family"]}
    made = api.post("/api/v1/views", json=data)
    assert made.status_code == 201, made.json
    one = f"/api/v1/views/{made.json['id']}"
    assert api.get(one).json == made.json
    assert made.json["key"] in [
        e["key"] for e in api.get("/api/v1/views?type=contacts").json["items"]
    ]
    assert api.patch(one, json={"name": "New"}).status_code == 428
    assert api.patch(one, json={"name": "N"}, headers={"If-Match": '"9"'}).status_code == 412
    changed = api.patch(one, json={"q": "x"}, headers={"If-Match": made.headers["ETag"]})
    assert changed.json["q"] == "x" and changed.json["filter"] == ANNA
    assert api.delete(one, headers={"If-Match": changed.headers["ETag"]}).status_code == 204
    assert api.get(one).status_code == 404
    assert api.post(f"{one}/restore").status_code == 200
    assert api.post("/api/v1/views", json={**data, "type": "no"}).status_code == 404
    assert api.get(f"/api/v1/activities?view={made.json['key']}").status_code == 422
