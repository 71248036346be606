"""One cell of a list, edited in place: its control, what was typed, and the way back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, jsonify, make_response, render_template, request

from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound, Stale
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import service
from kontora.registry.fields import Field
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import complaints, forms
from kontora.web.records import form_fields, list_rows
from kontora.web.records.blueprint import blueprint
from kontora.web.records.cells import Cells, plain, type_of

LONGEST = 20_000


@blueprint.get("/<rtype:rtype>/<uuid:record_id>/cells/<name>")
@policy(RECORDS)
def show_cell(rtype: RecordType, record_id: UUID, name: str) -> Response:
    """The control of a cell, with what it holds now."""
    session = db()
    field, record = _asked(session, rtype, record_id, name)
    service.check_may(session, rtype, service.find(session, rtype, record_id), "edit")
    version = service.version_of(session, rtype, record_id)
    return _form(session, field, record, forms.flat(record, [field]), version)


@blueprint.post("/<rtype:rtype>/<uuid:record_id>/cells/<name>")
@policy(RECORDS)
def save_cell(rtype: RecordType, record_id: UUID, name: str) -> Response:
    """Save one cell: the new cell as JSON, or the control again with what is wrong (422), or with
    what somebody else saved meanwhile (409). `undo` is an earlier value as this page gave it."""
    session = db()
    field, record = _asked(session, rtype, record_id, name)
    before = forms.flat(record, [field]).get(name)
    version = request.form.get("version", 0, type=int)
    sent = _sent(field, request.form.get("undo"))
    if "theirs" in request.form or field.name not in sent or sent[field.name] == _bare(before):
        return _cell(session, rtype, field, record, {})
    try:
        with session.begin_nested():
            service.change_record(session, rtype, record_id, forms.nested(sent), version)
    except Stale as error:
        if name in error.changed or not error.changed:
            return _form(session, field, record, sent, error.current_version, theirs=before)
        service.change_record(session, rtype, record_id, forms.nested(sent), error.current_version)
    except Invalid as error:
        return _form(session, field, record, sent, version, errors=error.errors)
    saved = service.get_record(session, rtype, record_id, fields=(name,))
    undo = json.dumps(_bare(before), ensure_ascii=False)
    return _cell(
        session,
        rtype,
        field,
        saved,
        {
            "changed": True,
            "version": service.version_of(session, rtype, record_id),
            "undo": undo,
            "said": str(_("%(field)s is changed.") % {"field": field.label}),
            "undoLabel": str(_("Undo")),
        },
    )


def _asked(
    session: ScopedSession, rtype: RecordType, record_id: UUID, name: str
) -> tuple[Field, dict[str, Any]]:
    """The field and the record. Raises NotFound for what cannot be edited in a cell."""
    rtype = session.registry.effective(rtype)
    field = next((each for each in rtype.fields if each.name == name), None)
    if field is None:
        raise NotFound()
    record = service.get_record(session, rtype, record_id, fields=())
    kind = record.get("kind") if rtype.kinds else None
    if name not in list_rows.editable(session, rtype, kind):
        raise NotFound(_("This cannot be changed in the list; open the record."))
    return field, service.get_record(session, rtype, record_id, fields=(name,))


def _sent(field: Field, undo: str | None) -> dict[str, Any]:
    if undo is None:
        return forms.read([field], request.form)
    try:
        return {field.name: json.loads(undo[:LONGEST])}
    except (ValueError, RecursionError):
        raise Invalid({field.name: [_("This cannot be taken back.")]}) from None


def _bare(value: Any) -> Any:
    """A value as it is sent: of a reference only the id."""
    return value["id"] if isinstance(value, Mapping) and set(value) == {"id", "name"} else value


def _cell(
    session: ScopedSession,
    rtype: RecordType,
    field: Field,
    record: Mapping[str, Any],
    more: Mapping[str, Any],
) -> Response:
    value = Cells(session, [field]).rows([record])[0].get(field.name)
    column = {"name": field.name, "type": type_of(field)}
    row = {
        "id": record["id"],
        "url": f"/{rtype.path}/{record['id']}",
        "kind": record.get("kind") if rtype.kinds else None,
        "cells": {field.name: value},
    }
    html = render_template(
        "core/pages/views/cell.html", column=column, row=row, primary=field.name == rtype.title
    )
    return make_response(jsonify(cell=html.strip(), **more))


def _form(
    session: ScopedSession,
    field: Field,
    record: Mapping[str, Any],
    values: Mapping[str, Any],
    version: int,
    *,
    errors: Mapping[str, Sequence[object]] | None = None,
    theirs: Any = None,
) -> Response:
    conflict = theirs is not None or (errors is None and request.method == "POST")
    shown = forms.shown(session, [field], values)
    described = form_fields.with_present(form_fields.described(session, field), field, values)
    body = render_template(
        "core/pages/views/cell_form.html",
        field=described,
        value=shown.get(field.name),
        version=version,
        errors=complaints.by_path(errors or {}, [field]),
        conflict=conflict,
        theirs=plain(Cells(session, [field]).rows([record])[0].get(field.name)),
    )
    return make_response(body, 409 if conflict else 422 if errors else 200)
