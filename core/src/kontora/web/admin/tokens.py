"""API tokens of all users: how much they ask, and how much they may."""

from __future__ import annotations

from uuid import UUID

from flask import Response, make_response, redirect, render_template, request

from kontora import limits
from kontora.access import token_quota
from kontora.errors import Invalid
from kontora.http.context import db
from kontora.http.policy import needs, policy
from kontora.text import _
from kontora.web import flash
from kontora.web.admin.blueprint import blueprint
from kontora.work import quota

USERS = needs("admin.users")
HOME = "/admin/tokens"
_NONE = {"used": 0, "refused": 0}


@blueprint.get("/tokens")
@policy(USERS)
def tokens() -> str:
    """All tokens with what they asked today."""
    session = db()
    found = token_quota.listed(session)
    used = quota.usage(session, [each["id"] for each in found])
    return render_template(
        "core/pages/admin/tokens.html",
        page={"title": _("API tokens")},
        rows=[{**each, **used.get(each["id"], _NONE)} for each in found],
        usual=limits.current().api_per_minute,
    )


@blueprint.post("/tokens/<uuid:token_id>")
@policy(USERS)
def change_token(token_id: UUID) -> Response:
    """Change the quota of a token."""
    try:
        token_quota.change(db(), token_id, request.form)
    except Invalid as error:
        for texts in error.errors.values():
            flash.tell(str(texts[0]), "bad")
        return make_response(redirect(HOME, 303))
    flash.tell(_("Saved."), "good")
    return make_response(redirect(HOME, 303))
