"""The members of a group: who is in it, who was, and who comes and goes."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from kontora.http.context import db
from kontora.parties import groups
from kontora.parties.group_models import GroupPeriod
from kontora.parties.models import Party
from kontora.records import past, service
from kontora.records.filters import as_ids
from kontora.records.values import to_json
from kontora.registry.records import RecordType
from kontora.rest.bodies import body
from kontora.rest.checks import check
from kontora.rest.operations import PAST_DAY, answer, content, operation, parameter, schema
from kontora.rest.parameters import Arguments, no_arguments, number_of
from kontora.rest.records import parsed
from kontora.rest.shapes import ID, MOMENT
from kontora.text import _

Object = dict[str, Any]
MOST = 1_000
LARGEST = 10**17
_IDS: Object = {"type": "array", "maxItems": MOST, "items": ID}
CHANGE: Object = {
    "type": "object",
    "properties": {"add": _IDS, "remove": _IDS},
    "additionalProperties": False,
}


def holds_members(rtype: RecordType) -> bool:
    """Whether records of this type are groups."""
    return rtype.entity == "group"


def listed(record_id: str) -> Response:
    """Members now, or at the end of a past day (`as_of`), those you may see."""
    wanted = parsed(record_id)
    session, arguments = db(), Arguments()
    for name in arguments.given.keys() - {"as_of", "limit", "cursor", "total"}:
        arguments.note(name, _("Unknown parameter."))
    given, limit, total = arguments.one("as_of"), arguments.limit(), arguments.flag("total")
    after = number_of(arguments.one("cursor") or "0", LARGEST)
    if after is None:
        arguments.note("cursor", _("This cursor does not belong to this list."))
    arguments.refuse()
    moment = None if given is None else past.end_of(session, past.day_of(session, given))
    rows = groups.members(session, wanted, moment, after=after or 0, limit=limit + 1)
    more = str(rows[limit - 1][0].id) if len(rows) > limit else None
    return jsonify(
        {
            "items": [_member(*each) for each in rows[:limit]],
            "next": more,
            "total": groups.count(session, wanted, moment) if total else None,
        }
    )


def _member(period: GroupPeriod, party: Party) -> Object:
    return {
        "id": str(party.id),
        "kind": party.kind,
        "display_name": party.display_name,
        "from": to_json(period.begun_at),
        "to": to_json(period.ended_at),
        "added_by": period.begun_by or None,
        "removed_by": period.ended_by or None,
    }


def change(record_id: str) -> Response:
    """Add and remove members; who is in it already, or not in it, changes nothing."""
    wanted = parsed(record_id)
    no_arguments()
    session = db()
    rtype = session.registry.record_type(groups.PATH)
    service.check_may(session, rtype, service.find(session, rtype, wanted), "edit")
    data = body()
    check(CHANGE, data)
    gone = groups.remove(session, wanted, as_ids(data.get("remove", [])))
    new = groups.add(session, wanted, as_ids(data.get("add", [])))
    return jsonify({"added": [str(each) for each in new], "removed": [str(each) for each in gone]})


_MAYBE: Object = {"type": ["string", "null"]}
_MEMBER: Object = {
    "id": ID,
    "kind": {"type": "string"},
    "display_name": {"type": "string"},
    "from": MOMENT,
    "to": {"anyOf": [MOMENT, {"type": "null"}]},
    "added_by": _MAYBE,
    "removed_by": _MAYBE,
}
_TEXTS: Object = {"type": "array", "items": ID}
SCHEMAS: dict[str, Object] = {
    "GroupMembers": {
        "type": "object",
        "properties": {
            "items": {
                "type": "array",
                "items": {"type": "object", "properties": _MEMBER, "required": list(_MEMBER)},
            },
            "next": _MAYBE,
            "total": {"type": ["integer", "null"]},
        },
        "required": ["items", "next", "total"],
    },
    "GroupChange": CHANGE,
    "GroupChanged": {
        "type": "object",
        "properties": {"added": _TEXTS, "removed": _TEXTS},
        "required": ["added", "removed"],
    },
}


def of_type(rtype: RecordType) -> Object:
    """The addresses of members, described."""
    given = [
        {**PAST_DAY, "description": "A past day; without it now."},
        parameter("limit"),
        {"name": "cursor", "in": "query", "schema": {"type": "string", "pattern": "^[0-9]{1,17}$"}},
        parameter("total"),
    ]
    changed = {"200": answer("Who came and who went.", schema("GroupChanged"))}
    return {
        f"/api/v1/{rtype.path}/{{id}}/members": {
            "parameters": [parameter("id")],
            "get": operation(
                *(f"{rtype.slug}_members", rtype.slug, "Members of a group"),
                {"200": answer("Members that you may see.", schema("GroupMembers"))},
                "404",
                parameters=given,
            ),
            "post": operation(
                *(f"{rtype.slug}_members_change", rtype.slug, "Add and remove members"),
                changed,
                "400 403 404 409 413 415",
                requestBody={"required": True, "content": content(schema("GroupChange"))},
            ),
        }
    }
