"""Run reports, for pages, mails, API and command line alike, in the shape of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError
from sqlalchemy import select

from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid, NotFound
from kontora.records.read import title_column
from kontora.records.transfer.formulas import guard
from kontora.records.values import input_field, to_json
from kontora.registry.faces import Chart, Outcome, Report, ReportColumn, ReportRow
from kontora.registry.fields import Field, FieldType
from kontora.text import LazyText, Text, _


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a report found: cells as JSON has them, and for each row where its cells lead to."""

    report: Report
    params: Mapping[str, Any]
    columns: tuple[ReportColumn, ...]
    rows: Sequence[list[Any]]
    links: Sequence[Mapping[str, str]]
    chart: Chart | None
    note: Text

    def document(self) -> dict[str, Any]:
        """The body of the API."""
        return {"columns": [_column(each) for each in self.columns], "rows": list(self.rows)}


def params_of(session: ScopedSession, report: Report) -> tuple[Field, ...]:
    """The parameters of a report as they are for who asks."""
    return report.params_of(session) if report.params_of else report.params


def describe(report: Report, session: ScopedSession | None = None) -> dict[str, Any]:
    """A report as lists show it: id, label, help, columns, params."""
    params = params_of(session, report) if session is not None else report.params
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
            for each in params
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
    return result(session, report_id, given).document()


def result(session: ScopedSession, report_id: str, given: Mapping[str, Any]) -> Result:
    """Run a report. Raises Invalid for parameters that do not fit."""
    report = find(session, report_id)
    params = loaded(session, report, given)
    found = report.run(session, params)
    outcome = found if isinstance(found, Outcome) else Outcome(rows=found)
    columns = outcome.columns or report.columns
    rows, links = [], []
    for row in outcome.rows:
        linked = isinstance(row, ReportRow)
        cells = row.cells if isinstance(row, ReportRow) else row
        rows.append([_cell(c, value) for c, value in zip(columns, cells, strict=True)])
        links.append(row.links if linked and isinstance(row, ReportRow) else {})
    return Result(
        report=report,
        params=params,
        columns=columns,
        rows=rows,
        links=links,
        chart=outcome.chart or report.chart,
        note=outcome.note,
    )


def loaded(session: ScopedSession, report: Report, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters by type, with the defaults of those that were not given. Users and branches
    may be given by name, `me` is oneself. Raises Invalid."""
    fields = {each.name: each for each in params_of(session, report)}
    if unknown := sorted(given.keys() - fields.keys()):
        raise Invalid({name: [_("There is no such parameter.")] for name in unknown})
    schema = Schema.from_dict(
        {name: input_field(each, required=each.required) for name, each in fields.items()}
    )
    values = {name: _given(session, fields[name], value) for name, value in given.items()}
    try:
        found: dict[str, Any] = schema().load(values)
    except ValidationError as error:
        raise Invalid({name: list(texts) for name, texts in error.messages_dict.items()}) from None
    return {name: each.default for name, each in fields.items()} | found


def _given(session: ScopedSession, field: Field, value: Any) -> Any:
    """A whole number or a name from a query string; anything else is left to the check."""
    if not isinstance(value, str):
        return value
    if field.type is FieldType.INTEGER:
        return int(value) if value.strip().lstrip("+-").isdecimal() and len(value) < 12 else value
    if field.type is FieldType.BOOLEAN:
        return {"true": True, "1": True, "false": False, "0": False}.get(value, value)
    if field.type is FieldType.REFERENCE and field.target:
        return _referred(session, field, value.strip())
    return value


def _referred(session: ScopedSession, field: Field, value: str) -> Any:
    if value == "me" and field.target == "user":
        return session.principal.user_id
    try:
        return UUID(value)
    except ValueError:
        pass
    model: Any = session.predicates.by_entity.get(field.target or "")
    if model is None or len(value) > 255 or not value.isprintable():
        return value
    title = title_column(session, field.target or "", model)
    named = list(session.scalars(select(model.id).where(title == value).limit(2)))
    if len(named) != 1:
        text = _("Nothing is called “%(name)s”.") if not named else _("Several have this name.")
        raise Invalid({field.name: [text % {"name": value} if not named else text]})
    return named[0]


def _cell(column: ReportColumn, value: Any) -> Any:
    if isinstance(value, LazyText):
        return str(value)
    if column.type is FieldType.MONEY and value is not None:
        return format(Decimal(str(value)), "f")
    return to_json(value)


def harmless(cell: Any) -> Any:
    """A cell as it may stand in a CSV file: no spreadsheet takes it for a formula."""
    return guard(cell) if isinstance(cell, str) else cell
