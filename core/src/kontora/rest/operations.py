"""The operations of one record type, as the description of the API has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kontora.records import day_words
from kontora.records.filters import operators
from kontora.records.query import MAX_LIMIT
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.rest import shapes
from kontora.rest.shapes import ID, MOMENT

Object = dict[str, Any]


class Names:
    """What the schemas of a record type are called: `contacts` → `Contacts`, `ContactsCreate`."""

    def __init__(self, rtype: RecordType) -> None:
        words = rtype.slug.replace("-", "_").split("_")
        self.record = "".join(word.title() for word in words)
        self.create = f"{self.record}Create"
        self.change = f"{self.record}Change"
        self.list = f"{self.record}List"
        self.bulk = f"{self.record}Bulk"


def schema(name: str) -> Object:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def content(shape: Object) -> Object:
    """A JSON body of this shape."""
    return {"application/json": {"schema": shape}}


def answer(description: str, shape: Object, *headers: str) -> Object:
    """A successful answer with a body, and headers of the document by name."""
    found: Object = {"description": description, "content": content(shape)}
    if headers:
        found["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
    return found


_PROBLEM: Object = {"application/problem+json": {"schema": schema("Problem")}}
_TEXTS: Mapping[str, str] = {
    "400": "The body is no JSON, or the request cannot be understood.",
    "401": "The token is missing, wrong, expired or revoked, or its user is disabled.",
    "403": "You may see this, but not do it.",
    "404": "Not there, or not visible to you: the two look the same.",
    "409": "The state of the data does not allow this.",
    "412": "Somebody changed the record in the meantime; `errors` names the fields.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "Parts of the input do not fit; `errors` names them.",
    "428": "If-Match is missing.",
    "429": "The quota of the token is used up; Retry-After says when to go on.",
    "503": "The database is busy; try again.",
}
HEADERS: Mapping[str, Object] = {
    "ETag": {"schema": {"type": "string", "pattern": '^"[0-9]+"$'}, "required": True},
    "Location": {"schema": {"type": "string"}},
    "WWW-Authenticate": {"schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "schema": {"type": "string", "enum": ["true"]},
        "description": "The request was sent before; this is the first answer.",
    },
}
RESPONSES: Mapping[str, Object] = {
    f"Status{status}": {
        "description": text,
        "content": _PROBLEM,
        **(
            {"headers": {"WWW-Authenticate": {"$ref": "#/components/headers/WWW-Authenticate"}}}
            if status == "401"
            else {}
        ),
    }
    for status, text in _TEXTS.items()
}


def _query(name: str, shape: Object, text: str, **more: Any) -> Object:
    return {"name": name, "in": "query", "description": text, "schema": shape, **more}


_FLAG: Object = {"type": "string", "enum": ["1", "0", "true", "false"]}
_NAMES_OF_FIELDS: Object = {"type": "array", "items": {"type": "string"}}
PARAMETERS: Mapping[str, Object] = {
    "id": {"name": "id", "in": "path", "required": True, "schema": ID},
    "q": _query(
        "q",
        {"type": "string"},
        "Words in any form or script, beginnings, inner parts, phone digits. All must be found. "
        "Without `sort` the best come first. Typing errors are not forgiven.",
    ),
    "filter": _query("filter", {"type": "string"}, "A tree of conditions as JSON."),
    "view": _query("view", {"type": "string"}, "A saved view: its key or id."),
    "bin": _query("bin", _FLAG, "List what lies in the bin."),
    "limit": _query(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50},
        "Page size.",
    ),
    "cursor": _query("cursor", {"type": "string"}, "`next` of the page before."),
    "total": _query("total", _FLAG, "Count all that match."),
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The ETag of the record as you have read it.",
        "schema": {"type": "string"},
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "An ETag that you have: 304 when the record is still the same.",
        "schema": {"type": "string"},
    },
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A name for this request, so that it can be sent again safely.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    },
}


def parameter(name: str) -> Object:
    """A reference to a parameter of the document."""
    return {"$ref": f"#/components/parameters/{name}"}


def operation(
    name: str, tag: str, summary: str, success: Object, failures: str = "", **more: Any
) -> Object:
    """An operation; `failures` are the statuses it may answer with beyond the common ones."""
    statuses = sorted({"401", "422", "429", "503", *failures.split()})
    found: Object = {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        **more,
        "responses": {
            **success,
            **{each: {"$ref": f"#/components/responses/Status{each}"} for each in statuses},
        },
    }
    return found


def paths(rtype: RecordType, names: Names) -> Object:
    """The six addresses of a record type; one without a bin has no way into it, nor out."""
    base = f"/api/v1/{rtype.path}"
    one = f"{base}/{{id}}"
    found: Object = {
        base: {"get": _list(rtype, names), "post": _create(rtype, names)},
        f"{base}/bulk": {"post": _bulk(rtype, names)},
        f"{base}/aggregate": {"get": _aggregate(rtype)},
        one: {
            "parameters": [parameter("id")],
            "get": _read(rtype, names),
            "patch": _change(rtype, names),
            "delete": _delete(rtype),
        },
        f"{one}/restore": {"parameters": [parameter("id")], "post": _restore(rtype, names)},
        f"{one}/history": {"parameters": [parameter("id")], "get": _history(rtype)},
    }
    if not rtype.has_bin:
        del found[one]["delete"], found[f"{one}/restore"]
    return found


def _list(rtype: RecordType, names: Names) -> Object:
    return operation(
        f"{rtype.slug}_list",
        rtype.slug,
        f"List {str(rtype.label_plural).lower()}",
        {"200": answer("A page of the list.", schema(names.list))},
        "403 404 400",
        parameters=[
            *(
                parameter(name)
                for name in ("q", "filter", "view", "bin", "limit", "cursor", "total")
            ),
            _sort(rtype),
            _fields(rtype),
            _expand(rtype),
            *_filters(rtype),
        ],
    )


def _create(rtype: RecordType, names: Names) -> Object:
    headers = ("ETag", "Location", "Idempotency-Replayed")
    return operation(
        f"{rtype.slug}_create",
        rtype.slug,
        f"Create: {str(rtype.label).lower()}",
        {"201": answer("Created.", schema(names.record), *headers)},
        "400 403 409 413 415",
        parameters=[parameter("Idempotency-Key")],
        requestBody={"required": True, "content": content(schema(names.create))},
    )


PAST_DAY = _query(
    "as_of",
    {"type": "string", "format": "date"},
    "A past day, as in 2026-03-01: the record at its end, in the time zone of who asks. A day to "
    "come is refused; before the record was made, or while it lay in the bin, the answer is 404.",
)


def _read(rtype: RecordType, names: Names) -> Object:
    unchanged: Object = {
        "description": "Unchanged.",
        "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
    }
    return operation(
        f"{rtype.slug}_read",
        rtype.slug,
        f"Read: {str(rtype.label).lower()}",
        {"200": answer("The record.", schema(names.record), "ETag"), "304": unchanged},
        "404",
        parameters=[_fields(rtype), _expand(rtype), PAST_DAY, parameter("If-None-Match")],
    )


def _change(rtype: RecordType, names: Names) -> Object:
    return operation(
        f"{rtype.slug}_change",
        rtype.slug,
        f"Change: {str(rtype.label).lower()}",
        {"200": answer("The record after the change.", schema(names.record), "ETag")},
        "400 403 404 409 412 413 415 428",
        parameters=[parameter("If-Match")],
        requestBody={"required": True, "content": content(schema(names.change))},
    )


def _delete(rtype: RecordType) -> Object:
    return operation(
        f"{rtype.slug}_delete",
        rtype.slug,
        f"Put into the bin: {str(rtype.label).lower()}",
        {"204": {"description": "In the bin."}},
        "403 404 409 412 428",
        parameters=[parameter("If-Match")],
    )


def _restore(rtype: RecordType, names: Names) -> Object:
    return operation(
        f"{rtype.slug}_restore",
        rtype.slug,
        f"Take out of the bin: {str(rtype.label).lower()}",
        {"200": answer("The record.", schema(names.record), "ETag", "Idempotency-Replayed")},
        "400 403 404 409 413",
        parameters=[parameter("Idempotency-Key")],
    )


def _history(rtype: RecordType) -> Object:
    return operation(
        f"{rtype.slug}_history",
        rtype.slug,
        f"History: {str(rtype.label).lower()}",
        {"200": answer("The saves, newest first.", schema("History"))},
        "404",
    )


def _bulk(rtype: RecordType, names: Names) -> Object:
    return operation(
        f"{rtype.slug}_bulk",
        rtype.slug,
        f"Create, change or delete many {str(rtype.label_plural).lower()}",
        {"200": answer("A result per row.", schema("BulkResult"), "Idempotency-Replayed")},
        "400 403 409 413 415",
        parameters=[parameter("Idempotency-Key")],
        requestBody={"required": True, "content": content(schema(names.bulk))},
    )


def _aggregate(rtype: RecordType) -> Object:
    measures = {"type": "array", "items": {"type": "string"}}
    return operation(
        f"{rtype.slug}_aggregate",
        rtype.slug,
        f"Figures over {str(rtype.label_plural).lower()}",
        {"200": answer("A row per group, largest first.", schema("Figures"))},
        "403 400",
        parameters=[
            parameter("q"),
            parameter("filter"),
            _query("group_by", {"type": "string"}, "A field: one row per value."),
            _query(
                "measures",
                measures,
                "`count`, `sum:<field>`, `min:<field>`, `max:<field>`, `avg:<field>`.",
                style="form",
                explode=False,
            ),
        ],
    )


# Parameters that depend on the fields


def _sort(rtype: RecordType) -> Object:
    names = [*_sortable(rtype), "created_at", "updated_at"]
    allowed = [f"{sign}{name}" for name in names for sign in ("", "-")]
    shape = {"type": "array", "maxItems": 5, "items": {"type": "string", "enum": allowed}}
    return _query("sort", shape, "The order; a minus turns it round.", style="form", explode=False)


def _sortable(rtype: RecordType) -> list[str]:
    return [
        each.name
        for each in rtype.fields
        if each.sortable and not each.collection and not each.shortcut and not each.computed
    ]


def _fields(rtype: RecordType) -> Object:
    text = "Show these fields only; a plugin's name means all of its fields."
    return _query("fields", _NAMES_OF_FIELDS, text, style="form", explode=False)


def _expand(rtype: RecordType) -> Object:
    names = [each.name for each in rtype.fields if each.on_demand]
    text = f"Show on demand: {', '.join(names)}." if names else "Nothing is on demand here."
    return _query("expand", _NAMES_OF_FIELDS, text, style="form", explode=False)


def _filters(rtype: RecordType) -> list[Object]:
    moment = Field(name="", label="", type=FieldType.DATETIME)
    found = [_filter("id", ID, operators(Field(name="", label="", type=FieldType.REFERENCE)))]
    for name in ("created_at", "updated_at"):
        found.append(_filter(name, _day_or_moment(), operators(moment)))
    for each in rtype.fields:
        if each.filterable and len(operators(each)) > 1:
            found.append(_filter(each.name, _filter_value(each), operators(each), str(each.label)))
    return found


def _filter(name: str, shape: Object, known: tuple[str, ...], label: str = "") -> Object:
    text = f"{label or name}. Operators: {', '.join(known)}."
    return {
        **_query(name, {"type": "array", "items": shape}, text, style="form", explode=True),
        "x-operators": list(known),
    }


_DAYS: tuple[Object, ...] = (
    {"type": "string", "format": "date"},
    {"type": "string", "pattern": rf"^({'|'.join(day_words.FIXED)})$"},
    {
        "type": "string",
        "pattern": r"^((last|next)_[0-9]{1,4}_days|[0-9]{1,4}_days_ago|in_[0-9]{1,4}_days)$",
    },
)


def _day_or_moment() -> Object:
    return {"type": "string", "anyOf": [MOMENT, *_DAYS]}


def _filter_value(field: Field) -> Object:
    if field.type in (FieldType.CHOICE, FieldType.CHOICES):
        values = [each.value for each in field.choices]
        return {"type": "string", "enum": values} if values else {"type": "string"}
    if field.type is FieldType.BOOLEAN:
        return _FLAG
    if field.type is FieldType.INTEGER:
        return dict(shapes.WHOLE)
    if field.type is FieldType.DATE:
        return {"type": "string", "anyOf": list(_DAYS)}
    if field.type is FieldType.DATETIME:
        return _day_or_moment()
    return {"type": "string"}
