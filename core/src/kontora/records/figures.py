"""Run reports for pages, API and command line alike: parameters in, cells out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound
from kontora.records.values import input_field, to_json
from kontora.registry.faces import Report, ReportColumn
from kontora.registry.fields import Field, FieldType
from kontora.text import LazyText, _


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The result of a report: cells are names, numbers, ISO dates and decimal strings."""

    columns: Sequence[ReportColumn]
    rows: Sequence[Sequence[Any]]


def reports(session: ScopedSession) -> list[Report]:
    """The reports that the principal may run, in order."""
    rights = session.principal.rights
    found = [
        each
        for each in session.registry.reports.values()
        if each.permission is None or rights.has(each.permission)
    ]
    return sorted(found, key=lambda each: (each.order, str(each.label)))


def report(session: ScopedSession, report_id: str) -> Report:
    """One report; NotFound when there is none of this name that the principal may run."""
    for each in reports(session):
        if each.id == report_id:
            return each
    raise NotFound(_("There is no such report."))


def run(session: ScopedSession, report: Report, given: Mapping[str, str | None]) -> Table:
    """Run a report with parameters as texts. Raises Invalid naming those that do not fit."""
    errors: dict[str, list[object]] = {
        name: [_("Unknown parameter.")]
        for name in given.keys() - {each.name for each in report.params}
    }
    params: dict[str, Any] = {}
    for each in report.params:
        try:
            params[each.name] = _parameter(each, given.get(each.name))
        except ValidationError as error:
            errors[each.name] = list(error.messages)
    if errors:
        raise Invalid(errors)
    rows = [[_cell(each) for each in row] for row in report.run(session, params)]
    return Table(columns=report.columns, rows=rows)


def _parameter(field: Field, text: str | None) -> Any:
    if text is None or text == "":
        if field.required:
            raise ValidationError(str(_("A value is needed.")))
        return field.default
    value: Any = text
    if field.type is FieldType.INTEGER and re.fullmatch(r"\s*[+-]?\d{1,10}\s*", text):
        value = int(text)
    return input_field(field, required=False).deserialize(value)


def _cell(value: Any) -> Any:
    return str(value) if isinstance(value, LazyText) else to_json(value)
