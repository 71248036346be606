"""Stages of roles: made, renamed, ordered, retired, replaced."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request

from kontora.errors import Conflict, Invalid
from kontora.http.context import db, principal, site
from kontora.http.policy import needs, policy
from kontora.parties import stage_admin, stages
from kontora.records.custom.define import elevated
from kontora.text import _
from kontora.web import flash
from kontora.web.admin.blueprint import blueprint

SETTINGS = needs("admin.settings")
HOME = "/admin/stages"
TONES = {"won": "good", "lost": "bad"}


def _writing() -> Any:
    """A session of its own: stages concern also parties that the administrator does not see."""
    return site().write(elevated(principal()))


def _home(role: str = "") -> Response:
    return make_response(redirect(f"{HOME}#stages-{role}" if role else HOME, 303))


@blueprint.get("/stages")
@policy(SETTINGS)
def stages_page() -> str:
    """The stages of all roles that have some, and a place to add one to any."""
    return _page({}, {})


def _page(errors: dict[str, Any], typed: dict[str, Any]) -> str:
    session = db()
    labels = stage_admin.labels_of_roles(session)
    found: dict[str, list[dict[str, Any]]] = {role: [] for role in ("client", "partner")}
    for each in stages.all_stages(session):
        row = {
            "key": each.key,
            "name": stages.name_of(each),
            "state": each.state,
            "label": stages.STATES.get(each.state, each.state),
            "tone": TONES.get(each.state, "neutral"),
            "retired": each.retired_at is not None,
            "used": stages.used(session, each.key),
        }
        found.setdefault(each.role, []).append(row)
    return render_template(
        "core/pages/admin/stages.html",
        page={"title": _("Stages")},
        groups=[(role, labels.get(role, role), rows) for role, rows in found.items()],
        roles=list(labels.items()),
        states=list(stages.STATES.items()),
        errors=errors,
        typed=typed,
    )


@blueprint.post("/stages")
@policy(SETTINGS)
def add_stage() -> Response:
    """Add a stage to a role."""
    role = request.form.get("role", "")
    try:
        with _writing() as session:
            stage_admin.create(session, role, request.form.to_dict())
    except Invalid as error:
        return make_response(_page(dict(error.errors), request.form.to_dict()), 422)
    flash.tell(_("Saved."), "good")
    return _home(role)


@blueprint.post("/stages/<key>")
@policy(SETTINGS)
def save_stage(key: str) -> Response:
    """Rename a stage, or say what it means: open, won, lost."""
    with _writing() as session:
        row = stage_admin.find(session, key)
        role = row.role
        stage_admin.change(session, row, request.form.to_dict())
    flash.tell(_("Saved."), "good")
    return _home(role)


@blueprint.post("/stages/<key>/<any(up,down,retire,restore):verb>")
@policy(SETTINGS)
def act_on_stage(key: str, verb: str) -> Response:
    """Move a stage, offer it no longer, or again."""
    with _writing() as session:
        row = stage_admin.find(session, key)
        role = row.role
        if verb in ("up", "down"):
            stage_admin.move(session, row, -1 if verb == "up" else 1)
        else:
            stage_admin.retire(session, row, back=verb == "restore")
    if verb == "retire":
        text = _("It is offered no longer. Parties that are in it stay there.")
        flash.tell(text, undo=f"{HOME}/{key}/restore")
    return _home(role)


@blueprint.post("/stages/<key>/delete")
@policy(SETTINGS)
def delete_stage(key: str) -> Response:
    """Delete a stage; parties that are in it get the stage `instead`."""
    try:
        with _writing() as session:
            row = stage_admin.find(session, key)
            role = row.role
            moved = stage_admin.remove(session, row, request.form.get("instead") or None)
    except Conflict as error:
        flash.tell(f"{error} {error.remedy or ''}".strip(), "warn")
        return _home()
    text = _("Deleted. %(n)s roles of parties have another stage now.") % {"n": moved}
    flash.tell(text if moved else _("Deleted."), "good")
    return _home(role)
