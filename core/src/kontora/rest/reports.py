"""Reports: which there are for whom, and their rows."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from kontora.http.context import db
from kontora.records import figures
from kontora.registry.faces import Report, ReportColumn
from kontora.registry.fields import Field
from kontora.rest.parameters import Arguments, no_arguments
from kontora.text import _


def listed() -> Response:
    """The reports that one may run, with their columns and parameters."""
    no_arguments()
    return jsonify({"items": [_described(each) for each in figures.reports(db())]})


def run(report_id: str) -> Response:
    """One report as `{"columns": […], "rows": [[…]]}`; 404 when one may not run it."""
    report = figures.report(db(), report_id)
    arguments = Arguments()
    known = {each.name for each in report.params}
    for name in arguments.given.keys() - known:
        arguments.note(name, _("Unknown parameter."))
    given = {name: arguments.one(name) for name in arguments.given}
    arguments.refuse()
    table = figures.run(db(), report, given)
    return jsonify({"columns": [_column(each) for each in table.columns], "rows": table.rows})


def _described(report: Report) -> dict[str, Any]:
    return {
        "id": report.id,
        "label": str(report.label),
        "help": str(report.help),
        "columns": [_column(each) for each in report.columns],
        "params": [_parameter(each) for each in report.params],
    }


def _column(column: ReportColumn) -> dict[str, Any]:
    found = {"name": column.name, "label": str(column.label), "type": column.type.value}
    return found | ({"currency": column.currency} if column.currency else {})


def _parameter(field: Field) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": field.name,
        "label": str(field.label),
        "type": field.type.value,
        "required": field.required,
    }
    if field.choices:
        found["choices"] = [
            {"value": each.value, "label": str(each.label)} for each in field.choices
        ]
    return found
