"""Branches as a tree, and teams with their members."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request
from sqlalchemy import select

from kontora.access.models import User
from kontora.access.session import ScopedSession
from kontora.errors import Conflict, Invalid
from kontora.http.context import db
from kontora.http.policy import needs, policy
from kontora.records import service
from kontora.registry.fields import Choice, Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web import flash
from kontora.web.admin import tree
from kontora.web.admin.blueprint import blueprint
from kontora.web.complaints import by_path

USERS = needs("admin.users")
HOME = "/admin/branches"
TITLES: dict[str, tuple[Text, Text]] = {
    "branches": (_("New branch"), _("Branch")),
    "teams": (_("New team"), _("Team")),
}


@blueprint.get("/branches")
@policy(USERS)
def branches() -> str:
    """The tree of branches, and the teams."""
    session = db()
    return render_template(
        "core/pages/admin/branches.html",
        page={"title": _("Branches and teams")},
        branches=tree.branches(session),
        teams=tree.teams(session),
    )


@blueprint.route("/<any(branches,teams):path>/new", methods=["GET", "POST"])
@policy(USERS)
def new_unit(path: str) -> Response:
    """The form for a new branch or team, and what it sends."""
    session = db()
    if request.method == "GET":
        return make_response(_form(session, path, None, {"parent": request.args.get("parent")}, {}))
    return _save(session, path, None)


@blueprint.route("/<any(branches,teams):path>/<uuid:unit_id>", methods=["GET", "POST"])
@policy(USERS)
def unit(path: str, unit_id: UUID) -> Response:
    """One branch or team as a form, and what it sends."""
    session = db()
    if request.method == "POST":
        return _save(session, path, unit_id)
    shown = service.get_record(session, _rtype(session, path), unit_id)
    return make_response(_form(session, path, unit_id, _values(path, shown), {}))


@blueprint.post("/<any(branches,teams):path>/<uuid:unit_id>/delete")
@policy(USERS)
def delete_unit(path: str, unit_id: UUID) -> Response:
    """Put a branch or team into the bin; a branch must be empty."""
    session = db()
    if path == "branches":
        _must_be_empty(session, unit_id)
    service.delete_record(session, _rtype(session, path), unit_id)
    flash.tell(_("Moved to the bin."), undo=f"/bin/restore?type={path}&ids={unit_id}")
    return make_response(redirect(HOME, 303))


def _must_be_empty(session: ScopedSession, branch_id: UUID) -> None:
    for each in tree.branches(session):
        if each["parent_id"] == branch_id or (each["id"] == branch_id and each["users"]):
            raise Conflict(
                _("Other branches or users still belong to this branch."),
                _("Move them to another branch first."),
            )


def _rtype(session: ScopedSession, path: str) -> RecordType:
    found: RecordType = session.registry.record_type(path)
    return found


def _values(path: str, shown: dict[str, Any]) -> dict[str, Any]:
    if path == "branches":
        return {"name": shown["name"], "parent": (shown["parent"] or {}).get("id")}
    return {
        "name": shown["name"],
        "branch": (shown["branch"] or {}).get("id"),
        "head": (shown["head"] or {}).get("id"),
        "members": [each["id"] for each in shown["members"]],
    }


def _save(session: ScopedSession, path: str, unit_id: UUID | None) -> Response:
    form = request.form
    data: dict[str, Any] = {"name": form.get("name", "").strip() or None}
    if path == "branches":
        data["parent"] = form.get("parent") or None
    else:
        data["branch"], data["head"] = form.get("branch") or None, form.get("head") or None
        data["members"] = [each for each in form.getlist("members") if each]
    try:
        if path == "branches":
            _check_circle(session, unit_id, data["parent"])
        with session.begin_nested():
            rtype = _rtype(session, path)
            if unit_id is None:
                service.create_record(session, rtype, data)
            else:
                service.change_record(session, rtype, unit_id, data)
    except Invalid as error:
        errors = by_path(error.errors, _rtype(session, path).fields)
        return make_response(_form(session, path, unit_id, data, errors), 422)
    flash.tell(_("Saved."), "good")
    return make_response(redirect(HOME, 303))


def _check_circle(session: ScopedSession, unit_id: UUID | None, parent: str | None) -> None:
    above = {str(each["id"]): str(each["parent_id"]) for each in tree.branches(session)}
    each, steps = parent, 0
    while unit_id is not None and each in above and steps <= len(above):
        if each == str(unit_id):
            raise Invalid({"parent": [_("A branch cannot belong to itself or to one below it.")]})
        each, steps = above[each], steps + 1


def _form(
    session: ScopedSession,
    path: str,
    unit_id: UUID | None,
    values: dict[str, Any],
    errors: dict[str, list[str]],
) -> str:
    new, _one = TITLES[path]
    everybody = [
        {"id": str(row.id), "name": row.name}
        for row in session.execute(select(User.id, User.name).order_by(User.name))
    ]
    return render_template(
        "core/pages/admin/unit.html",
        page={"title": values.get("name") or new},
        path=path,
        unit_id=unit_id,
        fields=_fields(session, path, unit_id, everybody),
        people=everybody if path == "teams" else [],
        values=values,
        errors=errors,
    )


def _fields(
    session: ScopedSession, path: str, unit_id: UUID | None, everybody: list[dict[str, Any]]
) -> list[Field]:
    units = tuple(
        Choice(value=str(each["id"]), label="\u2003" * each["depth"] + each["name"])
        for each in tree.branches(session)
        if each["id"] != unit_id
    )
    name = Field(name="name", label=_("Name"), required=True)
    choice = FieldType.CHOICE
    if path == "branches":
        help = _("Who may see a branch “and below” sees this one through it.")
        above = Field(name="parent", label=_("Belongs to"), type=choice, choices=units, help=help)
        return [name, above]
    people = tuple(Choice(value=each["id"], label=each["name"]) for each in everybody)
    return [
        name,
        Field(name="branch", label=_("Branch"), type=choice, choices=units),
        Field(name="head", label=_("Head"), type=choice, choices=people),
    ]
