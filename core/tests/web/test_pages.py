"""Every page, for every role: it answers, keeps the content policy, and speaks to people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from web_pages import INLINE, words

from kontora.access.shipped import ROLE_LABELS

pytestmark = pytest.mark.parametrize("kontora_engine", ["sqlite"], indirect=True)
SAFE = {"GET", "HEAD", "OPTIONS"}


def addresses(app: Flask, ids: dict[str, UUID], methods: set[str]) -> Iterator[tuple[str, str]]:
    """All addresses of pages, with real records in the place of ids."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(("/api/", "/static/")) or rule.rule in ("/healthz", "/metrics"):
            continue
        for method in sorted((rule.methods or set()) & methods):
            for path, record_id in ids.items():
                address = rule.rule.replace("<rtype:rtype>", path)
                address = address.replace("<uuid:record_id>", str(record_id))
                address = re.sub(r"<(?:\w+:)?entity>", "party", address)
                address = re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", address)
                address = re.sub(r"<int:\w+>", "1", address)
                address = re.sub(r"<uuid:\w+>", str(record_id), address)
                yield method, re.sub(r"<(?:\w+:)?\w+>", "x", address)


@pytest.fixture
def ids(records: Any) -> dict[str, UUID]:
    firm = {"display_name": "Bruma", "roles": [{"role": "client", "from": "2020-01-01"}]}
    found = {"counterparties": records.make("counterparties", firm)}
    work = {"organisation": str(found["counterparties"]), "title": "Director"}
    person = {"family": "Petrova", "birth_date": "1987-05-14", "affiliations": [work]}
    found["contacts"] = records.make("contacts", {**person, "email": "anna@example.org"})
    call = {"kind": "call", "due_at": "2020-01-01T10:00:00Z", "parties": [str(found["contacts"])]}
    found["activities"] = records.make("activities", call)
    found["branches"] = records.make("branches", {"name": "South"})
    found["teams"] = records.make("teams", {"name": "Blue"})
    found["users"] = records.make("users", {"name": "Pavel", "roles": ["manager"]})
    return found


@pytest.mark.parametrize("role", [*ROLE_LABELS, ""])
def test_no_page_fails(
    kontora_app: Flask, as_role: Callable[..., Any], ids: dict[str, UUID], role: str
) -> None:
    client = as_role(role)
    failed = []
    for _method, address in dict.fromkeys(addresses(kontora_app, ids, {"GET"})):
        answer = client.get(address)
        page = answer.text if answer.mimetype == "text/html" else ""
        if answer.status_code >= 500 or INLINE.search(page):
            failed.append((address, answer.status_code, INLINE.findall(page)))
    assert failed == []


def test_record_pages_hold_no_ids_codes_or_iso_dates(
    as_role: Callable[..., Any], ids: dict[str, UUID]
) -> None:
    client = as_role("administrator")
    for path, record_id in ids.items():
        for address in (f"/{path}", f"/{path}/{record_id}", f"/{path}/{record_id}/history"):
            text = words(client.get(address).text)
            assert str(record_id) not in text, address
            assert not re.search(r"\bNone\b|\d{4}-\d{2}-\d{2}", text), address
            assert "branch_manager" not in text


def test_every_unsafe_page_wants_the_csrf_token(
    kontora_app: Flask, as_role: Callable[..., Any], ids: dict[str, UUID]
) -> None:
    client = as_role("administrator", csrf=False)
    unsafe = {"POST", "PUT", "PATCH", "DELETE"}
    tried = list(dict.fromkeys(addresses(kontora_app, ids, unsafe)))
    assert len(tried) > 20
    passed = [
        (method, address)
        for method, address in tried
        if client.open(address, method=method).status_code != 400
    ]
    assert passed == []


# Ways in for those who are not in yet; a link to set a password is refused here, without a token.
# What the browser asks before anybody is signed in: the app of the device, the look of the company.
DEVICE = ("/manifest.webmanifest", "/worker.js", "/offline", "/signed-in", "/back")
LOOK = ("/brand/x.css", "/brand/x/logo")
DOORS = ("/sign-in", "/readyz", "/forgotten", "/set-password", *DEVICE, *LOOK)


def test_a_visitor_sees_nothing_but_the_door(kontora_app: Flask, ids: dict[str, UUID]) -> None:
    visitor = kontora_app.test_client()
    opened = []
    for _method, address in dict.fromkeys(addresses(kontora_app, ids, {"GET"})):
        answer = visitor.get(address)
        if answer.status_code not in (302, 401) and address not in DOORS:
            opened.append((address, answer.status_code))
    assert opened == []


def test_a_page_that_is_not_there_helps(as_role: Callable[..., Any]) -> None:
    answer = as_role("manager").get("/nowhere")
    assert answer.status_code == 404
    assert "start page" in answer.text
    assert "<nav" in answer.text
