"""The description of the API."""

from __future__ import annotations

import json

from flask import Flask
from openapi_spec_validator import validate

from kontora.lifecycle.site import Site
from kontora.rest import openapi


def test_the_document_is_valid(site: Site) -> None:
    document = json.loads(json.dumps(openapi.document(site.registry)))
    validate(document)


def test_everybody_may_read_it(app: Flask) -> None:
    answer = app.test_client().get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.json["openapi"] == "3.1.0"
    again = app.test_client().get(
        "/api/openapi.json", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304
