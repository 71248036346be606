"""The shapes of records as JSON schemas (draft 2020-12, the dialect of OpenAPI 3.1).

They are made from the declared fields, printed in the description of the API, and used to check
what comes in, so that the description cannot promise anything else than what happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kontora.records.schema import Purpose
from kontora.records.values import LONG
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType

Shape = dict[str, Any]

MAX_ROWS = 100
WHOLE = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
ID: Shape = {"type": "string", "format": "uuid"}
MOMENT: Shape = {"type": "string", "format": "date-time"}
EXACT = r"^-?[0-9]{1,24}(\.[0-9]{1,10})?$"
CUSTOM_VALUE: Shape = {
    "anyOf": [
        {"type": "string", "maxLength": LONG},
        {"type": "number", "minimum": -1e15, "maximum": 1e15},
        {"type": "boolean"},
        {"type": "null"},
    ]
}
_SIMPLE: Mapping[FieldType, Shape] = {
    FieldType.INTEGER: WHOLE,
    FieldType.DATE: {"type": "string", "format": "date"},
    FieldType.DATETIME: MOMENT,
    FieldType.BOOLEAN: {"type": "boolean"},
    FieldType.JSON: {"type": "object", "additionalProperties": True},
    FieldType.EMAIL: {"type": "string"},
    FieldType.MONEY: {"$ref": "#/components/schemas/Money"},
}


def nullable(shape: Shape) -> Shape:
    """The same shape, or null."""
    if "type" not in shape:
        return {"anyOf": [shape, {"type": "null"}]}
    found = {**shape, "type": [*_list(shape["type"]), "null"]}
    if "enum" in found:
        found["enum"] = [*found["enum"], None]
    return found


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def described(shape: Shape, field: Field) -> Shape:
    """The shape with the label and the help of its field."""
    title, text = str(field.label), str(field.help)
    extra = {"title": title} | ({"description": text} if text else {})
    return {"allOf": [shape], **extra} if "$ref" in shape else {**shape, **extra}


# What goes out


def record_out(rtype: RecordType) -> Shape:
    """A record as it is shown. With `fields=` all but the required members may be absent."""
    members: dict[str, Shape] = {"id": {**ID, "readOnly": True}}
    if rtype.kinds:
        members["kind"] = {"type": "string", "enum": list(rtype.kinds)}
    members |= _nested(rtype.fields, lambda each: described(_out(rtype, each), each))
    if hasattr(rtype.model, "custom"):
        declared = members.get("custom", {"type": "object"})
        members["custom"] = {**declared, "additionalProperties": True}
    members["created_at"] = members["updated_at"] = {**MOMENT, "readOnly": True}
    if rtype.duplicates is not None:
        members["duplicates"] = {
            "type": "array",
            "readOnly": True,
            "description": "Only in the answer to POST: records that may be the same.",
            "items": {"$ref": "#/components/schemas/Duplicate"},
        }
    required = ["id", *(["kind"] if rtype.kinds else []), "created_at", "updated_at"]
    return {"type": "object", "properties": members, "required": required}


def _nested(fields: Iterable[Field], make: Any) -> dict[str, Shape]:
    """`hello.score` becomes the member `score` of an object `hello`."""
    members: dict[str, Shape] = {}
    for each in fields:
        if not each.namespace:
            members[each.name] = make(each)
            continue
        inner = members.setdefault(each.namespace, {"type": "object", "properties": {}})
        inner["properties"][each.short_name] = make(each)
    return members


def _out(rtype: RecordType, field: Field) -> Shape:
    if field.name == "external":
        keys: Shape = {"type": "array", "items": {"type": "string"}}
        return {"type": "object", "additionalProperties": {"anyOf": [{"type": "string"}, keys]}}
    if field.collection is not None:
        rows = {each.name: _row_out(each) for each in field.collection.fields}
        if field.collection.single:
            return {"type": "array", "items": rows[field.collection.single]}
        item = {"type": "object", "properties": rows, "required": list(rows)}
        return {"type": "array", "items": item}
    shape = _scalar_out(field)
    if field.json_key:  # an empty one is absent
        return shape
    return nullable(shape) if _may_be_null(rtype, field) else shape


def _row_out(field: Field) -> Shape:
    shape = _scalar_out(field)
    plain = {key: value for key, value in shape.items() if key != "maxLength"}
    return plain if field.required or field.type is FieldType.TAGS else nullable(plain)


def _scalar_out(field: Field) -> Shape:
    if field.type is FieldType.REFERENCE:
        return {"$ref": "#/components/schemas/Reference"}
    if field.type in (FieldType.CHOICE, FieldType.CHOICES):
        return _choice(field, [each.value for each in field.choices])
    if field.type is FieldType.DECIMAL:
        return {"type": "string", "format": "decimal", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
    return dict(_SIMPLE.get(field.type, {"type": "string"}))


def _choice(field: Field, values: list[str]) -> Shape:
    one: Shape = {"type": "string", "enum": values} if values else {"type": "string"}
    if field.type is FieldType.CHOICE:
        return one
    return {"type": "array", "maxItems": MAX_ROWS, "items": one}


def _may_be_null(rtype: RecordType, field: Field) -> bool:
    if field.model is not None or field.shortcut is not None or field.computed is not None:
        return True
    column = rtype.model.__table__.columns.get(field.attribute)
    return column is None or bool(column.nullable) or field.type is FieldType.REFERENCE


# What comes in


def record_in(rtype: RecordType, purpose: Purpose) -> Shape:
    """What may be sent to create or to change a record."""
    fields = [
        each
        for each in rtype.fields
        if each.is_input and (purpose == "create" or not each.create_only)
    ]
    members: dict[str, Shape] = {}
    if rtype.kinds and purpose == "create":
        members["kind"] = {
            "type": "string",
            "enum": list(rtype.kinds),
            "default": rtype.kinds[0],
        }
    members |= _nested(fields, lambda each: described(_in(each), each))
    for shape in members.values():
        if "properties" in shape:
            shape["additionalProperties"] = False
    if hasattr(rtype.model, "custom"):
        members["custom"] = {
            **members.get("custom", {"type": "object"}),
            "propertyNames": {"minLength": 1, "maxLength": 64},
            "additionalProperties": CUSTOM_VALUE,
        }
    found: Shape = {"type": "object", "properties": members, "additionalProperties": False}
    required = [each.name for each in fields if each.required and not each.namespace]
    return found | ({"required": required} if required and purpose == "create" else {})


def told(rtype: RecordType) -> Shape:
    """What creates a record, for the description: with the custom fields that are required. The
    record service asks for them, only of those who may see them."""
    shape = record_in(rtype, "create")
    needed = [
        each.json_key
        for each in rtype.fields
        if each.json_key and each.required and each.default is None and not each.roles
        if not each.kinds or set(rtype.kinds) <= set(each.kinds)
    ]
    if needed:
        custom = {**shape["properties"]["custom"], "required": needed}
        shape["properties"] = {**shape["properties"], "custom": custom}
        shape["required"] = [*shape.get("required", []), "custom"]
    return shape


def read_only(rtype: RecordType) -> set[str]:
    """Members of a record that are shown, but cannot be sent."""
    fixed = {each.name for each in rtype.fields if not each.is_input and not each.namespace}
    return fixed | {"id", "created_at", "updated_at", "duplicates", "version"}


def _in(field: Field) -> Shape:
    if field.collection is not None:
        rows = {each.name: _scalar_in(each) for each in field.collection.fields if each.is_input}
        if field.collection.single:
            only = field.collection.fields[0]
            return {"type": "array", "maxItems": MAX_ROWS, "items": _plain_in(only)}
        item: Shape = {"type": "object", "properties": rows, "additionalProperties": False}
        required = [each.name for each in field.collection.fields if each.required]
        item |= {"required": required} if required else {}
        return {"type": "array", "maxItems": MAX_ROWS, "items": item}
    return _scalar_in(field)


def _scalar_in(field: Field) -> Shape:
    shape = _plain_in(field)
    return shape if field.required else nullable(shape)


def _plain_in(field: Field) -> Shape:
    if field.type is FieldType.REFERENCE:
        return {"$ref": "#/components/schemas/ReferenceInput"}
    if field.type in (FieldType.CHOICE, FieldType.CHOICES):
        return _choice(field, [each.value for each in field.choices if not each.retired])
    if field.type is FieldType.DECIMAL:
        return {"type": ["string", "number"], "format": "decimal", "pattern": EXACT}
    if field.type is FieldType.MONEY:
        return {"$ref": "#/components/schemas/MoneyInput"}
    if field.type in _SIMPLE and field.type is not FieldType.EMAIL:
        return dict(_SIMPLE[field.type])
    limit = LONG if field.type is FieldType.LONGTEXT else field.max_length
    return {"type": "string", "maxLength": limit}


COMPONENTS: Mapping[str, Shape] = {
    "Reference": {
        "type": "object",
        "description": "Another record. One that you may not see is null.",
        "properties": {"id": ID, "name": {"type": "string"}},
        "required": ["id", "name"],
    },
    "ReferenceInput": {
        "description": "The id of another record, bare or as an object.",
        "anyOf": [
            ID,
            {
                "type": "object",
                "properties": {"id": ID, "name": {"type": ["string", "null"]}},
                "required": ["id"],
                "additionalProperties": False,
            },
        ],
    },
    "Money": {
        "type": "object",
        "properties": {
            "amount": {"type": "string", "format": "decimal"},
            "currency": {"type": "string"},
        },
        "required": ["amount", "currency"],
    },
    "MoneyInput": {
        "type": "object",
        "properties": {
            "amount": {"type": ["string", "number"], "format": "decimal", "pattern": EXACT},
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        },
        "required": ["amount", "currency"],
        "additionalProperties": False,
    },
    "Duplicate": {
        "type": "object",
        "properties": {"id": ID, "name": {"type": "string"}, "reason": {"type": "string"}},
        "required": ["id", "name", "reason"],
    },
}
