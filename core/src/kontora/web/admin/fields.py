"""Custom fields: what there is for each kind of record, and the forms that make and change it."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request

from kontora.errors import Conflict, Invalid
from kontora.http.context import db, principal, site
from kontora.http.policy import needs, policy
from kontora.records.custom import define
from kontora.text import _
from kontora.web import flash
from kontora.web.admin import field_forms
from kontora.web.admin.blueprint import blueprint
from kontora.web.complaints import by_path

SETTINGS = needs("admin.settings")
HOME = "/admin/fields"


def _writing() -> Any:
    """A session of its own: a field concerns also records that the administrator does not see.
    A page is drawn only after its end, for drawing opens the session of the request."""
    return site().write(define.elevated(principal()))


def _home(entity: str) -> Response:
    return make_response(redirect(f"{HOME}#fields-{entity.replace('.', '-')}", 303))


@blueprint.get("/fields")
@policy(SETTINGS)
def fields() -> str:
    """The custom fields of all kinds of records."""
    session = db()
    return render_template(
        "core/pages/admin/fields.html",
        page={"title": _("Fields")},
        groups=field_forms.groups(session),
    )


@blueprint.get("/fields/<entity>/new")
@policy(SETTINGS)
def new_field(entity: str) -> str:
    """First the type, then the form of that type."""
    session = db()
    define.rtype_of(session, entity)
    kind = request.args.get("type", "")
    if kind not in field_forms.TYPES:
        return render_template(
            "core/pages/admin/field_types.html",
            page={"title": _("Add a field"), "hint": field_forms.title_of(session, entity)},
            entity=entity,
            types=field_forms.type_cards(),
        )
    return _form(entity, None, {"type": kind}, {})


@blueprint.post("/fields/<entity>/new")
@policy(SETTINGS)
def add_field(entity: str) -> Response:
    """Make a field; it is there from the next request on, in every process."""
    data = field_forms.read(request.form)
    try:
        with _writing() as session:
            row = define.create(session, entity, data)
            key, label = row.key, row.label
    except (Invalid, Conflict) as error:
        return _again(entity, None, error)
    flash.tell(_("The field “%(label)s” is there: custom.%(key)s.") % {"label": label, "key": key})
    return _home(entity)


@blueprint.get("/fields/<entity>/<key>")
@policy(SETTINGS)
def field(entity: str, key: str) -> str:
    """The form of a field."""
    row = define.find(db(), entity, key)
    return _form(entity, key, field_forms.values(row), {})


@blueprint.post("/fields/<entity>/<key>")
@policy(SETTINGS)
def save_field(entity: str, key: str) -> Response:
    """Change a field. Values that a new type cannot hold are counted first."""
    data = field_forms.read(request.form)
    try:
        with _writing() as session:
            row = define.find(session, entity, key)
            define.change(session, row, data, confirmed="confirmed" in request.form)
    except (Invalid, Conflict) as error:
        return _again(entity, key, error)
    flash.tell(_("Saved."), "good")
    return _home(entity)


def _again(entity: str, key: str | None, error: Invalid | Conflict) -> Response:
    values = field_forms.typed(request.form)
    errors = by_path(error.errors, ()) if isinstance(error, Invalid) else {}
    warning = "" if isinstance(error, Invalid) else f"{error} {error.remedy or ''}".strip()
    return make_response(_form(entity, key, values, errors, warning), 422)


def _form(
    entity: str,
    key: str | None,
    values: dict[str, Any],
    errors: dict[str, list[str]],
    warning: str = "",
) -> str:
    session = db()
    define.rtype_of(session, entity)
    title = values.get("label") or _("New field")
    return render_template(
        "core/pages/admin/field.html",
        page={"title": title, "hint": field_forms.title_of(session, entity)},
        entity=entity,
        key=key,
        archived=key is not None and define.find(session, entity, key).archived_at is not None,
        parts=field_forms.inputs(session, entity, key, values),
        values=values,
        errors=errors,
        warning=warning,
        options_field=field_forms.OPTIONS,
    )


@blueprint.post("/fields/<entity>/<key>/<any(archive,restore,up,down):verb>")
@policy(SETTINGS)
def act_on_field(entity: str, key: str, verb: str) -> Response:
    """Archive a field or bring it back; move it up or down."""
    with _writing() as session:
        row = define.find(session, entity, key)
        if verb in ("archive", "restore"):
            try:
                define.archive(session, row, back=verb == "restore")
            except Invalid as error:
                flash.tell(str(error.errors["label"][0]), "warn")
        else:
            keys = [each.key for each in define.listing(session, entity)]
            at = keys.index(key)
            other = at - 1 if verb == "up" else at + 1
            if 0 <= other < len(keys):
                keys[at], keys[other] = keys[other], keys[at]
            define.arrange(session, entity, keys)
    if verb == "archive":
        text = _("Archived. Its values are kept.")
        flash.tell(text, undo=f"{HOME}/{entity}/{key}/restore")
    return _home(entity)


@blueprint.get("/fields/<entity>/<key>/delete")
@policy(SETTINGS)
def ask_delete_field(entity: str, key: str) -> str:
    """What would be lost, and a place to type the key."""
    return _deletion(entity, key, {})


@blueprint.post("/fields/<entity>/<key>/delete")
@policy(SETTINGS)
def delete_field(entity: str, key: str) -> Response:
    """Delete a field with all its values, once its key was typed."""
    try:
        with _writing() as session:
            row = define.find(session, entity, key)
            define.remove(session, row, request.form.get("typed", ""))
    except Invalid as error:
        return make_response(_deletion(entity, key, by_path(error.errors, ())), 422)
    flash.tell(_("The field and its values are deleted."))
    return _home(entity)


def _deletion(entity: str, key: str, errors: dict[str, list[str]]) -> str:
    with site().read(define.elevated(principal())) as session:
        row = define.find(session, entity, key)
        label, lost = row.label, define.lost_with(session, row)
    return render_template(
        "core/pages/admin/field_delete.html",
        page={"title": _("Delete “%(label)s”?") % {"label": label}},
        entity=entity,
        key=key,
        lost=lost,
        errors=errors,
    )
