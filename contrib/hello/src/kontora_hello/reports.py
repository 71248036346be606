"""A report: the same rows in pages, API and command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from kontora.api import FieldType, Report, ReportColumn, ScopedSession, hookimpl
from kontora_hello import _
from kontora_hello.models import Greeting
from kontora_hello.record_types import OCCASIONS


def by_occasion(session: ScopedSession, params: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
    labels = {each.value: each.label for each in OCCASIONS}
    found = select(Greeting.occasion, func.count(Greeting.id)).group_by(Greeting.occasion)
    return sorted((str(labels.get(key, key)), number) for key, number in session.execute(found))


@hookimpl
def register_reports() -> Iterable[Report]:
    occasion = ReportColumn(name="occasion", label=_("Occasion"))
    count = ReportColumn(name="count", label=_("Number"), type=FieldType.INTEGER)
    report = Report(
        id="hello.by-occasion",
        label=_("Greetings by occasion"),
        help=_("How many there are for birthdays, New Year and other occasions."),
        columns=(occasion, count),
        run=by_occasion,
        permission="reports.run",
    )
    return (report,)
