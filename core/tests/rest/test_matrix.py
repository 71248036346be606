"""T-02: every route of the API × role × {own, team, foreign, deleted, absent …}.

The routes come from the application itself, the expected status from the rule in
`small_company`, and no answer may hold a word of a record that the role may not see.
"""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from small_company import COMPANY, RECORDS, ROLES, Company, Item, build

from kontora.access.principal import system
from kontora.http.policy import policy_of
from kontora.ids import new_id
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.records.files import service as files
from kontora.records.files.store import Store
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import ProgramClient, with_token

SEED = 20261121
CHANGES: dict[str, dict[str, Any]] = {
    "contacts": {"middle": "X"},
    "counterparties": {"notes": "X"},
    "activities": {"body": "X"},
    "branches": {"name": "X"},
    "teams": {"name": "X"},
    "users": {"name": "X"},
    "groups": {"description": "X"},
    "views": {"name": "X"},
}
NEW: dict[str, dict[str, Any]] = {
    "contacts": {"family": "New"},
    "counterparties": {"display_name": "New"},
    "activities": {"kind": "note", "subject": "New"},
    "groups": {"name": "New"},
    "branches": {"name": "New"},
    "teams": {"name": "New"},
    "users": {"name": "New"},
}
STALE = {"If-Match": '"0"'}
ABSENT = Item(path="", entity="", place="absent", owner=None, branch=None, id=new_id())


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def company(request: pytest.FixtureRequest, new_site: Callable[[str], Site]) -> Company:
    """A company of its own, because the cells create and restore; each record has a file."""
    company = build(new_site(request.param))
    with_files(company)
    return company


def with_files(company: Company) -> None:
    """A file for each record that can hold some: seen and changed with the record."""
    store = Store(company.site.settings.home)
    with company.site.write(system("test")) as session:
        for item in [each for each in company.items if each.entity in RECORDS]:
            rtype = company.rtype(item.path)
            if item.deleted:
                service.restore_record(session, rtype, item.id)
            word = f"canary{item.entity}{item.place}".replace(" ", "").replace("_", "")
            kept = store.keep(io.BytesIO(f"{word}\n".encode()), 1_000)
            row = files.add(session, rtype.entity, item.id, f"{word}.txt", kept)
            if item.deleted:
                service.delete_record(session, rtype, item.id)
            company.items.append(replace(item, path="files", id=row.id, listed=()))


@pytest.fixture(scope="module")
def app(company: Company) -> Flask:
    return create_app(company.site)


def of_administration(app: Flask, rule: Any) -> bool:
    """Routes behind a permission name no records: `test_webhooks` has a matrix for them."""
    method = next(iter((rule.methods or {"GET"}) - {"HEAD", "OPTIONS"}))
    demanded = policy_of(app.view_functions[rule.endpoint], method)
    return demanded is not None and demanded.permission is not None


def routes(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Method, record type and kind of each route below /api/v1."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and not of_administration(app, rule):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                path, _slash, rest = rule.rule.removeprefix("/api/v1/").partition("/")
                yield method, path, rest


def cells(app: Flask, company: Company, role: str) -> list[tuple[str, str, str, Item | None]]:
    """Each route with a record in each relation to the role that it can name. What belongs to the
    other roles, who are all of one team, and most users look alike: one of each is enough."""
    alike = {f"own {each}" for each in ROLES if each != role} | {*ROLES, "deep", "colleague"}
    found: list[tuple[str, str, str, Item | None]] = []
    for method, path, rest in routes(app):
        if "record_id" not in rest and rest != "bulk":
            found.append((method, path, rest, None))
            continue
        items = [each for each in company.items if path == each.path and each.place not in alike]
        found += [(method, path, rest, each) for each in (*items, ABSENT)]
    return found


def chosen(company: Company, everything: list[Any]) -> list[Any]:
    """All of them on SQLite, a seeded tenth on PostgreSQL."""
    if company.site.database.dialect == "sqlite":
        return everything
    return random.Random(SEED).sample(everything, len(everything) // 10)


def expected(company: Company, role: str, method: str, rest: str, item: Item) -> int:
    """The status that the rule demands; changes are sent with a version that no record has."""
    if item.path == "files" or rest.endswith("/files"):
        return expected_of_files(company, role, method, rest, item)
    restoring = rest.endswith("/restore")
    if item is ABSENT or not company.may(role, "view", item) or (item.deleted and not restoring):
        return 404
    if method == "GET":
        return 200
    edits = method == "PATCH" or rest == "bulk" or _members(rest) or _consents(rest)
    verb = "edit" if edits else "delete"
    if not company.may(role, verb, item):
        return 403
    if restoring:
        return 200 if item.deleted else 409
    if _consents(rest):
        return 422  # an empty line of the ledger
    return 200 if _members(rest) else 412


def _consents(rest: str) -> bool:
    return rest.endswith("/consents")


def _members(rest: str) -> bool:
    return rest.endswith("/members")


def expected_of_files(company: Company, role: str, method: str, rest: str, item: Item) -> int:
    """Files have the rights of their record: who sees it reads them, who changes it the rest. The
    previews are not made in this test; what is sent is no form."""
    if item.entity in COMPANY or item is ABSENT or item.deleted:
        return 404
    if not company.may(role, "view", item) or "<number>" in rest:
        return 404
    if method == "GET":
        return 200
    if not company.may(role, "edit", item):
        return 403
    if method == "PATCH":
        return 200
    return 409 if rest.endswith("/restore") else 204 if method == "DELETE" else 415


def send(client: ProgramClient, method: str, path: str, rest: str, item: Item) -> Any:
    base = f"/api/v1/{path}"
    if rest == "bulk":
        change = {"op": "change", "id": str(item.id), "version": 999, "data": CHANGES[path]}
        return client.post(f"{base}/bulk", json={"operations": [change]})
    address = f"{base}/{item.id}" + rest.partition(">")[2].replace("<number>", "0")
    word = f"canary{item.entity}{item.place}".replace(" ", "").replace("_", "")
    change = {"name": f"{word}.txt"} if path == "files" else CHANGES[path]
    empty = _members(rest) or _consents(rest)
    body = {"json": change} if method == "PATCH" else {"json": {}} if empty else {}
    return client.open(address, method=method, headers=STALE, **body)


def words(company: Company, role: str) -> set[str]:
    """The words of records that the role may see."""
    return {
        f"canary{each.entity}{each.place}".replace(" ", "").replace("_", "")
        for each in company.items
        if company.may(role, "view", each)
    }


def leaks(answer: Any, seen: set[str]) -> set[str]:
    text = answer.get_data(as_text=True) + str(answer.headers)
    return set(re.findall(r"canary\w+", text)) - seen


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reaches_by_each_route_what_the_rule_says(
    company: Company, app: Flask, role: str
) -> None:
    seen, wrong = words(company, role), []
    for number, (method, path, rest, item) in enumerate(chosen(company, cells(app, company, role))):
        if number % 150 == 0:  # a token may ask only so often in a minute
            client = with_token(app, company.site, company.principal(role))
        if item is None:
            continue
        answer = send(client, method, path, rest, item)
        status = answer.json["results"][0]["status"] if rest == "bulk" else answer.status_code
        found = leaks(answer, seen)
        answer.close()
        if status != expected(company, role, method, rest, item) or found:
            wrong.append((method, path, rest, item.place, status, found))
        if status == 204 and path == "files":
            assert client.post(f"/api/v1/files/{item.id}/restore").status_code == 200
        if status == 200 and rest.endswith("/restore"):
            client.delete(f"/api/v1/{path}/{item.id}", headers={"If-Match": "*"})
    assert wrong == []


NEEDED = {"fields": "?type=contacts", "search": "?q=canary"}
LISTS = ("?total=1&limit=200", "?bin=1&limit=200", "?q=canary", "?sort=-updated_at&expand=")


@pytest.mark.parametrize("role", ROLES)
def test_what_names_no_record_shows_only_what_may_be_seen(
    company: Company, app: Flask, role: str
) -> None:
    client = with_token(app, company.site, company.principal(role))
    seen, wrong = words(company, role), []
    for method, path, rest, item in cells(app, company, role):
        if item is not None:
            continue
        base = f"/api/v1/{path}" + (f"/{rest}" if rest else "")
        if "<report_id>" in base:
            ids = company.site.registry.reports
            answers = [client.get(base.replace("<report_id>", each)) for each in ids]
            allowed = {404} if role == "assistant" else {200}
        elif path == "me" and method == "POST":  # one's own notices
            answers = [client.post(base.replace("<notice_id>", "999"))]
            allowed = {404} if "<notice_id>" in base else {200}
        elif path == "views":  # one's own lists; who sees which: `views/test_saved_views`
            new = {"type": "contacts", "name": "New"}
            answers = [client.open(base, method=method, json=new if method == "POST" else None)]
            allowed = {201 if method == "POST" else 200}
        elif method == "POST":
            answers = [client.post(base, json=NEW[path])]
            may = role == "administrator" or (path in list(NEW)[:4] and role != "auditor")
            allowed = {201} if may else {403}
        else:
            queries = LISTS if path in NEW and not rest else (NEEDED.get(path, ""),)
            answers = [client.get(base + query) for query in queries]
            allowed = {200}
        for answer in answers:
            if answer.status_code not in allowed or leaks(answer, seen):
                wrong.append((method, base, answer.status_code, answer.json))
    assert wrong == []


def test_lists_hold_exactly_what_may_be_seen(company: Company, app: Flask) -> None:
    for role in ROLES:
        client = with_token(app, company.site, company.principal(role))
        for path in ("contacts", "counterparties", "activities", "groups"):
            page = client.get(f"/api/v1/{path}?limit=200&total=1").json
            ids = {UUID(each["id"]) for each in page["items"]}
            ours = {
                each.id
                for each in company.items
                if path in (each.path, *each.listed)
                and not each.deleted
                and company.may(role, "view", each)
            }
            known = {each.id for each in company.items}
            assert ids & known == ours, (role, path)
            assert page["total"] == len(page["items"])


def test_every_route_is_among_the_cells(company: Company, app: Flask) -> None:
    kinds = {rest for _method, _path, rest in routes(app)}
    name = "<record_name:record_id>"
    assert kinds == {
        *("", "bulk", "aggregate", "<report_id>"),
        *(name, f"{name}/restore", f"{name}/history"),
        *(f"{name}/ownership", f"{name}/chart", f"{name}/tree"),
        *("notices", "notices/read", "notices/<notice_id>/read"),
        *(f"{name}/members", f"{name}/consents", f"{name}/stages"),
        *(f"{name}/files", f"{name}/content", f"{name}/pictures/<number>"),
    }
