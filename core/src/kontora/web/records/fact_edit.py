"""Change one fact where it stands: its input, the save, and what is shown after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, request

from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import service
from kontora.registry.fields import Field
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import complaints, flash, forms
from kontora.web.records import conflict, facts, form_fields, sources
from kontora.web.records.blueprint import blueprint
from kontora.web.records.cells import Cells
from kontora.web.records.history_page import undo_path
from kontora.web.records.record_page import heading, loaded


@blueprint.get("/<rtype:rtype>/<uuid:record_id>/facts/<name>")
@policy(RECORDS)
def edit_fact(rtype: RecordType, record_id: UUID, name: str) -> Response:
    """The input of one fact, as a fragment."""
    session = db()
    record, field = _wanted(session, rtype, record_id, name)
    version = service.version_of(session, rtype, record_id)
    return _input(session, rtype, record, field, version, forms.flat(record, [field]), {})


@blueprint.post("/<rtype:rtype>/<uuid:record_id>/facts/<name>")
@policy(RECORDS)
def save_fact(rtype: RecordType, record_id: UUID, name: str) -> Response:
    """Save one fact. What others changed beside it stays; if somebody changed the same, both
    values are told and the next save decides."""
    session = db()
    record, field = _wanted(session, rtype, record_id, name)
    sent = forms.read([field], request.form)
    version = request.form.get("version", type=int)
    try:
        with session.begin_nested():
            mine = conflict.own_changes(session, rtype, record, [field], sent, version)
            if mine.contested:
                present = forms.flat(record, [field]).get(field.name)
                theirs = conflict.words_of(Cells(session, [field]), field, present)
                other = {"who": mine.who, "value": theirs}
                return _input(session, rtype, record, field, mine.version, sent, {}, other=other)
            body = forms.nested(mine.changes)
            saved = service.change_record(session, rtype, record_id, body, mine.version)
    except Invalid as error:
        values = forms.flat(record, [field]) | sent
        return _input(session, rtype, record, field, version or 0, values, error.errors)
    undo = undo_path(session, rtype, record_id, field.name) if saved.changed else None
    if undo is not None:
        flash.tell(_("“%(field)s” is saved.") % {"field": field.label}, "good", undo)
    return _shown(session, rtype, record_id, field)


def _wanted(
    session: ScopedSession, rtype: RecordType, record_id: UUID, name: str
) -> tuple[dict[str, Any], Field]:
    record, _fields = loaded(session, rtype, record_id)
    service.check_may(session, rtype, service.find(session, rtype, record_id), "edit")
    known = form_fields.of_record(session, rtype, record)
    field = next((each for each in known if each.name == name), None)
    if field is None:
        raise NotFound()
    return record, field


def _input(
    session: ScopedSession,
    rtype: RecordType,
    record: Mapping[str, Any],
    field: Field,
    version: int,
    values: Mapping[str, Any],
    errors: Mapping[str, Sequence[object]],
    *,
    other: Mapping[str, str] | None = None,
) -> Response:
    described = form_fields.with_present(form_fields.described(session, field), field, values)
    body = render_template(
        "core/pages/fact_edit.html",
        f=described,
        value=forms.shown(session, [field], values).get(field.name),
        errors=complaints.by_path(errors, [field]),
        action=f"/{rtype.path}/{record['id']}/facts/{field.name}",
        version=version,
        other=other,
    )
    return make_response(body, 422 if errors else 412 if other else 200)


def _shown(session: ScopedSession, rtype: RecordType, record_id: UUID, field: Field) -> Response:
    """The fact as it is now, and the header, in which it may stand too."""
    record, fields = loaded(session, rtype, record_id)
    shown = facts.fact(Cells(session, [field]), rtype, record, field, editable=True)
    said = sources.of_fields(service.history(session, rtype, record_id))
    shown["source"] = None if shown["blank"] else said.get(field.name, said.get(""))
    head = heading(session, rtype, record, fields)
    return make_response(render_template("core/pages/fact_saved.html", fact=shown, **head))
