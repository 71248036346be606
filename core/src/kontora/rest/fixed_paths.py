"""What the API has beside records: who am I, reports; and the shapes that all share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kontora.rest.operations import answer, operation, schema
from kontora.rest.shapes import ID, MOMENT

Object = dict[str, Any]
_TEXT: Object = {"type": "string"}
_TEXTS: Object = {"type": "array", "items": _TEXT}
_VERBS: Object = {"type": "object", "additionalProperties": _TEXT}


def _object(members: Mapping[str, Object], *optional: str) -> Object:
    required = [name for name in members if name not in optional]
    return {"type": "object", "properties": dict(members), "required": required}


def _many(item: Object) -> Object:
    return _object({"items": {"type": "array", "items": item}})


_COLUMN = _object({"name": _TEXT, "label": _TEXT, "type": _TEXT, "currency": _TEXT}, "currency")
_COLUMN["description"] = "A money column names its currency; its cells are decimal strings."
_CHANGED = _object({"name": _TEXT, "label": _TEXT, "old": {}, "new": {}})
_SAVE = _object(
    {
        "id": {"type": "integer"},
        "at": MOMENT,
        "who": _TEXT,
        "principal_kind": {"type": "string", "enum": ["user", "token", "job", "system"]},
        "verb": _TEXT,
        "version": {"type": "integer"},
        "fields": {"type": "array", "items": _CHANGED},
    }
)
_RESULT = _object(
    {
        "id": {"type": ["string", "null"]},
        "status": {"type": "integer"},
        "version": {"type": "integer"},
        "problem": schema("Problem"),
        "duplicates": {"type": "array", "items": schema("Duplicate")},
    },
    *("version", "problem", "duplicates"),
)
_CHOICE = _object({"value": _TEXT, "label": _TEXT, "retired": {"type": "boolean"}})
_FIELD = _object(
    {
        **dict.fromkeys(("name", "label", "help", "type", "group"), _TEXT),
        **{name: {"type": "boolean"} for name in ("custom", "writable", "required", "unique")},
        **dict.fromkeys(("kinds", "roles"), _TEXTS),
        "target": {"type": ["string", "null"]},
        "choices": {"type": "array", "items": _CHOICE},
    }
)
SCHEMAS: Mapping[str, Object] = {
    "Problem": {
        **_object(
            {
                "type": _TEXT,
                "title": _TEXT,
                "status": {"type": "integer"},
                "detail": _TEXT,
                "remedy": _TEXT,
                "right": _TEXT,
                "errors": {"type": "object", "additionalProperties": _TEXTS},
                "request_id": _TEXT,
            },
            *("detail", "remedy", "right", "errors"),
        ),
        "description": "RFC 9457. `errors` maps paths of fields to messages; `right` is missing.",
    },
    "History": _many(_SAVE),
    "Figures": _many(
        {
            "type": "object",
            "properties": {"group": {}, "count": {"type": "integer"}},
            "additionalProperties": {"type": ["number", "string", "null"]},
        }
    ),
    "BulkResult": _object(
        {
            "results": {"type": "array", "items": _RESULT},
            "done": {"type": "integer"},
            "failed": {"type": "integer"},
        }
    ),
    "Me": _object(
        {
            "id": ID,
            "name": _TEXT,
            "email": {"type": ["string", "null"]},
            "kind": _TEXT,
            "roles": _TEXTS,
            "branch": {"anyOf": [schema("Reference"), {"type": "null"}]},
            "locale": _TEXT,
            "timezone": _TEXT,
            "grants": {"type": "object", "additionalProperties": _VERBS},
            "permissions": _TEXTS,
        }
    ),
    "FieldList": _many(_FIELD),
    "ReportColumn": _COLUMN,
    "ReportParameter": _object(
        {
            "name": _TEXT,
            "label": _TEXT,
            "type": _TEXT,
            "required": {"type": "boolean"},
            "choices": {"type": "array", "items": {}},
        },
        "choices",
    ),
    "ReportDescription": _object(
        {
            "id": _TEXT,
            "label": _TEXT,
            "help": _TEXT,
            "columns": {"type": "array", "items": schema("ReportColumn")},
            "params": {"type": "array", "items": schema("ReportParameter")},
        }
    ),
    "ReportList": _many(schema("ReportDescription")),
    "ReportResult": _object(
        {
            "columns": {"type": "array", "items": schema("ReportColumn")},
            "rows": {"type": "array", "items": {"type": "array", "items": {}}},
        }
    ),
}
TAGS = [
    {"name": "reports", "description": "Figures and tables."},
    {"name": "me", "description": "Who asks."},
    {"name": "fields", "description": "What records can hold."},
]

_RECORD_TYPE: Object = {
    "name": "type",
    "in": "query",
    "required": True,
    "description": "The path of a record type, for example `contacts`.",
    "schema": {**_TEXT, "minLength": 1},
}


def paths() -> Object:
    """The addresses that every site has."""
    name = {"name": "report", "in": "path", "required": True, "schema": {**_TEXT, "minLength": 1}}
    # The parameters of a report are its own: see `params` in the list of reports.
    given = {
        "name": "params",
        "in": "query",
        "description": "The parameters of the report, each under its name.",
        "schema": {"type": "object", "additionalProperties": _TEXT},
        "style": "form",
        "explode": True,
    }
    return {
        "/api/v1/me": {
            "get": operation(
                "me", "me", "Who asks, and what he may do", {"200": answer("You.", schema("Me"))}
            )
        },
        "/api/v1/fields": {
            "get": operation(
                *("fields_list", "fields", "List the fields of a record type"),
                {"200": answer("The fields that you may see.", schema("FieldList"))},
                "404",
                parameters=[_RECORD_TYPE],
            )
        },
        "/api/v1/reports": {
            "get": operation(
                *("reports_list", "reports", "List the reports that you may run"),
                {"200": answer("The reports.", schema("ReportList"))},
            )
        },
        "/api/v1/reports/{report}": {
            "parameters": [name],
            "get": operation(
                *("reports_run", "reports", "Run a report"),
                {"200": answer("The table.", schema("ReportResult"))},
                "404",
                parameters=[given],
            ),
        },
    }
