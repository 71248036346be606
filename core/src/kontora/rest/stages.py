"""The stages that the roles of a party went through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify

from kontora.errors import NotFound
from kontora.http.context import db
from kontora.parties import stages
from kontora.records.values import to_json
from kontora.registry.records import RecordType
from kontora.rest.operations import answer, operation, parameter, schema
from kontora.rest.parameters import no_arguments
from kontora.rest.records import parsed
from kontora.rest.shapes import MOMENT

Object = dict[str, Any]
_TEXT: Object = {"type": "string"}
_DAY: Object = {"type": ["string", "null"], "format": "date"}
_SPAN: Object = {
    "role": _TEXT,
    "stage": _TEXT,
    "name": {**_TEXT, "description": "What the stage is called, in the language of who asks."},
    "from": _DAY,
    "to": {"anyOf": [MOMENT, {"type": "null"}], "description": "null: it holds now."},
}
SCHEMAS: dict[str, Object] = {
    "StageSpan": {"type": "object", "properties": _SPAN, "required": list(_SPAN)},
    "StageHistory": {
        "type": "object",
        "properties": {"items": {"type": "array", "items": schema("StageSpan")}},
        "required": ["items"],
    },
}


def listed_of(rtype: RecordType) -> Callable[[str], Response]:
    """The view that lists the stages of a party."""

    def listed(record_id: str) -> Response:
        """Each stage with its role, from when to when, the newest first."""
        wanted, session = parsed(record_id), db()
        no_arguments()
        if session.principal.rights.hides("party", "roles"):
            raise NotFound()
        found = stages.spans(session, session.registry.effective(rtype), wanted)
        names = {each.key: stages.name_of(each) for each in stages.all_stages(session)}
        return jsonify(
            {
                "items": [
                    {
                        "role": each.role,
                        "stage": each.stage,
                        "name": str(names.get(each.stage, each.stage)),
                        "from": each.begin.isoformat() if each.begin else None,
                        "to": to_json(each.end),
                    }
                    for each in found
                ]
            }
        )

    return listed


def of_type(rtype: RecordType) -> Object:
    """The address of stages, described."""
    return {
        f"/api/v1/{rtype.path}/{{id}}/stages": {
            "parameters": [parameter("id")],
            "get": operation(
                *(f"{rtype.slug}_stages", rtype.slug, "Stages of its roles, as a history"),
                {"200": answer("The newest first.", schema("StageHistory"))},
                "404",
            ),
        }
    }
