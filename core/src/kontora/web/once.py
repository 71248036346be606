"""A form that is sent twice is saved once.

Each form carries a number of its own (`once`, made in the browser). The first answer that leads
on is kept under it, in the transaction of its effect; whoever sends the same form again, because
the line broke before the answer came, is led to the same place. A form that was refused may be
sent again as often as it takes.
"""

from __future__ import annotations

import hashlib
import re

from flask import Flask, Response, g, make_response, request

from kontora.errors import Conflict, Invalid
from kontora.http.context import SAFE, db
from kontora.lifecycle.site import Site
from kontora.records import idempotency
from kontora.text import _

FIELD = "once"
# By these an answer leads on, to a browser or to htmx.
LEADING = ("Location", "HX-Redirect", "HX-Location")
# The pages of records, of plugins' types too. Others do something before their own transaction
# (count a try, say), which on SQLite an open one would keep waiting.
GUARDED = ("records",)
_SHAPE = re.compile(r"[A-Za-z0-9-]{16,64}")
# What a browser fills in anew each time says nothing of what was typed.
_LOOSE = {FIELD, "csrf_token"}


def register(app: Flask, site: Site) -> None:
    """Watch every form of the pages."""
    app.before_request(_before)
    app.after_request(_after)


def _before() -> Response | None:
    if request.method in SAFE or request.blueprint not in GUARDED or g.get("principal") is None:
        return None
    user, key = g.principal.user_id, request.form.get(FIELD, "")
    if user is None or not _SHAPE.fullmatch(key):
        return None
    owner = f"form:{user}"
    try:
        answer = idempotency.claim(db(), owner, key, _hash())
    except Invalid as error:
        raise Conflict(
            _("This form was saved already, with another text. What you typed now is a draft."),
            _("Open the record and add what is missing there."),
        ) from error
    if answer is None:
        g.once = (owner, key)
        return None
    return _again(answer)


def _again(answer: idempotency.Answer) -> Response:
    """The first answer once more: on to the same place."""
    response = make_response(answer.body, answer.status)
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response


def _after(response: Response) -> Response:
    """Keep where the first answer led; one that leads nowhere (a form with errors, a part of a
    page) frees the number."""
    claimed = g.pop("once", None)
    if claimed is None or response.status_code >= 400 or "session" not in g:
        return response
    owner, key = claimed
    headers = {name: value for name, value in response.headers if name in LEADING}
    if headers:
        body = response.get_data(as_text=True) if response.mimetype == "application/json" else ""
        if body:
            headers["Content-Type"] = response.content_type or "application/json"
        answer = idempotency.Answer(status=response.status_code, body=body, headers=headers)
        idempotency.keep(g.session, owner, key, answer)
    else:
        idempotency.release(g.session, owner, key)
    return response


def _hash() -> str:
    """What was sent, whatever its order of files and fields that differ each time."""
    digest = hashlib.sha256(request.path.encode())
    for name, values in sorted(request.form.lists()):
        if name not in _LOOSE:
            digest.update(repr((name, values)).encode())
    for name, files in sorted(request.files.lists()):
        digest.update(repr((name, [each.filename for each in files])).encode())
    return digest.hexdigest()
