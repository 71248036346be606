"""What administrators do on their pages, and what they are kept from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from web_pages import words

from kontora.access.models import User
from kontora.access.principal import system
from kontora.lifecycle import roles, site_settings
from kontora.lifecycle.site import Site
from kontora.webhooks import endpoints

Clients = Callable[..., Any]


def held(site: Site, key: str) -> roles.RoleContent:
    with site.read(system("test")) as session:
        return roles.content(session, key)


def form_of(content: roles.RoleContent, **more: Any) -> dict[str, Any]:
    """What the page of a role sends when nothing was touched."""
    sent: dict[str, Any] = {f"grant:{e}:{v}": scope for (e, v), scope in content.grants.items()}
    for number, ((entity, name), access) in enumerate(content.rules.items()):
        sent |= {f"rules.{number}.field": f"{entity}:{name}", f"rules.{number}.access": access}
    return {**sent, "permission": sorted(content.permissions), **more}


def test_saving_an_untouched_role_changes_nothing(kontora_site: Site, as_role: Clients) -> None:
    client = as_role("administrator")
    for key in ("administrator", "manager", "auditor"):
        before = held(kontora_site, key)
        assert client.post(f"/admin/roles/{key}", data=form_of(before)).status_code == 303
        assert held(kontora_site, key) == before


def test_a_grant_and_a_field_rule_are_saved_and_logged(
    kontora_site: Site, as_role: Clients
) -> None:
    client = as_role("administrator")
    more = {"rules.9.field": "party:birth_date", "rules.9.access": "hidden"}
    sent = form_of(held(kontora_site, "manager"), **{"grant:person:import": "branch"}, **more)
    assert client.post("/admin/roles/manager", data=sent).status_code == 303
    found = held(kontora_site, "manager")
    assert found.grants["person", "import"] == "branch"
    assert found.rules == {("party", "birth_date"): "hidden"}
    log = words(client.get("/admin/audit?entity=role").text)
    assert "changed Role: Manager" in log
    assert "People: import" in log
    assert "hidden" in log


def test_a_role_is_copied_renamed_and_deleted(kontora_site: Site, as_role: Clients) -> None:
    client = as_role("administrator")
    answer = client.post("/admin/roles", data={"name": "Trainee", "copy_of": "assistant"})
    assert answer.headers["Location"] == "/admin/roles/trainee"
    assert held(kontora_site, "trainee") == held(kontora_site, "assistant")
    sent = form_of(held(kontora_site, "trainee"), name="Apprentice")
    client.post("/admin/roles/trainee", data=sent)
    assert "Apprentice" in client.get("/admin/roles").text
    again = client.post("/admin/roles", data={"name": "Apprentice"})
    assert again.status_code == 422
    assert client.post("/admin/roles/trainee/delete").status_code == 303
    assert client.get("/admin/roles/trainee").status_code == 404
    assert client.post("/admin/roles/manager/delete").status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"grant:person:view": "galaxy"},
        {"permission": "admin.everything"},
        {"rules.0.field": "party:nothing", "rules.0.access": "hidden"},
    ],
)
def test_unknown_words_are_refused(kontora_site: Site, as_role: Clients, wrong: Any) -> None:
    before = held(kontora_site, "manager")
    assert as_role("administrator").post("/admin/roles/manager", data=wrong).status_code == 422
    assert held(kontora_site, "manager") == before


def test_the_last_administrator_stays(kontora_site: Site, as_role: Clients) -> None:
    client = as_role("administrator")
    me = client.principal.user_id
    before = held(kontora_site, "administrator")
    assert client.post(f"/admin/users/{me}/state", data={"state": "disabled"}).status_code == 409
    sent = {"name": "Me", "email": client.principal.email, "roles": ["manager"]}
    assert client.post(f"/admin/users/{me}", data=sent).status_code == 409
    less = form_of(before)
    less["permission"] = [each for each in less["permission"] if each != "admin.roles"]
    assert client.post("/admin/roles/administrator", data=less).status_code == 409
    assert held(kontora_site, "administrator") == before
    assert client.get("/admin/users").status_code == 200
    as_role("administrator")
    assert client.post(f"/admin/users/{me}", data=sent).status_code == 303
    assert client.get("/admin/users").status_code == 403


def test_a_user_is_added_with_a_password_shown_once(as_role: Clients, kontora_app: Any) -> None:
    client = as_role("administrator")
    sent = {"name": "Olena", "email": "Olena@Example.org", "roles": ["manager"]}
    answer = client.post("/admin/users/new", data=sent)
    assert answer.status_code == 200
    password = answer.text.partition('<code class="k-code">')[2].partition("<")[0]
    assert len(password) >= 12
    kontora_app.config["WTF_CSRF_ENABLED"] = False
    visitor = kontora_app.test_client()
    data = {"email": "olena@example.org", "password": password}
    assert visitor.post("/sign-in", data=data).status_code == 303
    assert client.post("/admin/users/new", data=sent).status_code == 422
    assert password not in client.get("/admin/users?q=olena").text


def test_settings_are_checked_kept_and_shown(kontora_site: Site, as_role: Clients) -> None:
    client = as_role("administrator")
    bad = {"company.name": "Bruma", "company.region": "Narnia"}
    assert client.post("/admin/settings", data=bad).status_code == 422
    good = {"company.name": "Bruma Ltd", "company.region": "UA"}
    assert client.post("/admin/settings", data=good).status_code == 303
    with kontora_site.read(system("test")) as session:
        assert site_settings.values(session)["company.region"] == "UA"
    assert "Bruma Ltd" in words(client.get("/").text)
    assert "Company name" in words(client.get("/admin/audit?entity=setting").text)


def test_branches_cannot_hang_below_themselves(records: Any, as_role: Clients) -> None:
    client = as_role("administrator")
    west = records.make("branches", {"name": "West"})
    lviv = records.make("branches", {"name": "Lviv", "parent": str(west)})
    sent = {"name": "West", "parent": str(lviv)}
    assert client.post(f"/admin/branches/{west}", data=sent).status_code == 422
    assert client.post(f"/admin/branches/{west}/delete").status_code == 409
    assert client.post(f"/admin/branches/{lviv}/delete").status_code == 303
    assert client.get(f"/admin/branches/{lviv}").status_code == 404


def test_the_bin_gives_back(records: Any, as_role: Clients) -> None:
    client = as_role("administrator")
    ids = [records.make("contacts", {"family": f"Gone{number}"}) for number in range(3)]
    for each in ids:
        client.post(f"/contacts/{each}/delete")
    shown = words(client.get("/bin?type=contacts").text)
    assert all(f"Gone{number}" in shown for number in range(3))
    back = client.post("/bin/restore", data={"type": "contacts", "ids": [str(ids[0])]})
    assert back.status_code == 303
    assert client.get(f"/contacts/{ids[0]}").status_code == 200
    client.post("/bin/restore", data={"type": "contacts", "all": "1"})
    assert "The bin is empty" in words(client.get("/bin?type=contacts").text)


def test_search_finds_all_types_and_counts(records: Any, as_role: Clients) -> None:
    client = as_role("administrator")
    for number in range(7):
        records.make("contacts", {"family": f"Lisova{number}"})
    records.make("counterparties", {"display_name": "Lisova Buro"})
    page = client.get("/search?q=lisov").text
    shown = words(page)
    assert "Contacts 7" in shown
    assert "Counterparties 1" in shown
    assert 'href="/contacts?q=lisov"' in page
    assert "Nothing found" in words(client.get("/search?q=zzzzzz").text)
    found = client.get("/search?q=lisov", headers={"Accept": "application/json"}).get_json()
    assert {"id", "label", "hint", "url", "type"} == set(found[0])


def test_reports_are_for_those_who_may(records: Any, as_role: Clients) -> None:
    client = as_role("administrator")
    roles_held = [{"role": "client", "from": "2020-01-01"}]
    records.make("counterparties", {"display_name": "=1+1", "roles": roles_held})
    assert "Client" in words(client.get("/reports/parties-by-role").text)
    answer = client.get("/reports/parties-by-role?format=csv")
    assert answer.mimetype == "text/csv"
    assert "Client" in answer.text
    unknown, assistant = client.get("/reports/no-such"), as_role("assistant")
    refused = assistant.get("/reports/parties-by-role")
    assert unknown.status_code == refused.status_code == 404
    assert "Parties by role" not in assistant.get("/reports").text


def test_a_job_that_gave_up_is_started_again(kontora_site: Site, as_role: Clients) -> None:
    from sqlalchemy import update

    from kontora.work import jobs

    client = as_role("administrator")
    with kontora_site.database.write_engine.begin() as connection:
        job = jobs.enqueue(connection, "core.refresh_reach")
        connection.execute(
            update(jobs.JOB).values(state="dead", error="ValueError: no", attempts=5)
        )
    assert "Given up" in words(client.get("/admin/health/jobs?state=dead").text)
    assert client.post(f"/admin/health/jobs/{job}/retry").status_code == 303
    assert client.post(f"/admin/health/jobs/{job}/retry").status_code == 409
    assert client.post(f"/admin/health/jobs/{job}/cancel").status_code == 303
    assert client.post("/admin/health/jobs/999/cancel").status_code == 404


def test_my_profile_takes_no_right_on_users(kontora_site: Site, as_role: Clients) -> None:
    client = as_role("assistant")
    sent = {"name": "Maria S", "locale": "uk", "timezone": "Europe/Kyiv"}
    assert client.post("/profile", data=sent).status_code == 303
    assert '<html lang="uk" data-zone="Europe/Kyiv"' in client.get("/profile").text
    for wrong in ({"timezone": "Mars/Base"}, {"locale": "xx"}, {"name": ""}):
        assert client.post("/profile", data={**sent, **wrong}).status_code == 422
    client.post("/profile", data={**sent, "roles": "administrator", "state": "x", "email": "a@b.c"})
    assert client.get("/admin/users").status_code == 403


def test_a_token_is_shown_once_and_keeps_to_its_scope(as_role: Clients, kontora_app: Any) -> None:
    client = as_role("manager")
    sent = {"name": "Export", "scope": "read", "life": "30"}
    page = client.post("/profile/tokens", data=sent).text
    token = page.partition('<code class="k-code">')[2].partition("<")[0]
    assert token.startswith("kontora_")
    assert token not in client.get("/profile/tokens").text
    program = kontora_app.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    assert program.get("/api/v1/contacts", headers=headers).status_code == 200
    made = program.post("/api/v1/contacts", headers=headers, json={"family": "No"})
    assert made.status_code == 403
    assert client.post("/profile/tokens", data={**sent, "scope": "all"}).status_code == 422


def test_a_plugin_is_switched_on_and_off(kontora_site: Site, as_role: Clients) -> None:
    client = as_role("administrator")
    assert "Not enabled" in words(client.get("/admin/plugins/hello").text)
    assert client.post("/admin/plugins/hello/enable").status_code == 303
    page = words(client.get("/admin/plugins").text)
    assert "changes with the next processes" in page
    fresh = Site(kontora_site.settings)
    assert fresh.manager.is_active("hello")
    fresh.close()
    client.post("/admin/plugins/hello/disable")
    fresh = Site(kontora_site.settings)
    assert not fresh.manager.is_active("hello")
    fresh.close()
    log = words(client.get("/admin/audit?entity=plugin").text)
    assert "switched on Plugin: hello" in log
    assert "switched off Plugin: hello" in log
    assert client.post("/admin/plugins/no-such/enable").status_code == 404


def test_the_audit_log_is_for_those_who_may_and_hides_what_they_may_not_see(
    kontora_site: Site, as_role: Clients, records: Any, user_factory: Clients
) -> None:
    from dataclasses import replace

    from kontora.access.rights import Scope
    from kontora.errors import Forbidden
    from kontora.records import audit

    person = records.make("contacts", {"family": "Hidden"})
    records.change("contacts", person, {"family": "Petrenko"})
    for role in ("manager", "assistant", "head"):
        assert as_role(role).get("/admin/audit").status_code == 403
    assert "Petrenko" in as_role("auditor").get("/admin/audit").text
    reader = user_factory("manager")
    with kontora_site.read(reader) as session, pytest.raises(Forbidden):
        audit.entries(session, audit.AuditFilter())
    rights = replace(reader.rights, permissions=frozenset({"admin.audit"}))
    assert rights.scope("person", "view") is Scope.TEAM
    with kontora_site.read(replace(reader, rights=rights)) as session:
        found = audit.entries(session, audit.AuditFilter(entity="party"))
    assert [(each.verb, each.visible, each.fields) for each in found] == [
        ("change", False, []),
        ("create", False, []),
    ]


def test_an_export_is_told_in_words(as_role: Clients, records: Any) -> None:
    client = as_role("administrator")
    for family in ("Petrova", "Petrenko", "Koval"):
        records.make("contacts", {"family": family})
    assert "Petrova" in client.get("/contacts/export?format=csv&family[contains]=petr").text
    for wrong in ("nothing=1", "sort=nothing", "family[odd]=1", "format=odd"):
        assert client.get(f"/contacts/export?{wrong}").status_code == 422, wrong
    told = words(client.get("/admin/audit?verb=export").text)
    assert "exported Contacts : 2 records" in told.replace("Contacts:", "Contacts :")
    assert "contains “petr”" in told
    assert "CSV" in told


@pytest.mark.parametrize("before", ["²", "٣", "-1", "9" * 30, "9" * 5000, "x"])
def test_a_place_in_a_list_that_cannot_be_is_its_beginning(
    kontora_site: Site, as_role: Clients, before: str
) -> None:
    client = as_role("administrator")
    with kontora_site.write(system("test")) as session:
        owner = str(session.execute(select(User.id).limit(1)).scalar_one())
        data = {"url": "https://example.org/", "events": ["contacts.created"], "owner": owner}
        made, _secret = endpoints.create(session, {**data, "active": True})
    lists = ("audit", "audit/sign-ins", "health/jobs", f"webhooks/{made}", f"users/{owner}/reading")
    for path in (*(f"/admin/{each}" for each in lists), "/notices"):
        answer = client.get(path, query_string={"before": before})
        assert answer.status_code == 200, path


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000])
def test_a_number_that_no_row_has_leads_nowhere(
    records: Any, as_role: Clients, number: str
) -> None:
    client = as_role("administrator")
    person = records.make("contacts", {"family": "Weber"})
    assert client.get(f"/bulk/{number}").status_code == 404
    for path in (
        f"/admin/health/jobs/{number}/retry",
        f"/notices/{number}/read",
        f"/profile/devices/{number}/revoke",
        f"/contacts/{person}/history/{number}/restore",
    ):
        assert client.post(path).status_code == 404, path
