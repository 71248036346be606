"""Definitions of custom fields as the description of the API has them."""

from __future__ import annotations

from typing import Any

from kontora.records.custom.definition import MOST_PLACES, TYPES
from kontora.rest.operations import answer, content, operation, parameter, schema

Object = dict[str, Any]
_TEXT: Object = {"type": "string"}
_MAYBE: Object = {"type": ["string", "null"]}
_FLAG: Object = {"type": "boolean"}
_NAMES: Object = {"type": "array", "maxItems": 100, "items": {"type": "string", "maxLength": 64}}
_PLACES: Object = {"type": ["integer", "null"], "minimum": 0, "maximum": MOST_PLACES}
_OPTION: Object = {
    "type": "object",
    "properties": {
        "value": {"type": "string", "maxLength": 64},
        "label": {"type": "string", "maxLength": 255},
        "retired": _FLAG,
    },
    "additionalProperties": False,
}
_FLAGS: Object = dict.fromkeys(("required", "unique", "indexed", "profile", "in_list"), _FLAG)
_INPUT: Object = {
    "label": {"type": "string", "minLength": 1, "maxLength": 255},
    "help": {"type": "string", "maxLength": 1_000},
    "section": {"type": "string", "maxLength": 64},
    "type": {"type": "string", "enum": sorted(str(each) for each in TYPES)},
    "options": {"type": "array", "maxItems": 200, "items": _OPTION},
    "places": _PLACES,
    "target": {"type": ["string", "null"], "maxLength": 64},
    "target_kind": {"type": ["string", "null"], "maxLength": 32},
    "kinds": _NAMES,
    "roles": _NAMES,
    "default": {},
    **_FLAGS,
}
CREATE: Object = {
    "type": "object",
    "properties": {"key": {"type": "string", "maxLength": 48}, **_INPUT},
    "required": ["label", "type"],
    "additionalProperties": False,
}
CHANGE: Object = {
    "type": "object",
    "properties": {
        **_INPUT,
        "archived": _FLAG,
        "confirmed": {
            **_FLAG,
            "description": "Change the type although some values do not fit; they stay as text.",
        },
    },
    "additionalProperties": False,
}
ORDER: Object = {
    "type": "object",
    "properties": {"order": {**_NAMES, "maxItems": 500}},
    "required": ["order"],
    "additionalProperties": False,
}
_SHOWN: Object = {
    "entity": _TEXT,
    "key": _TEXT,
    "name": {**_TEXT, "description": "The field's name in records, filters and imports."},
    **dict.fromkeys(("label", "help", "section", "type"), _TEXT),
    "options": {"type": "array", "items": {**_OPTION, "required": ["value", "label", "retired"]}},
    "places": {"type": ["integer", "null"]},
    "target": _MAYBE,
    "target_kind": _MAYBE,
    "kinds": {"type": "array", "items": _TEXT},
    "roles": {"type": "array", "items": _TEXT},
    "default": {},
    **_FLAGS,
    "archived": _FLAG,
}
SCHEMAS: dict[str, Object] = {
    "FieldDefinition": {"type": "object", "properties": _SHOWN, "required": list(_SHOWN)},
    "FieldCreate": CREATE,
    "FieldChange": CHANGE,
    "FieldOrder": ORDER,
    "FieldDefinitionList": {
        "type": "object",
        "properties": {"items": {"type": "array", "items": schema("FieldDefinition")}},
        "required": ["items"],
    },
}


def _operation(name: str, summary: str, success: Object, failures: str = "", **more: Any) -> Object:
    return operation(f"fields_{name}", "fields", summary, success, f"403 404 {failures}", **more)


def _body(name: str) -> Object:
    return {"required": True, "content": content(schema(name))}


def paths() -> Object:
    """The addresses of definitions. `entity` is party, activity, or that of a plugin."""
    entity: Object = {
        "name": "entity",
        "in": "path",
        "required": True,
        "description": "Whose field it is: `party` for contacts and counterparties, `activity` …",
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    }
    key: Object = {
        "name": "key",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    }
    confirm: Object = {
        "name": "confirm",
        "in": "query",
        "required": True,
        "description": "The key once more.",
        "schema": _TEXT,
    }
    match = [parameter("If-Match")]
    one = {"200": answer("The field.", schema("FieldDefinition"), "ETag")}
    made = {"201": answer("The field.", schema("FieldDefinition"), "ETag", "Location")}
    several = {"200": answer("In their order.", schema("FieldDefinitionList"))}
    wrong = "400 409 413 415"
    base = "/api/v1/fields/{entity}"
    return {
        base: {
            "parameters": [entity],
            "get": _operation("definitions", "List custom fields", several),
            "post": _operation(
                *("create", "Make a custom field", made, wrong),
                requestBody=_body("FieldCreate"),
                parameters=[parameter("Idempotency-Key")],
            ),
            "patch": _operation(
                *("order", "Put custom fields into an order", several, wrong),
                requestBody=_body("FieldOrder"),
            ),
        },
        f"{base}/{{key}}": {
            "parameters": [entity, key],
            "get": _operation("read", "Read a custom field", one),
            "patch": _operation(
                *("change", "Change a custom field", one, f"{wrong} 412 428"),
                requestBody=_body("FieldChange"),
                parameters=match,
            ),
            "delete": _operation(
                *("delete", "Delete a custom field with all its values"),
                {"204": {"description": "Deleted."}},
                "409 412 428",
                parameters=[*match, confirm],
            ),
        },
    }
