"""T-02: every route of the API × role × {own, team, foreign, deleted, absent …}.

The routes come from the application itself, the expected status from the rule in
`small_company`, and no answer may hold a word of a record that the role may not see.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from small_company import ROLES, Company, Item, build

from kontora.ids import new_id
from kontora.lifecycle.site import Site
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
}
NEW: dict[str, dict[str, Any]] = {
    "contacts": {"family": "New"},
    "counterparties": {"display_name": "New"},
    "activities": {"kind": "note", "subject": "New"},
    "branches": {"name": "New"},
    "teams": {"name": "New"},
    "users": {"name": "New"},
}
STALE = {"If-Match": '"0"'}
ABSENT = Item(path="", entity="", place="absent", owner=None, branch=None, id=new_id())


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def company(request: pytest.FixtureRequest, new_site: Callable[[str], Site]) -> Company:
    """A company of its own, because the cells create and restore."""
    return build(new_site(request.param))


@pytest.fixture(scope="module")
def app(company: Company) -> Flask:
    return create_app(company.site)


def routes(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Method, record type and kind of each route below /api/v1."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/"):
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
    restoring = rest.endswith("/restore")
    if item is ABSENT or not company.may(role, "view", item) or (item.deleted and not restoring):
        return 404
    if method == "GET":
        return 200
    verb = "edit" if method == "PATCH" or rest == "bulk" else "delete"
    if not company.may(role, verb, item):
        return 403
    if restoring:
        return 200 if item.deleted else 409
    return 412


def send(client: ProgramClient, method: str, path: str, rest: str, item: Item) -> Any:
    base = f"/api/v1/{path}"
    if rest == "bulk":
        change = {"op": "change", "id": str(item.id), "version": 999, "data": CHANGES[path]}
        return client.post(f"{base}/bulk", json={"operations": [change]})
    address = f"{base}/{item.id}" + rest.partition(">")[2]
    body = {"json": CHANGES[path]} if method == "PATCH" else {}
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
    client = with_token(app, company.site, company.principal(role))
    seen, wrong = words(company, role), []
    for method, path, rest, item in chosen(company, cells(app, company, role)):
        if item is None:
            continue
        answer = send(client, method, path, rest, item)
        status = answer.json["results"][0]["status"] if rest == "bulk" else answer.status_code
        found = leaks(answer, seen)
        if status != expected(company, role, method, rest, item) or found:
            wrong.append((method, path, rest, item.place, status, found))
        if status == 200 and rest.endswith("/restore"):
            client.delete(f"/api/v1/{path}/{item.id}", headers={"If-Match": "*"})
    assert wrong == []


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
        elif method == "POST":
            answers = [client.post(base, json=NEW[path])]
            may = role == "administrator" or (path in list(NEW)[:3] and role != "auditor")
            allowed = {201} if may else {403}
        else:
            queries = LISTS if path in NEW and not rest else ("",)
            answers = [client.get(base + query) for query in queries]
            allowed = {200}
        for answer in answers:
            if answer.status_code not in allowed or leaks(answer, seen):
                wrong.append((method, base, answer.status_code, answer.json))
    assert wrong == []


def test_lists_hold_exactly_what_may_be_seen(company: Company, app: Flask) -> None:
    for role in ROLES:
        client = with_token(app, company.site, company.principal(role))
        for path in ("contacts", "counterparties", "activities"):
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
    }
