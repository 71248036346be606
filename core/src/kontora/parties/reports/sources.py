"""Where records came from: imports, people at their forms, the API, the program itself.

It is read from the change log, which knows no scope; so it is for those who see every party.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from kontora.access.rights import Scope
from kontora.parties.reports.dimensions import titles
from kontora.records import periods
from kontora.records.models import ChangeRow, ImportRun
from kontora.records.period_names import days
from kontora.registry.faces import Chart, Outcome, Report, ReportColumn
from kontora.registry.fields import Choice, Field, FieldType
from kontora.text import Text, _

LAST = "last_12_months"
_change: Any = ChangeRow.__table__
_run: Any = ImportRun.__table__
WAYS: Mapping[str, Text] = {
    "import": _("Import"),
    "user": _("Form"),
    "token": _("API"),
    "job": _("Background work"),
    "system": _("Command line"),
}
COLUMNS = (
    ReportColumn(name="source", label=_("Came from")),
    ReportColumn(name="way", label=_("Way")),
    ReportColumn(name="count", label=_("Records made"), type=FieldType.INTEGER),
)


def _sees_all(session: Any) -> bool:
    rights = session.principal.rights
    return all(rights.scope(each, "view") is Scope.ALL for each in ("person", "organisation"))


def sources(session: Any, params: Mapping[str, Any]) -> Outcome:
    """How many people and organisations were made in a period, and from where."""
    if not _sees_all(session):
        return Outcome(
            rows=[], note=_("This report is for those who may see all people and organisations.")
        )
    first, after = periods.of(session, params, LAST).moments()
    statement = (
        select(_change.c.principal_kind, _change.c.principal_id, _change.c.source, func.count())
        .where(_change.c.entity == "party", _change.c.verb == "create")
        .where(_change.c.at >= first, _change.c.at < after)
        .group_by(_change.c.principal_kind, _change.c.principal_id, _change.c.source)
    )
    found = session.execute(statement, execution_options={"door": "changes"}).all()
    apart = params.get("by") != "way"
    runs = _runs(session, [row[2] for row in found]) if apart else {}
    users = titles(session, "user", [row[1] for row in found]) if apart else {}
    heaps: dict[tuple[str, str], int] = {}
    for kind, principal, source, number in found:
        way = "import" if str(source or "").startswith("import:") else kind
        label = str(WAYS.get(way, way))
        name = runs.get(source) or users.get(principal) or label
        key = (name, label)
        heaps[key] = heaps.get(key, 0) + int(number)
    found_heaps = sorted(heaps.items(), key=lambda each: (-each[1], *each[0]))
    return Outcome(
        rows=[[name, way, number] for (name, way), number in found_heaps],
        chart=Chart(kind="bars", label="source", values=("count",), unit=_("records made")),
        note=_("Also what was removed or merged since is counted."),
    )


def _runs(session: Any, sources: list[str | None]) -> dict[str, str]:
    """What imports are called: the day, and for who may see all imports the file."""
    ids = {each: each.partition(":")[2] for each in sources if each and each.startswith("import:")}
    wanted = {UUID(each) for each in ids.values() if len(each) == 36}
    rows = session.execute(
        select(_run.c.id, _run.c.file_name, _run.c.created_at).where(_run.c.id.in_(wanted)),
        execution_options={"door": "transfer"},
    )
    named = {str(row.id): row for row in rows}
    told = session.principal.rights.has("admin.imports")
    found = {}
    for source, run_id in ids.items():
        row = named.get(run_id)
        day = _day(session, row.created_at) if row is not None else ""
        text = _("Import of %(day)s") % {"day": day} if day else _("Import")
        found[source] = f"{text}: {row.file_name}" if told and row is not None else str(text)
    return found


def _day(session: Any, moment: datetime) -> str:
    day: date = moment.astimezone(periods.zone_of(session)).date()
    return days(day, day)


REPORTS = (
    Report(
        id="sources",
        label=_("Sources"),
        help=_("Where people and organisations came from: imports, users, the API."),
        columns=COLUMNS,
        run=sources,
        params=(
            *periods.params(LAST),
            Field(
                name="by",
                label=_("By"),
                type=FieldType.CHOICE,
                choices=(
                    Choice(value="source", label=_("Import and user")),
                    Choice(value="way", label=_("Way")),
                ),
                default="source",
            ),
        ),
        permission="reports.run",
        group="base",
        order=35,
    ),
)
