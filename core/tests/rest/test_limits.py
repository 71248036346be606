"""T-12: beyond each limit there is a 4xx that names the limit and what to do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from kontora.lifecycle.site import Site
from kontora.limits import Limits, using
from kontora_sdk.testing.clients import ProgramClient, signed_in
from kontora_sdk.testing.people import make_user

CONTACTS = "/api/v1/contacts"
MEGABYTE = 1024 * 1024
TABLE = Path(__file__).parents[3] / "docs" / "reference" / "limits.md"


def nested(depth: int) -> Any:
    return json.loads("[" * depth + "]" * depth)


def tree(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {"field": "family", "value": "x"}
    for _level in range(depth):
        found = {"not": found}
    return found


def wide(leaves: int) -> dict[str, Any]:
    return {"and": [{"field": "family", "value": str(n)} for n in range(leaves)]}


def ids(count: int) -> str:
    return ",".join("x" for _n in range(count))


def body(data: Any) -> dict[str, Any]:
    return {"method": "POST", "json": data}


INPUTS: list[tuple[str, str, dict[str, Any], int, str]] = [
    # address, request, status, what the answer names
    ("body", CONTACTS, {"method": "POST", "data": b"x" * (10 * MEGABYTE + 1)}, 413, "10 MB"),
    ("depth", CONTACTS, body({"custom": nested(33)}), 422, "32 levels"),
    ("text", CONTACTS, body({"family": "x", "notes": "x" * 65_537}), 422, "65536"),
    ("short text", CONTACTS, body({"family": "x" * 300}), 422, "255"),
    ("rows", CONTACTS, body({"family": "x", "tags": ["x"] * 101}), 422, "100"),
    ("bulk", f"{CONTACTS}/bulk", body({"ids": ["x"] * 201, "delete": True}), 422, "200"),
    ("page", f"{CONTACTS}?limit=201", {}, 422, "200"),
    ("filter depth", f"{CONTACTS}?filter={json.dumps(tree(9))}", {}, 422, "8 levels"),
    ("filter nodes", f"{CONTACTS}?filter={json.dumps(wide(50))}", {}, 422, "50"),
    ("list", f"{CONTACTS}?family[in]={ids(1001)}", {}, 422, "1000"),
]


@pytest.mark.parametrize(
    ("address", "request_", "status", "named"),
    [each[1:] for each in INPUTS],
    ids=[x[0] for x in INPUTS],
)
def test_the_api_names_the_limit(
    manager: ProgramClient, address: str, request_: dict[str, Any], status: int, named: str
) -> None:
    more = {"content_type": "application/json"} if "data" in request_ else {}
    answer = manager.open(address, **request_, **more)
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert named in answer.text
    assert answer.json["title"]


def test_what_lies_just_within_the_limits_is_taken(manager: ProgramClient) -> None:
    assert manager.post(CONTACTS, json={"family": "x", "notes": "x" * 65_536}).status_code == 201
    assert manager.get(f"{CONTACTS}?limit=200").status_code == 200
    for found in (tree(7), wide(48)):
        assert manager.get(f"{CONTACTS}?filter={json.dumps(found)}").status_code == 200


def multipart(parts: dict[str, bytes], file: str = "") -> dict[str, Any]:
    """A form as bytes; the test client's own would leave files open when it is refused."""
    name = f'; filename="{file}"' if file else ""
    body = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{key}"{name}\r\n\r\n'.encode()
        + value
        + b"\r\n"
        for key, value in parts.items()
    )
    return {"data": body + b"--b--\r\n", "content_type": "multipart/form-data; boundary=b"}


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(multipart({"family": b"x" * 500_001}), id="form"),
        pytest.param(multipart({f"f{n}": b"x" for n in range(1_001)}), id="parts"),
        pytest.param(multipart({"file": b"x" * 10 * MEGABYTE}, "big.bin"), id="body"),
    ],
)
def test_pages_name_the_limit_too(app: Flask, site: Site, sent: dict[str, Any]) -> None:
    client = signed_in(app, site, make_user(site, "manager"))
    answer = client.post("/contacts/new", **sent)
    assert answer.status_code == 413
    assert "10 MB" in answer.text
    assert "1000 parts" in answer.text


def test_uploads_may_be_larger_than_other_requests(app: Flask, site: Site) -> None:
    client = signed_in(app, site, make_user(site, "administrator"))

    def upload(size: int) -> int:
        sent = multipart({"file": b"family\n" + b"x" * size}, "big.csv")
        return int(client.post("/import/upload", **sent).status_code)

    assert upload(11 * MEGABYTE) != 413
    assert upload(51 * MEGABYTE) == 413


def test_exports_are_counted(app: Flask, site: Site) -> None:
    client = signed_in(app, site, make_user(site, "manager"))
    with using(Limits()):
        answers = [client.get("/contacts/export?format=csv", buffered=True) for _n in range(11)]
    assert [each.status_code for each in answers] == [200] * 10 + [429]
    assert 0 < int(answers[10].headers["Retry-After"]) <= 3600
    assert "10 lists an hour" in answers[10].text


def test_passwords_have_a_greatest_length(app: Flask, site: Site) -> None:
    user = make_user(site, "manager", password="correct horse 9")
    client = signed_in(app, site, user)
    long = "x" * 1_025
    form = {"old": "correct horse 9", "password": long, "again": long}
    answer = client.post("/profile/password", data=form)
    assert answer.status_code == 422
    assert "1024" in answer.text.replace(",", "").replace("\u202f", "")


# The figures


def test_the_table_in_the_docs_has_all_limits_and_their_defaults() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (\d+) \|", TABLE.read_text(encoding="utf-8"), re.M)
    declared = {each.name.upper(): str(each.default) for each in fields(Limits)}
    assert dict(rows) == declared
    assert len(rows) == len(declared)


def test_every_limit_can_be_changed_by_the_environment() -> None:
    environ = {f"KONTORA_LIMIT_{each.name.upper()}": "7" for each in fields(Limits)}
    assert all(getattr(Limits.from_env(environ), each.name) == 7 for each in fields(Limits))


CHANGED = {
    "PAGE_SIZE": 11,
    "BULK_OPERATIONS": 12,
    "TEXT_CHARS": 1300,
    "JSON_DEPTH": 9,
    "BODY_BYTES": "2MB",
    "FORM_PARTS": 15,
    "PASSWORD_CHARS": 160,
    "SHEET_COLUMNS": 17,
    "ARCHIVE_MEMBERS": 18,
    "LOCK_SECONDS": 3,
    "STATEMENT_SECONDS": 4,
    "JOB_STATEMENT_SECONDS": 44,
    "WEBHOOK_SECONDS": 6,
    "REDIRECTS": 1,
}
PROGRAM = """
import json
from flask import Flask
from kontora.access import passwords
from kontora.db import engine, sqlite
from kontora.records import query, values
from kontora.records.transfer.limits import DEFAULT_LIMITS as files
from kontora.rest import bulk
from kontora.http import security
from kontora.settings import Settings
from kontora.work.egress import Client
from kontora.work.egress_rules import Rules
app, client = Flask("x"), Client(Rules())
security.configure(app, Settings(home=None, database_url="", secret_key="s" * 40))
print(json.dumps([query.MAX_LIMIT, bulk.MOST, values.LONG, files.json_depth,
    app.config["MAX_CONTENT_LENGTH"], app.config["MAX_FORM_PARTS"], passwords.LONGEST,
    files.columns, files.archive_members, sqlite.BUSY_SECONDS, engine.WEB_STATEMENT_SECONDS,
    engine.WORKER_STATEMENT_SECONDS, client.seconds, client.redirects]))
"""


def test_a_process_keeps_to_what_its_environment_says() -> None:
    environ = {f"KONTORA_LIMIT_{name}": str(value) for name, value in CHANGED.items()}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = [2 * MEGABYTE if each == "2MB" else each for each in CHANGED.values()]
    assert json.loads(done.stdout) == expected
