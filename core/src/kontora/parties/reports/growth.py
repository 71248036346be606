"""How the base grows and decays: what is new, whose role ended, who fell silent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import func, select

from kontora.parties.models import Party, PartyRole
from kontora.parties.reports import dimensions, parameters
from kontora.parties.reports.asking import BESIDE, Asked
from kontora.records import periods, related
from kontora.records.period_names import span
from kontora.registry.faces import Chart, Outcome, Report, ReportColumn, ReportRow
from kontora.registry.fields import Choice, Field, FieldType
from kontora.text import _

LAST, SILENT = "last_12_months", 90
STEPS = ("week", "month", "quarter", "year")


def _number(name: str, label: Any) -> ReportColumn:
    return ReportColumn(name=name, label=label, type=FieldType.INTEGER)


NEW, ENDED = _number("new", _("New")), _number("ended", _("Role ended"))
QUIET, TOTAL = _number("silent", _("Fell silent")), _number("total", _("In the base"))
COLUMNS = (ReportColumn(name="part", label=_("Time")), NEW, ENDED, QUIET, TOTAL)


def params(session: Any) -> tuple[Field, ...]:
    """The period, its parts, and of whom it speaks."""
    return (
        *periods.params(LAST),
        Field(
            name="step",
            label=_("By"),
            type=FieldType.CHOICE,
            choices=tuple(
                Choice(value=each, label=dimensions.STEPS[cast(periods.Step, each)])
                for each in STEPS
            ),
            default="month",
        ),
        Field(
            name="days",
            label=_("Silent after days"),
            type=FieldType.INTEGER,
            default=SILENT,
            help=_("After so many days without a contact somebody counts as silent."),
        ),
        parameters.role(session),
        parameters.KIND,
        parameters.BRANCH,
        parameters.OWNER,
    )


def growth(session: Any, given: Mapping[str, Any]) -> Outcome:
    """New counterparties, ended roles, and those that fell silent, by parts of a period."""
    period = periods.of(session, given, LAST)
    now = periods.today(session)
    step = cast(periods.Step, given.get("step") or "month")
    parts = [each for each in period.steps(step) if each.first <= now]
    role = given.get("role")
    what = parameters.parties(session, {**given, "role": None})
    if role:
        what = Asked(session, what.rtype, (*what.leaves, *parameters.ever(role)))
    if not parts:
        return Outcome(rows=[])
    days = min(max(int(given.get("days") or SILENT), 1), 3650)
    new = _by_part(what, Party.created_at, [each.moments() for each in parts])
    before = _before(what, parts[0])
    ended = (
        _ended(what, parts, role)
        if parameters.readable(session, what.rtype.path, "roles")
        else None
    )
    silent = _silent(what, parts, days)
    rows, total = [], before
    for number, part in enumerate(parts):
        total += new.get(number, 0)
        after = part.last + periods.DAY
        back = timedelta(days=days)
        dates = (part.first, part.last)
        cells = [span(part, step), new.get(number, 0)]
        links = {
            "new": what.link(("created_at", "ge", part.first), ("created_at", "lt", after)),
            "total": what.link(("created_at", "lt", after)),
        }
        if ended is not None:
            cells.append(ended.get(number, 0))
            held = {"role": role} if role else {}
            links["ended"] = what.link(("roles", related.OP, related.text({**held, "to": dates})))
        if silent is not None:
            cells.append(silent.get(number, 0))
            links["silent"] = what.link(
                ("last_contact", "ge", part.first - back), ("last_contact", "lt", after - back)
            )
        cells.append(total)
        rows.append(ReportRow(cells, {name: each for name, each in links.items() if each}))
    columns = [COLUMNS[0], NEW, *([ENDED] if ended is not None else [])]
    columns += [*([QUIET] if silent is not None else []), TOTAL]
    drawn = tuple(each.name for each in columns[1:-1])
    return Outcome(
        rows=rows,
        columns=tuple(columns),
        chart=Chart(kind="lines", label="part", values=drawn, unit=_("counterparties")),
        note=_(
            "“Fell silent”: the last contact lay so many days back, and there was none since. "
            "What was removed or merged since is not counted."
        ),
    )


def _by_part(what: Asked, column: Any, spans: list[tuple[Any, Any]]) -> dict[int, int]:
    number = periods.bucket(column, [first for first, _after in spans]).label("part")
    statement = (
        select(number, func.count(Party.id))
        .where(*what.conditions(), column >= spans[0][0], column < spans[-1][1])
        .group_by(number)
    )
    rows = what.session.execute(statement, execution_options=BESIDE)
    return {int(part): int(count) for part, count in rows}


def _before(what: Asked, part: periods.Period) -> int:
    statement = select(func.count(Party.id)).where(
        *what.conditions(("created_at", "lt", part.first))
    )
    return int(what.session.scalar(statement, execution_options=BESIDE) or 0)


def _ended(what: Asked, parts: list[periods.Period], role: str | None) -> dict[int, int]:
    number = periods.bucket(PartyRole.valid_to, [each.first for each in parts]).label("part")
    statement = (
        select(number, func.count(Party.id.distinct()))
        .join(PartyRole, PartyRole.party_id == Party.id)
        .where(*what.conditions())
        .where(PartyRole.valid_to >= parts[0].first, PartyRole.valid_to <= parts[-1].last)
        .group_by(number)
    )
    if role:
        statement = statement.where(PartyRole.role == role)
    rows = what.session.execute(statement, execution_options=BESIDE)
    return {int(part): int(count) for part, count in rows}


def _silent(what: Asked, parts: list[periods.Period], days: int) -> dict[int, int] | None:
    if not parameters.readable(what.session, what.rtype.path, "last_contact"):
        return None
    back = timedelta(days=days)
    zone = parts[0].zone
    spans = [
        (
            periods.begin(each.first - back, zone),
            periods.begin(each.last + periods.DAY - back, zone),
        )
        for each in parts
    ]
    return _by_part(what, Party.last_contact_at, spans)


REPORTS = (
    Report(
        id="growth",
        label=_("Growth and decay of the base"),
        help=_("New counterparties, ended roles and those that fell silent, by month."),
        columns=COLUMNS,
        run=growth,
        params_of=params,
        permission="reports.run",
        group="base",
        order=30,
    ),
)
