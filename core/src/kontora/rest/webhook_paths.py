"""Webhooks as the description of the API has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kontora.rest.operations import answer, content, operation, parameter, schema
from kontora.rest.shapes import ID, MOMENT
from kontora.webhooks.endpoints import LONGEST_DESCRIPTION, LONGEST_URL
from kontora.webhooks.models import STATES

Object = dict[str, Any]
LARGEST = 2**53 - 1
_TEXT: Object = {"type": "string"}
_MAYBE: Object = {"type": ["string", "null"]}
_WHEN: Object = {"anyOf": [MOMENT, {"type": "null"}]}
_NAMES: Object = {"type": "array", "items": _TEXT}
_INPUT: Object = {
    "url": {"type": "string", "minLength": 1, "maxLength": LONGEST_URL},
    "description": {"type": "string", "maxLength": LONGEST_DESCRIPTION},
    "events": {
        "type": "array",
        "minItems": 1,
        "maxItems": 1000,
        "items": {"type": "string", "maxLength": 120},
    },
    "active": {"type": "boolean"},
    "owner": ID,
}
CREATE: Object = {
    "type": "object",
    "properties": _INPUT,
    "required": ["url", "events"],
    "additionalProperties": False,
}
CHANGE: Object = {"type": "object", "properties": _INPUT, "additionalProperties": False}


def _object(members: Mapping[str, Object], *optional: str) -> Object:
    required = [name for name in members if name not in optional]
    return {"type": "object", "properties": dict(members), "required": required}


_WEBHOOK = {
    "id": ID,
    "url": _TEXT,
    "description": _TEXT,
    "events": _NAMES,
    "active": {"type": "boolean"},
    "owner": schema("Reference"),
    "deliveries": _object({state: {"type": "integer"} for state in STATES}),
    "disabled_reason": _MAYBE,
    "disabled_at": _WHEN,
    "failing_since": _WHEN,
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
_DELIVERY = {
    "id": {"type": "integer"},
    "message_id": _TEXT,
    "event": _TEXT,
    "record_id": _MAYBE,
    "changed": _NAMES,
    "state": {"type": "string", "enum": list(STATES)},
    "attempts": {"type": "integer"},
    "status": {"type": ["integer", "null"]},
    "error": _MAYBE,
    "answer": _MAYBE,
    "created_at": MOMENT,
    "next_at": MOMENT,
    "ended_at": _WHEN,
}


def _many(name: str, **more: Object) -> Object:
    return _object({"items": {"type": "array", "items": schema(name)}, **more})


SCHEMAS: Mapping[str, Object] = {
    "Webhook": _object(_WEBHOOK),
    "WebhookWithSecret": _object({**_WEBHOOK, "secret": _TEXT}),
    "WebhookSecret": _object({"secret": _TEXT}),
    "WebhookCreate": CREATE,
    "WebhookChange": CHANGE,
    "WebhookList": _many("Webhook", event_types=_NAMES),
    "WebhookDelivery": _object(_DELIVERY),
    "WebhookDeliveryList": _many("WebhookDelivery", next=_MAYBE),
    "WebhookCount": _object({"count": {"type": "integer"}}),
}
TAG = {"name": "webhooks", "description": "Who is told of changes. Needs `admin.webhooks`."}


def _operation(name: str, summary: str, success: Object, failures: str = "", **more: Any) -> Object:
    return operation(f"webhooks_{name}", "webhooks", summary, success, f"403 {failures}", **more)


def _body(name: str) -> Object:
    return {"required": True, "content": content(schema(name))}


def paths() -> Object:
    """The addresses of webhooks."""
    base = "/api/v1/webhooks"
    one = f"{base}/{{id}}"
    ident = {"parameters": [parameter("id")]}
    delivery = {
        "name": "delivery",
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST},
    }
    state: Object = {"name": "state", "in": "query", "schema": _DELIVERY["state"]}
    cursor = {
        "name": "cursor",
        "in": "query",
        "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
    }
    webhook = {"200": answer("The webhook.", schema("Webhook"), "ETag")}
    whole = schema("WebhookWithSecret")
    made = {"201": answer("The webhook with its secret.", whole, "Location", "ETag")}
    match: Object = {"parameters": [parameter("If-Match")]}
    secret = {"200": answer("The new secret.", schema("WebhookSecret"))}
    accepted = {"202": answer("Queued.", schema("WebhookDelivery"))}
    listed = {"200": answer("All webhooks.", schema("WebhookList"))}
    page = {"200": answer("A page of deliveries.", schema("WebhookDeliveryList"))}
    counted = {"202": answer("So many were queued.", schema("WebhookCount"))}
    wrong = "400 404 413 415"
    new = _operation("create", "Make a webhook", made, wrong, requestBody=_body("WebhookCreate"))
    changed = _operation(
        *("change", "Change a webhook", webhook, f"{wrong} 412 428"),
        requestBody=_body("WebhookChange"),
        **match,
    )
    gone = {"204": {"description": "Deleted."}}
    sent = _operation("deliveries", "Deliveries", page, "404", parameters=[state, cursor])
    return {
        base: {"get": _operation("list", "List webhooks", listed), "post": new},
        one: {
            **ident,
            "get": _operation("read", "Read a webhook", webhook, "404"),
            "patch": changed,
            "delete": _operation("delete", "Delete a webhook", gone, "404 412 428", **match),
        },
        f"{one}/rotate": {**ident, "post": _operation("rotate", "New secret", secret, "404 413")},
        f"{one}/test": {**ident, "post": _operation("test", "Send a test", accepted, "404 413")},
        f"{one}/deliveries": {**ident, "get": sent},
        f"{one}/retry": {
            **ident,
            "post": _operation("retry_all", "Try dead letters again", counted, "404 409 413"),
        },
        f"{one}/deliveries/{{delivery}}/retry": {
            "parameters": [parameter("id"), delivery],
            "post": _operation("retry", "Try a delivery again", accepted, "404 409 413"),
        },
    }
