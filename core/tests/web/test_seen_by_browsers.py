"""What reaches a browser: texts of records as texts, and of an unexpected error only its number."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from kontora.lifecycle.site import Site
from kontora.records import service
from kontora_sdk.testing.clients import with_token
from kontora_sdk.testing.people import make_user

HOSTILE = '<img src=x onerror="canary()">'
SECRET = "SELECT secret FROM /home/somebody with password=hunter2"


def test_texts_of_records_stay_texts(as_role: Callable[[str], Any], records: Any) -> None:
    made = records.make("contacts", {"family": HOSTILE, "notes": HOSTILE, "tags": [HOSTILE]})
    client = as_role("administrator")
    for path in ("/contacts", f"/contacts/{made}", f"/contacts/{made}/edit", "/search?q=canary"):
        page = client.get(path)
        assert page.status_code == 200
        assert "canary()" in page.text, path
        assert "<img src=x" not in page.text, path


@pytest.mark.parametrize("path", ["/contacts", "/api/v1/contacts"])
def test_an_unexpected_error_tells_its_number_only(
    kontora_app: Flask,
    kontora_site: Site,
    as_role: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    def failing(*_arguments: Any, **_more: Any) -> Any:
        raise RuntimeError(SECRET)

    client = as_role("administrator")
    if path.startswith("/api/"):
        client = with_token(kontora_app, kontora_site, make_user(kontora_site, "administrator"))
    kontora_app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(service, "list_records", failing)
    monkeypatch.setattr("kontora.records.query.list_records", failing)
    answer = client.get(path)
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    shown = answer.text + json.dumps(dict(answer.headers))
    for word in ("SELECT", "hunter2", "/home/", "Traceback", "RuntimeError", "failing"):
        assert word not in shown
    assert answer.headers["X-Request-ID"] in answer.text


def test_a_request_that_reads_cannot_write(kontora_app: Flask, kontora_site: Site) -> None:
    """GET has a session that the database itself keeps from writing."""
    from flask import g
    from sqlalchemy.exc import DBAPIError

    from kontora.http.context import db

    for method in ("GET", "HEAD", "POST"):
        with kontora_app.test_request_context("/contacts", method=method):
            g.principal = make_user(kontora_site, "administrator")
            rtype = db().registry.record_type("contacts")
            if method == "POST":
                assert service.create_record(db(), rtype, {"given": "Anna"}).version == 1
            else:
                with pytest.raises(DBAPIError, match=r"readonly|read-only"):
                    service.create_record(db(), rtype, {"given": "Anna"})


@pytest.mark.parametrize("status", [303, 404, 409, 422, 500])
def test_what_a_refused_request_wrote_is_not_kept(
    kontora_app: Flask, as_role: Callable[[str], Any], status: int
) -> None:
    from kontora.http.context import db
    from kontora.http.policy import RECORDS, policy

    @policy(RECORDS)
    def half() -> tuple[str, int]:
        service.create_record(db(), db().registry.record_type("contacts"), {"given": "Halfway"})
        return "", status

    kontora_app.add_url_rule("/half", "half", half, methods=["POST"])
    client = as_role("administrator")
    assert client.post("/half").status_code == status
    assert ("Halfway" in client.get("/contacts").text) is (status < 400)
