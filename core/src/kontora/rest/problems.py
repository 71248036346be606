"""Errors as problem documents (RFC 9457)."""

from __future__ import annotations

from typing import Any

from flask import Response, g, json, request

from kontora.http.failures import Failure
from kontora.http.missing_rights import whom_to_ask
from kontora.text import _

MEDIA_TYPE = "application/problem+json"


def problem(failure: Failure) -> Response:
    """The answer for a failure: `type`, `title`, `status`, and what else is known of it.

    `errors` maps the paths of fields to messages, `right` is the key of the right that is missing,
    `request_id` finds the request in the log.
    """
    found = document(failure)
    if failure.status == 403 and (ask := whom_to_ask(failure.right)):
        found["remedy"] = f"{failure.remedy} {ask}".strip()
    response = Response(json.dumps(found), failure.status, content_type=MEDIA_TYPE)
    if failure.status == 401:
        given = "Authorization" in request.headers
        challenge = 'Bearer realm="kontora"' + (', error="invalid_token"' if given else "")
        response.headers["WWW-Authenticate"] = challenge
    return response


def document(failure: Failure) -> dict[str, Any]:
    """A failure as a JSON object; also the result of one row of a bulk request."""
    found: dict[str, Any] = {
        "type": "about:blank",
        "title": failure.title,
        "status": failure.status,
    }
    detail, remedy = failure.detail, failure.remedy
    if failure.status == 401:
        detail = str(_("The token is missing, wrong, expired or revoked, or its user is disabled."))
        remedy = str(_("Send a valid token as “Authorization: Bearer …”."))
    if detail:
        found["detail"] = detail
    if remedy:
        found["remedy"] = remedy
    if failure.right:
        found["right"] = failure.right
    if failure.fields:
        found["errors"] = {path or "body": list(texts) for path, texts in failure.fields.items()}
    found["request_id"] = g.get("request_id", "")
    return found
