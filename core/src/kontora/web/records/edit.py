"""Forms: a new record, and changes to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, jsonify, make_response, redirect, render_template, request

from kontora.access.session import ScopedSession
from kontora.errors import Invalid, Stale
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import service
from kontora.registry.fields import Field
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import complaints, flash, forms
from kontora.web.addresses import is_fragment, own_path
from kontora.web.records import conflict, form_fields, roles, words
from kontora.web.records.blueprint import blueprint
from kontora.web.records.record_page import heading, loaded

# New


@blueprint.get("/<rtype:rtype>/new")
@policy(RECORDS)
def new(rtype: RecordType) -> Response:
    """An empty form, filled in with what the address says (`?party=…`, `?name=…`)."""
    session = db()
    kind = _kind(rtype)
    service.require(session, rtype, "create", kind)
    fields = _shown_for({}, form_fields.inputs(session, rtype, "create", kind))
    given = {each.name: request.args[each.name] for each in fields if each.name in request.args}
    values = form_fields.blanks(kind) | _defaults(fields) | _named(rtype, kind) | given
    return _new_page(session, rtype, kind, fields, _as_lists(fields, values), {})


def _kind(rtype: RecordType) -> str | None:
    if not rtype.kinds:
        return None
    asked = request.values.get("kind", rtype.kinds[0])
    return asked if asked in rtype.kinds else rtype.kinds[0]


def _defaults(fields: Sequence[Field]) -> dict[str, Any]:
    return {each.name: each.default for each in fields if each.default is not None}


def _named(rtype: RecordType, kind: str | None) -> dict[str, Any]:
    """A bare `name`, as look-ups send it, in the fields that hold it."""
    name = request.values.get("name", "").strip()
    if not name or rtype.field_named("name") is not None:
        return {}
    if kind == "person":
        given, _blank, family = name.rpartition(" ")
        return {"given": given or None, "family": family}
    return {rtype.title: name}


def _as_lists(fields: Sequence[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """A single id given for a list of references becomes that list."""
    lists = {each.name for each in fields if each.collection is not None}
    return {
        name: [value] if name in lists and isinstance(value, str) else value
        for name, value in values.items()
    }


@blueprint.post("/<rtype:rtype>/new")
@policy(RECORDS)
def create(rtype: RecordType) -> Response:
    """Create a record; a look-up that sends only a name gets its id as JSON."""
    session = db()
    kind = _kind(rtype)
    service.require(session, rtype, "create", kind)
    if request.accept_mimetypes.best == "application/json":
        return _created_by_name(session, rtype, kind)
    fields = form_fields.inputs(session, rtype, "create", kind)
    sent = forms.read(fields, request.form)
    body = forms.nested({name: each for name, each in sent.items() if each not in (None, [])})
    try:
        with session.begin_nested():
            saved = service.create_record(session, rtype, _with_kind(body, kind))
    except Invalid as error:
        return _new_page(session, rtype, kind, _shown_for(sent, fields), sent, error.errors)
    _tell_duplicates(saved.duplicates)
    target = own_path(request.form.get("next")) or f"/{rtype.path}/{saved.id}"
    if is_fragment():  # the form stands in a dialog, or is sent without leaving its page
        flash.tell(
            _("“%(name)s” is created.") % {"name": _name_of(session, rtype, saved.id)}, "good"
        )
        response = make_response("", 200)
        response.headers["HX-Redirect"] = target
        return response
    return make_response(redirect(target, 303))


def _name_of(session: ScopedSession, rtype: RecordType, record_id: UUID) -> str:
    record = service.get_record(session, rtype, record_id, fields=(rtype.title,))
    return str(record.get(rtype.title) or rtype.label)


def _shown_for(values: Mapping[str, Any], fields: Sequence[Field]) -> list[Field]:
    """Fields of the holders of a role come into the form once the role is chosen."""
    return [each for each in fields if roles.shows(each, values) or each.name in values]


def _with_kind(body: dict[str, Any], kind: str | None) -> dict[str, Any]:
    return {**body, "kind": kind} if kind else body


def _created_by_name(session: ScopedSession, rtype: RecordType, kind: str | None) -> Response:
    named = _named(rtype, kind) or {"name": request.form.get("name", "")}
    saved = service.create_record(session, rtype, _with_kind(named, kind))
    record = service.get_record(session, rtype, saved.id, fields=(rtype.title,))
    return make_response(jsonify(id=str(saved.id), label=record[rtype.title]), 201)


def _tell_duplicates(found: Sequence[Mapping[str, Any]]) -> None:
    if found:
        names = ", ".join(str(each["name"]) for each in found)
        flash.tell(_("Saved. Perhaps the same: %(names)s.") % {"names": names}, "warn")


def _new_page(
    session: ScopedSession,
    rtype: RecordType,
    kind: str | None,
    fields: Sequence[Field],
    values: Mapping[str, Any],
    errors: Mapping[str, Sequence[object]],
) -> Response:
    body = render_template(
        "core/pages/new.html",
        page={"title": words.new(rtype)},
        rtype=rtype,
        kind=kind,
        next=own_path(request.values.get("next")),
        cancel=own_path(request.values.get("next")) or f"/{rtype.path}",
        watch=rtype.duplicates is not None,
        **_form(session, kind, fields, values, errors),
    )
    return make_response(body, 422 if errors else 200)


def _form(
    session: ScopedSession,
    kind: str | None,
    fields: Sequence[Field],
    values: Mapping[str, Any],
    errors: Mapping[str, Sequence[object]],
) -> dict[str, Any]:
    """Fields, values and errors as the macros of forms take them."""
    problems = complaints.by_path(errors, fields)
    order, first = form_fields.arranged(fields, kind, values, problems)
    return {
        "fields": [
            form_fields.with_present(form_fields.described(session, each), each, values)
            for each in order
        ],
        "first": first,
        "values": forms.shown(session, fields, values),
        "errors": problems,
        "labels": complaints.labels(problems, fields),
    }


# Change


@blueprint.get("/<rtype:rtype>/<uuid:record_id>/edit")
@policy(RECORDS)
def edit(rtype: RecordType, record_id: UUID) -> Response:
    """The form of a record, or of one group of its facts (`?part=contact`)."""
    session = db()
    record, _fields = loaded(session, rtype, record_id)
    service.check_may(session, rtype, service.find(session, rtype, record_id), "edit")
    version = service.version_of(session, rtype, record_id)
    return _edit_page(session, rtype, record, version, None, {})


@blueprint.post("/<rtype:rtype>/<uuid:record_id>/edit")
@policy(RECORDS)
def save(rtype: RecordType, record_id: UUID) -> Response:
    """Save what was changed in the form. What others changed meanwhile stays; where both changed
    the same field, the user chooses."""
    session = db()
    record, _fields = loaded(session, rtype, record_id)
    fields = form_fields.of_record(session, rtype, record)
    sent = forms.read(fields, request.form)
    dropped = {each.name for each in fields if request.form.get(f"keep.{each.name}") == "theirs"}
    sent = {name: value for name, value in sent.items() if name not in dropped}
    version = request.form.get("version", type=int)
    try:
        with session.begin_nested():
            mine = conflict.own_changes(session, rtype, record, fields, sent, version)
            if mine.contested:
                return conflict.page(session, rtype, record, mine)
            service.change_record(
                session, rtype, record_id, forms.nested(mine.changes), mine.version
            )
    except Invalid as error:
        return _edit_page(session, rtype, record, version or 0, sent, error.errors)
    except Stale as error:  # somebody saved between our look and our save
        raise Stale(error.current_version, error.changed) from None
    if mine.merged:
        flash.tell(_("Saved, beside what %(who)s changed meanwhile.") % {"who": mine.who}, "good")
    return make_response(redirect(f"/{rtype.path}/{record_id}", 303))


def _kind_of(rtype: RecordType, record: Mapping[str, Any]) -> str | None:
    return record.get("kind") if rtype.kinds else None


def _edit_page(
    session: ScopedSession,
    rtype: RecordType,
    record: Mapping[str, Any],
    version: int,
    sent: Mapping[str, Any] | None,
    errors: Mapping[str, Sequence[object]],
) -> Response:
    kind = _kind_of(rtype, record)
    part = request.values.get("part")
    fields = form_fields.of_record(session, rtype, record, part)
    values = forms.flat(record, fields) | dict(sent or {})
    readable = [each for each in rtype.fields if each.shortcut is None and each.applies_to(kind)]
    body = render_template(
        "core/pages/edit.html",
        **heading(session, rtype, record, readable),
        version=version,
        part=part,
        **_form(session, kind, fields, values, errors),
    )
    return make_response(body, 422 if errors else 200)
