"""Saved views: what there is, and making, changing, deleting them."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from kontora.http.context import db
from kontora.records import view_masking, views
from kontora.records.views import View
from kontora.rest.bodies import body
from kontora.rest.checks import check
from kontora.rest.etags import etag, expected
from kontora.rest.operations import answer, content, operation, parameter, schema
from kontora.rest.parameters import Arguments, no_arguments
from kontora.rest.records import parsed
from kontora.rest.shapes import ID
from kontora.text import _

Object = dict[str, Any]
_TEXT: Object = {"type": "string"}
_NAMES: Object = {"type": "array", "maxItems": 100, "items": {"type": "string", "maxLength": 120}}
_INPUT: Object = {
    "name": {"type": "string", "minLength": 1, "maxLength": views.LONGEST_NAME},
    "audience": {"type": "string", "enum": list(views.AUDIENCES)},
    "role": {"type": ["string", "null"], "maxLength": 64},
    "filter": {"type": ["object", "null"], "additionalProperties": True},
    "q": {"type": ["string", "null"], "maxLength": views.LONGEST_Q},
    "sort": _NAMES,
    "columns": _NAMES,
}
CREATE: Object = {
    "type": "object",
    "properties": {"type": {"type": "string", "maxLength": 64}, **_INPUT},
    "required": ["type", "name"],
    "additionalProperties": False,
}
CHANGE: Object = {"type": "object", "properties": _INPUT, "additionalProperties": False}
_STATE = ("filter", "q", "sort", "columns")


def listed() -> Response:
    """The views that you may open; `type` narrows them to a record type."""
    arguments = Arguments()
    for name in arguments.given.keys() - {"type"}:
        arguments.note(name, _("Unknown parameter."))
    path = arguments.one("type")
    if path is not None and path not in db().registry.record_types:
        arguments.note("type", _("There is no record type “%(path)s”.") % {"path": path[:64]})
    arguments.refuse()
    return jsonify({"items": [_shown(each) for each in views.listing(db(), path)]})


def create() -> Response:
    """Save a list under a name."""
    no_arguments()
    data = body()
    check(CREATE, data)
    if data["type"] not in db().registry.record_types:
        db().registry.record_type(data["type"])  # says which there are
    made = views.create(db(), data["type"], _given(data, {}))
    response = _answer(made)
    response.status_code = 201
    response.headers["Location"] = f"/api/v1/views/{made.id}"
    return response


def read(record_id: str) -> Response:
    """One view."""
    no_arguments()
    return _answer(views.find(db(), parsed(record_id)))


def change(record_id: str) -> Response:
    """Rename, share, or keep another list under the name."""
    no_arguments()
    view = views.find(db(), parsed(record_id))
    views.require_change(db(), view)
    version = expected(view.version)
    data = body()
    check(CHANGE, data)
    return _answer(views.change(db(), view, _given(data, view.state), version))


def remove(record_id: str) -> Response:
    """Put a view into the bin."""
    no_arguments()
    view = views.find(db(), parsed(record_id))
    views.require_change(db(), view)
    views.remove(db(), view, expected(view.version))
    return Response(status=204)


def restore(record_id: str) -> Response:
    """Take a view out of the bin."""
    no_arguments()
    return _answer(views.restore(db(), views.find(db(), parsed(record_id), deleted=True)))


def _given(data: Object, state: Any) -> Object:
    found: Object = {n: data[n] for n in ("name", "audience", "role") if n in data}
    if set(_STATE) & set(data):
        found["state"] = {**state, **{name: data[name] for name in _STATE if name in data}}
    return found


def _answer(view: View) -> Response:
    response = jsonify(_shown(view))
    response.headers["ETag"] = etag(view.version)
    return response


def _shown(view: View) -> Object:
    state = view_masking.told(db(), views.rtype_of(db(), view), view)
    owner = {"id": str(view.owner_id), "name": view.owner_name} if view.owner_id else None
    return {
        "id": str(view.id),
        "key": view.key,
        "type": view.path,
        "name": view.name,
        "owner": owner,
        "audience": view.audience,
        "role": view.role_key,
        "filter": state.get("filter"),
        "q": state.get("q") or None,
        "sort": state.get("sort") or [],
        "columns": state.get("columns") or [],
    }


# Their description

_SHOWN: Object = {
    "id": ID,
    "key": {**_TEXT, "description": "What `view=` of lists takes, and the address of the page."},
    "type": _TEXT,
    "owner": {"anyOf": [schema("Reference"), {"type": "null"}]},
    **_INPUT,
}
_SHOWN["sort"] = _SHOWN["columns"] = {"type": "array", "items": _TEXT}
SCHEMAS: dict[str, Object] = {
    "View": {"type": "object", "properties": _SHOWN, "required": list(_SHOWN)},
    "ViewCreate": CREATE,
    "ViewChange": CHANGE,
    "ViewList": {
        "type": "object",
        "properties": {"items": {"type": "array", "items": schema("View")}},
        "required": ["items"],
    },
}
TAG = {"name": "views", "description": "Lists kept under a name; `view=` of a list applies one."}


def _operation(name: str, summary: str, success: Object, failures: str = "", **more: Any) -> Object:
    return operation(f"views_{name}", "views", summary, success, failures, **more)


def _body(name: str) -> Object:
    return {"required": True, "content": content(schema(name))}


def paths() -> Object:
    """The addresses of views."""
    base = "/api/v1/views"
    kind = {"name": "type", "in": "query", "description": "A record type.", "schema": _TEXT}
    view = {"200": answer("The view.", schema("View"), "ETag")}
    made = {"201": answer("The view.", schema("View"), "ETag", "Location")}
    wrong = "400 403 404 409 413 415"
    ident = parameter("id")
    match: Object = {"parameters": [parameter("If-Match")]}
    return {
        base: {
            "get": _operation(
                *("list", "List saved views"),
                {"200": answer("Views that you may open.", schema("ViewList"))},
                parameters=[kind],
            ),
            "post": _operation(
                "create", "Save a view", made, wrong, requestBody=_body("ViewCreate")
            ),
        },
        f"{base}/{{id}}": {
            "parameters": [ident],
            "get": _operation("read", "Read a view", view, "404"),
            "patch": _operation(
                *("change", "Change a view", view, f"{wrong} 412 428"),
                requestBody=_body("ViewChange"),
                **match,
            ),
            "delete": _operation(
                *("delete", "Delete a view", {"204": {"description": "In the bin."}}),
                "403 404 409 412 428",
                **match,
            ),
        },
        f"{base}/{{id}}/restore": {
            "parameters": [ident],
            "post": _operation("restore", "Bring a view back", view, "403 404 409 413"),
        },
    }
