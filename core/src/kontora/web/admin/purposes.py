"""The catalogue of purposes for which people are addressed."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request

from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.http.context import db
from kontora.http.policy import needs, policy
from kontora.parties import purposes as catalogue
from kontora.registry.fields import Field, FieldType
from kontora.text import _
from kontora.web import flash
from kontora.web.admin.blueprint import blueprint

SETTINGS = needs("admin.settings")


@blueprint.get("/purposes")
@policy(SETTINGS)
def purposes() -> str:
    """All purposes, and a form for another one."""
    return _page(db(), {"needs_consent": True}, {})


@blueprint.post("/purposes")
@policy(SETTINGS)
def save_purpose() -> Response:
    """Add a purpose, or change the one of this key; `retire` and `revive` name one."""
    session, form = db(), request.form
    try:
        if key := form.get("retire") or form.get("revive"):
            catalogue.retire(session, key, back="revive" in form)
        else:
            needs_consent = "true" in form.getlist("needs_consent")
            catalogue.save(session, form.get("key", ""), form.get("name", ""), needs_consent)
    except Invalid as error:
        errors = {name: [str(each) for each in texts] for name, texts in error.errors.items()}
        return make_response(_page(session, dict(form.items()), errors), 422)
    flash.tell(_("Saved."), "good")
    return make_response(redirect("/admin/purposes", 303))


def _page(session: ScopedSession, values: dict[str, Any], errors: dict[str, list[str]]) -> str:
    return render_template(
        "core/pages/admin/purposes.html",
        page={"title": _("Purposes of consent")},
        rows=catalogue.listed(session),
        fields=[
            Field(
                name="key",
                label=_("Key"),
                required=True,
                max_length=48,
                help=_("Small letters, digits and _. Programs use it; it never changes."),
            ),
            Field(name="name", label=_("Name"), required=True, max_length=120),
            Field(
                name="needs_consent",
                label=_("Needs consent"),
                type=FieldType.BOOLEAN,
                help=_("Not needed where the law gives another basis, such as the contract."),
            ),
        ],
        values=values,
        errors=errors,
    )
