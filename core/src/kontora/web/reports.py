"""Reports: the list, and one with its parameters, its table and the way to a spreadsheet."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import reports as service
from kontora.records.transfer.writers import writer_for
from kontora.registry.faces import Report
from kontora.registry.fields import FieldType
from kontora.text import _
from kontora.web import forms
from kontora.web.addresses import with_query
from kontora.web.complaints import by_path

blueprint = Blueprint("reports", __name__)
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@blueprint.get("/reports")
@policy(RECORDS)
def reports() -> str:
    """The reports that the user may run."""
    return render_template(
        "core/pages/reports.html",
        page={"title": _("Reports"), "hint": _("Figures over what you may see.")},
        reports=service.allowed(db()),
    )


@blueprint.get("/reports/<report_id>")
@policy(RECORDS)
def report(report_id: str) -> Response:
    """One report; `format` csv or xlsx sends the table as a file."""
    session = db()
    found = next((each for each in service.allowed(session) if each.id == report_id), None)
    if found is None:
        raise NotFound(_("There is no such report."))
    given = _given(found)
    asked = {name: value for name, value in given.items() if value is not None}
    kind = request.args.get("format", "")
    try:
        result = service.run(session, report_id, asked) if _is_ready(found, asked) else None
    except Invalid as error:
        errors = by_path(error.errors, found.params)
        return make_response(_page(session, found, given, None, errors), 422)
    if kind in FORMATS and result is not None:
        return _file(found, result, kind)
    return make_response(_page(session, found, given, result, {}))


def _given(found: Report) -> dict[str, Any]:
    """The parameters in the address, then the defaults of the declaration."""
    sent = forms.read(found.params, request.args)
    return {each.name: sent.get(each.name, each.default) for each in found.params}


def _is_ready(found: Report, asked: dict[str, Any]) -> bool:
    return all(each.name in asked for each in found.params if each.required)


def _page(
    session: ScopedSession, found: Report, given: dict[str, Any], result: Any, errors: Any
) -> str:
    rows = []
    for number, row in enumerate(result["rows"] if result else ()):
        cells = {
            each.name: _cell(each.type, value, each.currency)
            for each, value in zip(found.columns, row, strict=True)
        }
        rows.append({"id": str(number), "cells": cells})
    downloads = [
        {"label": label, "icon": icon, "url": _download(found, kind)}
        for kind, label, icon in (
            ("csv", "CSV", "file-text"),
            ("xlsx", "Excel", "file-spreadsheet"),
        )
    ]
    return render_template(
        "core/pages/report.html",
        page={"title": found.label, "hint": found.help},
        report=found,
        columns=[{"name": e.name, "label": e.label, "type": str(e.type)} for e in found.columns],
        rows=rows,
        has_run=result is not None,
        downloads=downloads,
        values=forms.shown(session, found.params, given),
        errors=errors,
    )


def _cell(kind: FieldType, value: Any, currency: str | None) -> Any:
    if value is None:
        return None
    if kind is FieldType.MONEY:
        return {"amount": value, "currency": currency} if currency else value
    if kind is FieldType.DATE:
        return date.fromisoformat(value) if isinstance(value, str) else value
    if kind is FieldType.DATETIME:
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    return value


def _download(found: Report, kind: str) -> str:
    kept = [(name, value) for name, value in request.args.items() if name != "format"]
    return with_query(f"/reports/{found.id}", [*kept, ("format", kind)])


def _file(found: Report, result: dict[str, Any], kind: str) -> Response:
    file = BytesIO()
    writer = writer_for(kind, file)
    writer.write_header([str(each.label) for each in found.columns])
    for row in result["rows"]:
        writer.write_row(row)
    writer.close()
    response = make_response(file.getvalue())
    response.headers["Content-Type"] = FORMATS[kind]
    response.headers["Content-Disposition"] = f'attachment; filename="{found.id}.{kind}"'
    return response
