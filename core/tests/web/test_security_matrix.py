"""T-02 for pages: every route × role, with ids of every kind, on the company of `small_company`.

No page fails, none shows a record that its reader may not see, and an id of such a record is
answered exactly like one that does not exist.
"""

from __future__ import annotations

import difflib
import random
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from security_addresses import UNSAFE, filled, rules
from small_company import ROLES, Company, Item

from kontora.ids import new_id
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in

SEED = 20261121
RECORDS = ("contacts", "counterparties", "activities", "groups")
PLACES = ("team", "foreign", "deleted foreign")
# An export answers with a file and notes itself; the tests of transfer compare its rows.
FILES = "/<rtype:rtype>/export"
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Tokens against forgery are signed with the time.
_TOKEN = re.compile(r"\.?[\w-]{10,}\.[\w-]{5,}\.[\w-]{20,}")


@pytest.fixture(scope="module")
def app(company: Company) -> Flask:
    return create_app(company.site)


def word_of(item: Item) -> str:
    return f"canary{item.entity}{item.place.replace(' ', '')}".replace("_", "")


def unseen(company: Company, role: str) -> set[str]:
    """The words of the records that the role may not see."""
    records = [item for item in company.items if item.path in RECORDS]
    seen = {word_of(item) for item in records if company.may(role, "view", item)}
    return {word_of(item) for item in records} - seen


def chosen(company: Company, path: str) -> list[UUID]:
    """Ids of a type in every relation to the reader, and one that nobody has given."""
    if path not in RECORDS:
        return [next(item.id for item in company.items if item.path == path), new_id()]
    return [*(company.of(path, place).id for place in PLACES), new_id()]


def paths_of(company: Company) -> dict[str, list[Any]]:
    return {path: chosen(company, path) for path in company.site.registry.record_types}


def addresses(app: Flask, company: Company) -> Iterator[str]:
    for rule, _method in rules(app, {"GET"}):
        if rule.rule != FILES:
            for address in filled(rule.rule, paths_of(company)):
                yield address
                if not _ID.search(address):
                    yield f"{address}?q=canary"
    yield from (f"/bin?type={path}" for path in RECORDS)


def share(company: Company, found: list[str]) -> list[str]:
    """All on SQLite, a tenth on PostgreSQL: what differs there is below the pages."""
    if company.site.database.dialect == "sqlite":
        return found
    return random.Random(SEED).sample(found, len(found) // 10)


@pytest.mark.parametrize("role", ROLES)
def test_no_page_fails_or_shows_what_the_role_may_not_see(
    app: Flask, company: Company, role: str
) -> None:
    client = signed_in(app, company.site, company.principal(role))
    forbidden = unseen(company, role)
    pattern = re.compile("|".join(rf"{word}\b" for word in sorted(forbidden)) or "(?!)", re.I)
    wrong = []
    for address in share(company, list(dict.fromkeys(addresses(app, company)))):
        answer = client.get(address)
        leak = pattern.search(answer.text) or pattern.search(str(answer.headers))
        if leak or (answer.status_code >= 500 and address.partition("?")[0] != "/readyz"):
            wrong.append((address, answer.status_code, leak and leak[0]))
    assert wrong == []


@pytest.mark.parametrize("role", ["branch_manager", "manager", "assistant"])
def test_foreign_and_absent_ids_are_answered_alike(app: Flask, company: Company, role: str) -> None:
    client = signed_in(app, company.site, company.principal(role))
    different = []
    for path in RECORDS:
        foreign, absent = company.of(path, "foreign").id, new_id()
        assert not company.may(role, "view", company.of(path, "foreign"))
        for rule, method in rules(app, {"GET", *UNSAFE}):
            if "<rtype:" not in rule.rule and not rule.rule.startswith(f"/{path}"):
                continue
            first = filled(rule.rule, {path: [foreign]})
            second = filled(rule.rule, {path: [absent]})
            for one, other in zip(first, second, strict=True):
                if str(foreign) in one:
                    answers = [client.open(each, method=method) for each in (one, other)]
                    if shape(answers[0], foreign) != shape(answers[1], absent):
                        different.append((method, one, [each.status_code for each in answers]))
    assert different == []


@pytest.mark.parametrize("role", ["branch_manager", "manager", "assistant"])
def test_foreign_ids_in_input_are_refused_like_absent_ones(
    app: Flask, company: Company, role: str
) -> None:
    """Ids in forms: the bin, bulk work, references of a new record."""
    client = signed_in(app, company.site, company.principal(role))
    gone = company.of("contacts", "deleted foreign").id
    firm, person = company.of("counterparties", "foreign").id, company.of("contacts", "foreign").id
    absent = new_id()
    inputs: list[tuple[str, dict[str, str], UUID]] = [
        ("/bin/restore", {"type": "contacts", "ids": "{}"}, gone),
        ("/contacts/bulk", {"action": "delete", "ids": "{}"}, person),
        ("/activities/new", {"kind": "call", "parties.0.party": "{}", "parties": ""}, person),
        (
            "/contacts/new",
            {"family": "New", "affiliations": "", "affiliations.0.organisation": "{}"},
            firm,
        ),
    ]
    for address, data, foreign in inputs:
        answers = []
        for each in (foreign, absent):
            sent = {name: value.format(each) for name, value in data.items()}
            answers.append(shape(client.post(address, data=sent), each))
            client.get("/reports")  # which shows, and so forgets, what was told of it
        assert answers[0] == answers[1], (address, differing(*answers))


def shape(answer: Any, own: UUID) -> tuple[Any, ...]:
    """All of an answer but what differs from request to request, and the id itself."""
    text = _TOKEN.sub("", answer.text.replace(str(own), "ID"))
    headers = {
        name: str(value).replace(str(own), "ID")
        for name, value in answer.headers.items()
        if name not in ("X-Request-ID", "Content-Length", "Set-Cookie", "Date")
    }
    return answer.status_code, text, sorted(headers.items())


def differing(one: tuple[Any, ...], other: tuple[Any, ...]) -> list[str]:
    """The lines in which two answers differ."""
    lines = difflib.unified_diff(one[1].splitlines(), other[1].splitlines(), n=0, lineterm="")
    return [line[:500] for line in lines][2:]


def test_the_net_is_not_torn(app: Flask, company: Company) -> None:
    """A negative control: an administrator sees the very words that the others must not."""
    client = signed_in(app, company.site, company.principal("administrator"))
    words = {word_of(company.of(path, "foreign")) for path in RECORDS}
    text = " ".join(client.get(f"/{path}?q=canary").text for path in RECORDS)
    assert all(re.search(word, text, re.I) for word in words)
    assert words <= unseen(company, "manager")
