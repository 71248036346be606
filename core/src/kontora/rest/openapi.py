"""The description of the API (OpenAPI 3.1), made from the registry of a site."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from kontora.http.context import site
from kontora.lifecycle.site import Site


def view() -> Response:
    return jsonify(document(site()))


def document(site: Site) -> dict[str, Any]:
    return {"openapi": "3.1.0", "info": {"title": "Kontora", "version": "1"}, "paths": {}}
