"""Search over all record types, forgiving as the page is: `GET /api/v1/search?q=`."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from kontora.errors import Invalid, NotFound
from kontora.http.context import db
from kontora.records import search_find, service
from kontora.records.query import MAX_LIMIT
from kontora.records.search_find import EXACTLY, Facet
from kontora.rest.operations import answer, operation, schema
from kontora.rest.parameters import Arguments
from kontora.rest.shapes import ID
from kontora.text import _

PARAMETERS = ("q", "type", "limit")
PER_TYPE = 5
TAG = {"name": "search", "description": "All records at once."}
_TEXT = {"type": "string"}


def view() -> Response:
    """How many are found of each type, and the best of them; `type` narrows it to one."""
    arguments = Arguments()
    for name in arguments.given.keys() - set(PARAMETERS):
        arguments.note(name, _("Unknown parameter."))
    q, path = arguments.one("q"), arguments.one("type")
    limit = arguments.limit() if "limit" in arguments.given else PER_TYPE
    arguments.refuse()
    if not q:
        raise Invalid({"q": [_("A value is needed.")]})
    session = db()
    types = search_find.searched_types(session)
    if path is not None:
        types = [each for each in types if each.path == path]
        if not types:
            raise NotFound(_("There is no record type “%(path)s”.") % {"path": path[:100]})
    found = search_find.find(session, q, types)
    return jsonify(
        {
            "q": q,
            "shown": found.shown,
            "suggestion": found.suggestion,
            "facets": [_facet(each) for each in found.facets],
            "items": [
                item for each in found.facets for item in _items(session, each, found.shown, limit)
            ],
        }
    )


def _facet(facet: Facet) -> dict[str, Any]:
    return {
        "type": facet.rtype.path,
        "label": str(facet.rtype.label_plural),
        "total": min(facet.total, EXACTLY),
        "more": facet.more,
    }


def _items(session: Any, facet: Facet, q: str, limit: int) -> list[dict[str, Any]]:
    title = facet.rtype.title
    query = service.Query(q=q, fields=(title,), limit=limit)
    page = service.list_records(session, facet.rtype, query)
    return [
        {"type": facet.rtype.path, "id": each["id"], "name": each.get(title)} for each in page.items
    ]


def schemas() -> dict[str, Any]:
    """The shape of the answer."""
    facet = {
        "type": _TEXT,
        "label": _TEXT,
        "total": {"type": "integer"},
        "more": {"type": "boolean"},
    }
    item = {"type": _TEXT, "id": ID, "name": {"type": ["string", "null"]}}
    whole = {
        "q": _TEXT,
        "shown": {**_TEXT, "description": "Looked up instead of `q`: a typing error was forgiven."},
        "suggestion": {"type": ["string", "null"], "description": "What may have been meant."},
        "facets": {"type": "array", "items": _object(facet)},
        "items": {"type": "array", "items": _object(item)},
    }
    found = _object(whole)
    found["description"] = "`total` is exact up to 1,000; `more` says that there are more."
    return {"Found": found}


def paths() -> dict[str, Any]:
    """The address in the document of the API."""
    narrowed = {
        "name": "type",
        "in": "query",
        "description": "The path of a record type: only of this.",
        "schema": {**_TEXT, "minLength": 1},
    }
    wanted = {
        "name": "q",
        "in": "query",
        "required": True,
        "description": "Words in any form or script, beginnings, inner parts, phone digits.",
        "schema": {**_TEXT, "minLength": 1},
    }
    most = {
        "name": "limit",
        "in": "query",
        "description": "How many records of each type.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": PER_TYPE},
    }
    return {
        "/api/v1/search": {
            "get": operation(
                *("search", "search", "Search all records"),
                {"200": answer("What is found.", schema("Found"))},
                "404",
                parameters=[wanted, narrowed, most],
            )
        }
    }


def _object(members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members)}
