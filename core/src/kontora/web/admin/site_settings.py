"""Settings of the site and of plugins, each with an input of its type."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for

from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.http.context import db
from kontora.http.policy import needs, policy
from kontora.lifecycle import site_settings as stored
from kontora.registry.fields import Choice, Field, FieldType
from kontora.text import _
from kontora.web import flash, forms
from kontora.web.admin.blueprint import blueprint
from kontora.web.complaints import by_path

SETTINGS = needs("admin.settings")


@blueprint.get("/settings")
@policy(SETTINGS)
def settings() -> str:
    """All settings, core's first, then each plugin's."""
    session = db()
    return _page(session, stored.values(session), {})


@blueprint.post("/settings")
@policy(SETTINGS)
def save_settings() -> Response:
    """Store what was changed; it holds from the next request on."""
    session = db()
    sent = forms.read(_fields(session), request.form)
    try:
        changed = stored.save(session, sent)
    except Invalid as error:
        errors = by_path(error.errors, _fields(session))
        return make_response(_page(session, {**stored.values(session), **sent}, errors), 422)
    if changed:
        flash.tell(_("Saved."), "good")
    return make_response(redirect(url_for("admin.settings"), 303))


def _fields(session: ScopedSession) -> list[Field]:
    return [stored.as_field(each) for each in session.registry.settings.values()]


def _page(session: ScopedSession, values: dict[str, Any], errors: dict[str, list[str]]) -> str:
    groups: dict[str, list[Field]] = {}
    for each in _fields(session):
        owner = each.name.partition(".")[0]
        groups.setdefault(owner, []).append(_in_order(each))
    return render_template(
        "core/pages/admin/settings.html",
        page={"title": _("Settings")},
        groups=[{"label": _label(session, owner), "fields": fs} for owner, fs in groups.items()],
        values=forms.shown(session, _fields(session), values),
        errors=errors,
    )


def _in_order(field: Field) -> Field:
    """Choices by their label in the language of the reader, when there are many."""
    if field.type is not FieldType.CHOICE or len(field.choices) < 20:
        return field
    choices = [Choice(value=each.value, label=str(each.label)) for each in field.choices]
    ordered = tuple(sorted(choices, key=lambda each: str(each.label).casefold()))
    return Field(
        name=field.name, label=field.label, type=field.type, help=field.help, choices=ordered
    )


def _label(session: ScopedSession, owner: str) -> Any:
    if owner == "company":
        return _("Company")
    if owner == "watch":
        return _("Watching")
    if owner == "retention":
        return _("How long what is kept")
    state = session.site.manager.states.get(owner)
    return getattr(state.manifest if state else None, "label", "") or owner.title()
