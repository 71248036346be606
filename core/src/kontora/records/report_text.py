"""Cells and parameters of a report as people read them, for mails and printed pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal
from sqlalchemy import select

from kontora.records import periods
from kontora.records.period_names import days, locale
from kontora.records.read import title_column
from kontora.records.reports import params_of
from kontora.registry.faces import Report, ReportColumn
from kontora.registry.fields import Field, FieldType
from kontora.text import _


def cell(column: ReportColumn, value: Any, zone: Any) -> str:
    """A cell with the separators and the clock of the reader; nothing for what is not there."""
    if value is None or value == "":
        return ""
    try:
        if column.type is FieldType.MONEY and column.currency:
            return str(format_currency(Decimal(str(value)), column.currency, locale=locale()))
        if column.type in (FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY):
            number = Decimal(str(value))
            return str(format_decimal(number, locale=locale(), decimal_quantization=False))
        if column.type is FieldType.DATE:
            return str(format_date(date.fromisoformat(value), "medium", locale=locale()))
        if column.type is FieldType.DATETIME:
            moment = datetime.fromisoformat(value).astimezone(zone)
            return str(format_datetime(moment, "d MMM y, HH:mm", locale=locale()))
    except (InvalidOperation, ValueError, TypeError):
        return str(value)
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return str(value)


def spoken(session: Any, report: Report, params: Mapping[str, Any]) -> str:
    """What a report was asked: “By: Branch · Role today: Client · 1–30 Nov 2026”."""
    found = []
    for each in params_of(session, report):
        value = params.get(each.name)
        if each.name in ("from", "to") or value is None or value == "":
            continue
        if each.name == "period":
            span = periods.of(session, params, str(value))
            found.append(days(span.first, span.last))
        else:
            found.append(f"{each.label}: {_value(session, each, value)}")
    return " · ".join(found)


def _value(session: Any, field: Field, value: Any) -> str:
    if field.type is FieldType.CHOICE:
        labels = {each.value: str(each.label) for each in field.choices}
        return labels.get(value, str(value))
    if field.type is FieldType.BOOLEAN:
        return str(_("yes") if value else _("no"))
    if field.type is FieldType.REFERENCE and isinstance(value, UUID):
        model: Any = session.predicates.by_entity.get(field.target or "")
        if model is not None:
            title = title_column(session, field.target or "", model)
            return str(session.scalar(select(title).where(model.id == value)) or _("unknown"))
    return str(value)
