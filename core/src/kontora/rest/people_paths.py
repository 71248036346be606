"""The description of owners, charts, trees and notices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kontora.records.owners import has_owner
from kontora.registry.records import RecordType
from kontora.rest.operations import PAST_DAY, answer, operation, parameter, schema
from kontora.rest.shapes import ID, MOMENT

Object = dict[str, Any]
_TEXT: Object = {"type": "string"}
_MAYBE: Object = {"type": ["string", "null"]}
_DAY: Object = {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}
_SOMEBODY: Object = {"anyOf": [schema("Reference"), {"type": "null"}]}
LARGEST_NOTICE = 10**17
AS_OF: Object = {**PAST_DAY, "description": "A past day; without it today."}


def _object(members: Mapping[str, Object]) -> Object:
    return {"type": "object", "properties": dict(members), "required": list(members)}


def _many(item: Object) -> Object:
    return {"type": "array", "items": item}


SCHEMAS: Mapping[str, Object] = {
    "Owners": _object(
        {
            "items": _many(
                _object(
                    {
                        "owner": _SOMEBODY,
                        "branch": _SOMEBODY,
                        "from": MOMENT,
                        "to": {"anyOf": [MOMENT, {"type": "null"}]},
                        "changed_by": _MAYBE,
                    }
                )
            )
        }
    ),
    "Place": {
        **_object(
            {
                "id": ID,
                "name": _TEXT,
                "title": _MAYBE,
                "department": _MAYBE,
                "functions": _MAYBE,
                "from": _DAY,
                "to": _DAY,
                "people": _many(schema("Place")),
            }
        ),
        "description": "A position, with those who report to it. Whom you may not see is left "
        "out; who reports to him stands at the top.",
    },
    "Chart": _object(
        {"as_of": {"type": "string", "format": "date"}, "people": _many(schema("Place"))}
    ),
    "Firm": _object(
        {
            "id": ID,
            "name": _TEXT,
            "here": {"type": "boolean", "description": "Whether it is the one asked for."},
            "from": _DAY,
            "to": _DAY,
            "owner": _SOMEBODY,
            "roles": _many(_object({"role": _TEXT, "status": _MAYBE, "class": _MAYBE})),
            "firms": _many(schema("Firm")),
        }
    ),
    "Tree": _object({"as_of": {"type": "string", "format": "date"}, "top": schema("Firm")}),
    "Notices": _object(
        {
            "items": _many(
                _object(
                    {
                        "id": {"type": "integer"},
                        "kind": _TEXT,
                        "text": {**_TEXT, "description": "In the language of who asks."},
                        "link": _MAYBE,
                        "created_at": MOMENT,
                        "read_at": {"anyOf": [MOMENT, {"type": "null"}]},
                    }
                )
            ),
            "unread": {"type": "integer"},
        }
    ),
    "NoticesRead": _object({"read": {"type": "integer"}}),
}


def of_type(rtype: RecordType) -> Object:
    """What records of a type have beside the common operations."""
    one, found = f"/api/v1/{rtype.path}/{{id}}", {}
    ways: list[tuple[str, str, str, list[Object]]] = []
    if has_owner(rtype):
        ways.append(("ownership", "Owners, newest first", "Owners", []))
    if is_firm(rtype):
        ways.append(("chart", "Organisation chart", "Chart", [AS_OF]))
        ways.append(("tree", "Tree of the holding", "Tree", [AS_OF]))
    for name, summary, shape, given in ways:
        found[f"{one}/{name}"] = {
            "parameters": [parameter("id")],
            "get": operation(
                f"{rtype.slug}_{name}",
                rtype.slug,
                summary,
                {"200": answer(f"{summary}.", schema(shape))},
                "404",
                **({"parameters": given} if given else {}),
            ),
        }
    return found


def is_firm(rtype: RecordType) -> bool:
    """Whether organisations are under this path."""
    return rtype.entity == "party" and "organisation" in rtype.kinds


def of_me() -> Object:
    """The notices of whoever asks."""
    flag: Object = {"type": "string", "enum": ["1", "0", "true", "false"]}
    before: Object = {"type": "integer", "minimum": 0, "maximum": LARGEST_NOTICE}
    one: Object = {
        "name": "notice",
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_NOTICE},
    }
    return {
        "/api/v1/me/notices": {
            "get": operation(
                *("notices_list", "me", "Your notices, newest first"),
                {"200": answer("The notices.", schema("Notices"))},
                parameters=[
                    {
                        "name": "unread",
                        "in": "query",
                        "description": "New ones only.",
                        "schema": flag,
                    },
                    {
                        "name": "before",
                        "in": "query",
                        "description": "Older than the notice of this id.",
                        "schema": before,
                    },
                    parameter("limit"),
                ],
            )
        },
        "/api/v1/me/notices/read": {
            "post": operation(
                *("notices_read", "me", "Mark all of your notices as read"),
                {"200": answer("How many were new.", schema("NoticesRead"))},
            )
        },
        "/api/v1/me/notices/{notice}/read": {
            "parameters": [one],
            "post": operation(
                *("notice_read", "me", "Mark a notice as read"),
                {"204": {"description": "Read."}},
                "404",
            ),
        },
    }
