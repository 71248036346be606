"""Webhooks for programs that set up others. All of it needs the right `admin.webhooks`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, jsonify

from kontora.errors import NotFound
from kontora.http.context import db
from kontora.records.values import to_json
from kontora.rest.bodies import body
from kontora.rest.checks import check
from kontora.rest.etags import etag, expected
from kontora.rest.parameters import Arguments, no_arguments, number_of
from kontora.rest.records import parsed
from kontora.rest.webhook_paths import CHANGE, CREATE, LARGEST
from kontora.text import _
from kontora.webhooks import deliveries, endpoints, events
from kontora.webhooks.models import STATES

PAGE = 50


def listed() -> Response:
    """All webhooks, and the kinds of events that can be chosen."""
    no_arguments()
    items = [_endpoint(each) for each in endpoints.listed(db())]
    return jsonify({"items": items, "event_types": list(events.event_types(db().registry))})


def create() -> Response:
    """Make a webhook; the answer holds its secret, this once."""
    no_arguments()
    data = body()
    check(CREATE, data)
    made, secret = endpoints.create(db(), data)
    shown = endpoints.get(db(), made)
    response = jsonify({**_endpoint(shown), "secret": secret})
    response.status_code = 201
    response.headers["ETag"] = etag(shown["version"])
    response.headers["Location"] = f"/api/v1/webhooks/{made}"
    return response


def read(record_id: str) -> Response:
    """One webhook."""
    no_arguments()
    return _one(parsed(record_id))


def change(record_id: str) -> Response:
    """Change what is sent. Turning a webhook on forgets its failures."""
    wanted = parsed(record_id)
    no_arguments()
    version = expected(endpoints.get(db(), wanted)["version"])
    data = body()
    check(CHANGE, data)
    endpoints.change(db(), wanted, data, version)
    return _one(wanted)


def _one(wanted: UUID) -> Response:
    shown = endpoints.get(db(), wanted)
    response = jsonify(_endpoint(shown))
    response.headers["ETag"] = etag(shown["version"])
    return response


def remove(record_id: str) -> Response:
    """Delete a webhook with its deliveries."""
    no_arguments()
    wanted = parsed(record_id)
    endpoints.remove(db(), wanted, expected(endpoints.get(db(), wanted)["version"]))
    return Response(status=204)


def rotate(record_id: str) -> Response:
    """A new secret, told this once; the old one is good for 24 hours more."""
    no_arguments()
    return jsonify({"secret": endpoints.rotate(db(), parsed(record_id))})


def test(record_id: str) -> Response:
    """Send a test event."""
    wanted = parsed(record_id)
    no_arguments()
    made = endpoints.test(db(), wanted)
    return _accepted(_delivery(deliveries.get(db(), wanted, made)))


def sent(record_id: str) -> Response:
    """Deliveries, the newest first; `state` narrows them, `cursor` is `next` of the page before."""
    wanted = parsed(record_id)
    endpoints.get(db(), wanted)
    arguments = Arguments()
    state, cursor = arguments.one("state") or "", arguments.one("cursor") or ""
    if state and state not in STATES:
        arguments.note("state", _("Must be one of: %(k)s.") % {"k": ", ".join(STATES)})
    before = number_of(cursor, LARGEST) if cursor else None
    if cursor and before is None:
        arguments.note("cursor", _("This is no cursor of this list."))
    for name in arguments.given.keys() - {"state", "cursor"}:
        arguments.note(name, _("There is no such parameter."))
    arguments.refuse()
    rows = deliveries.listed(db(), wanted, state=state, before=before, limit=PAGE + 1)
    more = str(rows[PAGE - 1]["id"]) if len(rows) > PAGE else None
    return jsonify({"items": [_delivery(each) for each in rows[:PAGE]], "next": more})


def retry(record_id: str, number: str) -> Response:
    """Try a delivery that ended once more."""
    wanted = parsed(record_id)
    no_arguments()
    endpoints.get(db(), wanted)
    delivery_id = number_of(number, LARGEST)
    if delivery_id is None:
        raise NotFound(_("There is no such delivery."))
    deliveries.again(db(), wanted, delivery_id)
    return _accepted(_delivery(deliveries.get(db(), wanted, delivery_id)))


def retry_all(record_id: str) -> Response:
    """Try all dead letters once more."""
    wanted = parsed(record_id)
    no_arguments()
    return _accepted({"count": deliveries.all_again(db(), wanted)})


def _accepted(document: Mapping[str, Any]) -> Response:
    response = jsonify(document)
    response.status_code = 202
    return response


def _endpoint(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = ("url", "description", "events", "active", "disabled_reason")
    moments = ("failing_since", "disabled_at", "created_at", "updated_at")
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in shown},
        "owner": {"id": str(row["owner_id"]), "name": row["owner_name"]},
        "deliveries": {state: row["counts"].get(state, 0) for state in STATES},
        **{name: to_json(row[name]) for name in moments},
    }


def _delivery(row: Mapping[str, Any]) -> dict[str, Any]:
    record: UUID | None = row["record_id"]
    shown = ("id", "message_id", "event", "changed", "state", "attempts", "status", "error")
    return {
        **{name: row[name] for name in (*shown, "answer")},
        "record_id": None if record is None else str(record),
        **{name: to_json(row[name]) for name in ("created_at", "next_at", "ended_at")},
    }
