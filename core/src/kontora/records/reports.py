"""Run reports, for pages, API and command line alike, in the shape of the API."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError

from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid, NotFound
from kontora.records.transfer.formulas import guard
from kontora.records.values import input_field, to_json
from kontora.registry.faces import Report, ReportColumn
from kontora.registry.fields import FieldType
from kontora.text import LazyText, _


def describe(report: Report) -> dict[str, Any]:
    """A report as lists show it: id, label, help, columns, params."""
    return {
        "id": report.id,
        "label": str(report.label),
        "help": str(report.help),
        "columns": [_column(each) for each in report.columns],
        "params": [
            {
                "name": each.name,
                "label": str(each.label),
                "type": str(each.type),
                "required": each.required,
                "choices": [choice.value for choice in each.choices],
            }
            for each in report.params
        ],
    }


def _column(column: ReportColumn) -> dict[str, Any]:
    shown = {"name": column.name, "label": str(column.label), "type": str(column.type)}
    return shown | ({"currency": column.currency} if column.currency else {})


def allowed(session: ScopedSession) -> list[Report]:
    """The reports that the principal may run, in their order."""
    rights = session.principal.rights
    found = [
        each
        for each in session.registry.reports.values()
        if each.permission is None or rights.has(each.permission)
    ]
    return sorted(found, key=lambda each: (each.order, each.id))


def find(session: ScopedSession, report_id: str) -> Report:
    """One report. Raises NotFound, naming those that exist, or Forbidden."""
    reports: Mapping[str, Report] = session.registry.reports
    if report_id not in reports:
        known = ", ".join(sorted(reports))
        message = _("There is no report “%(id)s”.") % {"id": report_id}
        raise NotFound(message, _("Known: %(known)s.") % {"known": known})
    report = reports[report_id]
    if report.permission is not None and not session.principal.rights.has(report.permission):
        raise Forbidden(report.permission)
    return report


def run(session: ScopedSession, report_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Run a report with parameters as text or JSON: `{"columns": [...], "rows": [[...], ...]}`.

    Money cells are decimal strings and their column names the currency. Raises Invalid for
    parameters that do not fit.
    """
    report = find(session, report_id)
    params = _params(report, given)
    rows = [
        [_cell(column, value) for column, value in zip(report.columns, row, strict=True)]
        for row in report.run(session, params)
    ]
    return {"columns": [_column(each) for each in report.columns], "rows": rows}


def _params(report: Report, given: Mapping[str, Any]) -> dict[str, Any]:
    fields = {each.name: each for each in report.params}
    if unknown := sorted(given.keys() - fields.keys()):
        raise Invalid({name: [_("There is no such parameter.")] for name in unknown})
    schema = Schema.from_dict(
        {name: input_field(each, required=each.required) for name, each in fields.items()}
    )
    values = {
        name: _number(value) if fields[name].type is FieldType.INTEGER else value
        for name, value in given.items()
    }
    try:
        loaded: dict[str, Any] = schema().load(values)
    except ValidationError as error:
        raise Invalid({name: list(texts) for name, texts in error.messages_dict.items()}) from None
    return {name: each.default for name, each in fields.items()} | loaded


def _number(value: Any) -> Any:
    """A whole number from a query string; anything else is left to the check."""
    try:
        return int(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _cell(column: ReportColumn, value: Any) -> Any:
    if isinstance(value, LazyText):
        return str(value)
    if column.type is FieldType.MONEY and value is not None:
        return format(Decimal(str(value)), "f")
    return to_json(value)


def harmless(cell: Any) -> Any:
    """A cell as it may stand in a CSV file: no spreadsheet takes it for a formula."""
    return guard(cell) if isinstance(cell, str) else cell
