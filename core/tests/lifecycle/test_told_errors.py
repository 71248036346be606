"""T-38: an answer to an error tells what happened and an id; never how the program is made."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError, ProgrammingError
from structlog.testing import capture_logs

from kontora.http import context
from kontora.lifecycle.site import Site
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in, with_token
from kontora_sdk.testing.people import make_user

SECRET = "hunter2-SECRET"
PATTERNS = (
    r"Traceback", r'File "', r"line \d+, in", r"\.py\b", r"SELECT ", r"INSERT ", r"UPDATE \w+ SET",
    r"sqlalche", r"psycopg", r"sqlite", r"postgresql", r"/home/", r"/tmp/", r"/usr/", r"/work",
    r"0x[0-9a-f]{6}", r"KeyError|ValueError|RuntimeError|AttributeError", r"argon2", r"secret_key",
    SECRET,
)  # fmt: skip


def _driver(text: str) -> DBAPIError:
    return ProgrammingError(f"SELECT * FROM user_account WHERE x='{text}'", {"p": text}, OSError())


ERRORS: dict[str, Callable[[], BaseException]] = {
    "plain": lambda: RuntimeError(f"/home/kontora/app.py {SECRET}"),
    "key": lambda: KeyError(SECRET),
    "file": lambda: FileNotFoundError(2, "No such file", f"/tmp/{SECRET}"),
    "statement": lambda: _driver(SECRET),
    "memory": lambda: MemoryError(SECRET),
    "deep": lambda: RecursionError(SECRET),
    "lines": lambda: ValueError(f"a\r\nSet-Cookie: x={SECRET}"),
}


@pytest.fixture(scope="module")
def app(here: Site) -> Flask:
    return create_app(here)


@pytest.mark.parametrize("name", ERRORS)
def test_every_face_says_the_same_little(
    here: Site,
    app: Flask,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    admin = make_user(here, "administrator")
    person, program = signed_in(app, here, admin), with_token(app, here, admin)

    def broken(**_given: object) -> Any:
        raise ERRORS[name]()

    for module in ("kontora.web.records.list_page", "kontora.rest.operations", "kontora.web.home"):
        monkeypatch.setattr(f"{module}.db", broken, raising=False)
    monkeypatch.setattr(context, "db", broken)
    with capture_logs():  # to draw the traces for people takes seconds
        answers = [
            program.get("/api/v1/counterparties"),
            person.get("/counterparties"),
            person.get("/counterparties", headers={"HX-Request": "true"}),
            person.get("/", headers={"X-Request-ID": "evil; <script> a=b"}),
        ]
    failed = [answer for answer in answers if answer.status_code == 500]
    assert len(failed) >= 2, [answer.status_code for answer in answers]
    for answer in failed:
        shown = answer.text + str(answer.headers)
        assert [each for each in PATTERNS if re.search(each, shown)] == []
        assert answer.headers["X-Request-ID"] in answer.text, "an id to quote"
    assert not any("evil" in answer.headers["X-Request-ID"] for answer in answers)
    ids = {answer.headers["X-Request-ID"] for answer in failed}
    assert len(ids) == len(failed)
