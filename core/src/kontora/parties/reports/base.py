"""Counterparties and activities by whatever has few values, and by two of these crossed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kontora.parties.activities import Activity
from kontora.parties.reports import dimensions, parameters
from kontora.parties.reports.asking import asked
from kontora.parties.reports.dimensions import Dimension
from kontora.parties.reports.parameters import ACTIVITIES, PARTIES
from kontora.parties.reports.tally import COUNT, tally
from kontora.records import periods
from kontora.records.period_names import span
from kontora.registry.faces import Outcome, Report, ReportColumn
from kontora.registry.fields import Choice, Field, FieldType
from kontora.text import _

LAST = "last_12_weeks"
ROWS, COLUMNS = _("What each row stands for."), _("What each column stands for.")


def _of_parties(session: Any) -> dict[str, Dimension]:
    return dimensions.of_parties(session, session.registry.record_type(PARTIES))


def party_params(session: Any) -> tuple[Field, ...]:
    """Those of “Counterparties by …”."""
    found = dimensions.choices(_of_parties(session))
    return (
        parameters.by("by", _("By"), found, "role", ROWS),
        parameters.by("cross", _("Crossed with"), found, None, COLUMNS),
        parameters.role(session),
        parameters.KIND,
        parameters.BRANCH,
        parameters.OWNER,
        parameters.VIEW,
    )


def by_anything(session: Any, params: Mapping[str, Any]) -> Outcome:
    """How many counterparties there are today, by one or two of their facts."""
    known = _of_parties(session)
    what = parameters.parties(session, params)
    by, cross = known.get(params.get("by") or ""), known.get(params.get("cross") or "")
    if by is None:
        return Outcome(rows=[])
    return tally(what, by, cross, _("counterparties"))


def _of_activities(
    session: Any, period: periods.Period, wanted: Iterable[str | None]
) -> dict[str, Dimension]:
    """By the fields of activities; by those parts of the period that are wanted."""
    found = dimensions.of_fields(session, session.registry.record_type(ACTIVITIES))
    if parameters.readable(session, ACTIVITIES, "at"):
        for step in dimensions.STEPS:
            if step in wanted:
                found[step] = dimensions.of_time(Activity.at, "at", step, period, span)
    return found


def _times() -> tuple[Choice, ...]:
    return tuple(Choice(value=name, label=label) for name, label in dimensions.STEPS.items())


def activity_params(session: Any) -> tuple[Field, ...]:
    """Those of “Activity by …”."""
    rtype = session.registry.record_type(ACTIVITIES)
    found = dimensions.choices(dimensions.of_fields(session, rtype))
    if parameters.readable(session, ACTIVITIES, "at"):
        found += _times()
    kinds, states = (rtype.field_named(each) for each in ("kind", "state"))
    return (
        *periods.params(LAST),
        parameters.by("by", _("By"), found, "owner", ROWS),
        parameters.by("cross", _("Crossed with"), found, None, COLUMNS),
        Field(name="kind", label=_("Kind"), type=FieldType.CHOICE, choices=kinds.choices),
        Field(
            name="state",
            label=_("State"),
            type=FieldType.CHOICE,
            choices=states.choices,
            default="done",
        ),
        parameters.BRANCH,
        parameters.OWNER,
    )


def activity(session: Any, params: Mapping[str, Any]) -> Outcome:
    """How many activities there were in a period, by one or two of their facts."""
    period = periods.of(session, params, LAST)
    what = asked(
        session,
        ACTIVITIES,
        ("at", "ge", period.first),
        ("at", "lt", period.last + periods.DAY),
        *((name, "eq", params.get(name)) for name in ("kind", "state", "branch", "owner")),
    )
    known = _of_activities(session, period, (params.get("by"), params.get("cross")))
    by, cross = known.get(params.get("by") or ""), known.get(params.get("cross") or "")
    if by is None:
        return Outcome(rows=[])
    return tally(what, by, cross, _("activities"))


REPORTS = (
    Report(
        id="counterparties",
        label=_("Counterparties by …"),
        help=_("How many there are today, by role, class, industry, branch, owner or any field."),
        columns=(ReportColumn(name="by", label=_("By")), COUNT),
        run=by_anything,
        params_of=party_params,
        permission="reports.run",
        group="base",
        order=10,
    ),
    Report(
        id="activity",
        label=_("Activity"),
        help=_("Who did how much in a period: by user, kind, week, month."),
        columns=(ReportColumn(name="by", label=_("By")), COUNT),
        run=activity,
        params_of=activity_params,
        permission="reports.run",
        group="activity",
        order=20,
    ),
)
