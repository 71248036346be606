"""Consents of a party: the ledger, what holds at a moment, and new lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, jsonify

from kontora.errors import Invalid
from kontora.http.context import db
from kontora.parties import consents
from kontora.parties.consent_models import GIVEN, WITHDRAWN
from kontora.records import past, service
from kontora.registry.records import RecordType
from kontora.rest.bodies import body
from kontora.rest.checks import check
from kontora.rest.operations import PAST_DAY, answer, content, operation, parameter, schema
from kontora.rest.parameters import Arguments, no_arguments
from kontora.rest.records import parsed
from kontora.rest.shapes import ID, MOMENT
from kontora.text import _

Object = dict[str, Any]
_TEXT: Object = {"type": "string"}
_MAYBE: Object = {"type": ["string", "null"]}
_LATER: Object = {"anyOf": [MOMENT, {"type": "null"}]}
_CHANNEL: Object = {"type": "string", "enum": list(consents.CHANNELS)}
_STATE: Object = {"type": "string", "enum": [GIVEN, WITHDRAWN]}
_BASIS: Object = {"type": "string", "enum": list(consents.BASES)}
NEW: Object = {
    "type": "object",
    "properties": {
        "purpose": {**_TEXT, "minLength": 1, "maxLength": 48},
        "channel": _CHANNEL,
        "state": _STATE,
        "basis": _BASIS,
        "from": _LATER,
        "to": _LATER,
        "proof": {"type": ["string", "null"], "maxLength": consents.LONGEST_PROOF},
        "file": {"anyOf": [ID, {"type": "null"}]},
        "source": {"type": ["string", "null"], "maxLength": consents.LONGEST_SOURCE},
    },
    "required": ["purpose", "channel", "state"],
    "additionalProperties": False,
}


def listed_of(rtype: RecordType) -> Callable[[str], Response]:
    """The view that lists the ledger of a party."""

    def listed(record_id: str) -> Response:
        """The ledger, newest first, and what holds now or at the end of `as_of`."""
        wanted, session, arguments = parsed(record_id), db(), Arguments()
        for name in arguments.given.keys() - {"as_of"}:
            arguments.note(name, _("Unknown parameter."))
        given = arguments.one("as_of")
        arguments.refuse()
        service.find(session, rtype, wanted)
        moment = None if given is None else past.end_of(session, past.day_of(session, given))
        held = consents.state(session, wanted, moment)
        return jsonify(
            {
                "items": [consents.as_json(each) for each in consents.history(session, wanted)],
                "held": sorted(f"{pair[0]}.{pair[1]}" for pair, on in held.items() if on),
            }
        )

    return listed


def adding_to(rtype: RecordType) -> Callable[[str], Response]:
    """The view that adds a line to the ledger of a party."""

    def add(record_id: str) -> Response:
        """Write down that a consent was given or withdrawn."""
        wanted = parsed(record_id)
        no_arguments()
        session = db()
        service.check_may(session, rtype, service.find(session, rtype, wanted), "edit")
        data = body()
        check(NEW, data)
        made = consents.add(session, wanted, _line(data))
        entry = next(each for each in consents.history(session, wanted) if each.id == made)
        return jsonify(consents.as_json(entry))

    return add


def _line(data: Object) -> consents.Line:
    return consents.Line(
        purpose=data["purpose"],
        channel=data["channel"],
        state=data["state"],
        basis=data.get("basis", "consent"),
        valid_from=_moment(data, "from"),
        valid_to=_moment(data, "to"),
        proof=data.get("proof"),
        file=UUID(data["file"]) if data.get("file") else None,
        source=data.get("source") or "",
    )


def _moment(data: Object, name: str) -> datetime | None:
    if not data.get(name):
        return None
    found = datetime.fromisoformat(data[name])
    if found.tzinfo is None or not 1900 < found.year < 9000:
        raise Invalid({name: [_("Give a time with its zone, as in 2026-12-31T12:00:00Z.")]})
    return found


_LINE: Object = {
    "id": {"type": "integer"},
    "purpose": _TEXT,
    "channel": _CHANNEL,
    "state": _STATE,
    "basis": _BASIS,
    "from": MOMENT,
    "to": _LATER,
    "proof": _MAYBE,
    "file": {"anyOf": [ID, {"type": "null"}]},
    "source": _MAYBE,
    "who": _TEXT,
    "at": MOMENT,
}
SCHEMAS: dict[str, Object] = {
    "Consent": {"type": "object", "properties": _LINE, "required": list(_LINE)},
    "ConsentNew": NEW,
    "Consents": {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": schema("Consent")},
            "held": {
                "type": "array",
                "items": _TEXT,
                "description": "What holds then, as purpose.channel.",
            },
        },
        "required": ["items", "held"],
    },
}


def of_type(rtype: RecordType) -> Object:
    """The addresses of consents, described."""
    return {
        f"/api/v1/{rtype.path}/{{id}}/consents": {
            "parameters": [parameter("id")],
            "get": operation(
                *(f"{rtype.slug}_consents", rtype.slug, "Consents, as a ledger"),
                {"200": answer("The ledger, newest first.", schema("Consents"))},
                "404",
                parameters=[{**PAST_DAY, "description": "What held at the end of this day."}],
            ),
            "post": operation(
                *(f"{rtype.slug}_consent", rtype.slug, "Give or withdraw a consent"),
                {"200": answer("The new line.", schema("Consent"))},
                "400 403 404 409 413 415",
                requestBody={"required": True, "content": content(schema("ConsentNew"))},
            ),
        }
    }
