"""Core's reports, and the permissions of its pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from kontora.access.models import User
from kontora.hookspecs import hookimpl
from kontora.parties import stages
from kontora.parties.activities import Activity
from kontora.parties.lines import on
from kontora.parties.models import Party, PartyRole
from kontora.parties.reports import base, growth, quality, sources
from kontora.parties.reports.parameters import VIEW
from kontora.records import views
from kontora.registry.faces import Permission, Report, ReportColumn
from kontora.registry.fields import FieldType
from kontora.text import _

COUNT = ReportColumn(name="count", label=_("Count"), type=FieldType.INTEGER)


# A saved view narrows a report to what the view lists.
BESIDE = {"beside": "search"}


def of_view(session: Any, params: Mapping[str, Any]) -> list[Any]:
    """What the view in `params` asks of parties; nothing without one."""
    given = params.get("view")
    return [views.condition(session, str(given), "party")] if given else []


def _hides(session: Any, entity: str, *fields: str) -> bool:
    """Whether one of these fields is hidden: narrowed by a view to one record, a count by its
    values would tell its value."""
    return any(session.principal.rights.hides(entity, each) for each in fields)


def by_role(session: Any, params: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
    """How many parties hold each role today."""
    if _hides(session, "party", "roles"):
        return []
    rows = session.execute(
        select(PartyRole.role, func.count(PartyRole.party_id.distinct()))
        .join(Party, Party.id == PartyRole.party_id)
        .where(on(PartyRole, session.now.date()), *of_view(session, params))
        .group_by(PartyRole.role),
        execution_options=BESIDE,
    )
    labels = session.registry.labels("party", "roles.role")
    found = [(str(labels.get(role, role)), number) for role, number in rows]
    return sorted(found, key=lambda row: (-row[1], row[0]))


def by_stage(session: Any, params: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
    """How many counterparties stand in each stage of each role today."""
    if _hides(session, "party", "roles"):
        return []
    rows = session.execute(
        select(PartyRole.role, PartyRole.stage, func.count(PartyRole.party_id.distinct()))
        .join(Party, Party.id == PartyRole.party_id)
        .where(on(PartyRole, session.now.date()), *of_view(session, params))
        .group_by(PartyRole.role, PartyRole.stage),
        execution_options=BESIDE,
    )
    known = {each.key: each for each in stages.all_stages(session)}
    labels = {k: str(v) for k, v in session.registry.labels("party", "roles.role").items()}

    def place(row: Any) -> tuple[Any, ...]:
        stage = known.get(row[1])
        return labels.get(row[0], row[0]), stage.sort if stage else 10**9

    return [
        _stage_row(labels.get(row[0], row[0]), known.get(row[1]), row[2])
        for row in sorted(rows, key=place)
    ]


def _stage_row(role: str, stage: Any, number: int) -> list[Any]:
    if stage is None:
        return [role, str(_("without a stage")), "", number]
    return [
        role,
        str(stages.name_of(stage)),
        str(stages.STATES.get(stage.state, stage.state)),
        number,
    ]


def by_owner(session: Any, params: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
    """How many counterparties each user owns."""
    if _hides(session, "party", "owner"):
        return []
    rows = session.execute(
        select(User.name, func.count(Party.id))
        .select_from(Party)
        .outerjoin(User, User.id == Party.owner_id)
        .where(Party.is_counterparty.is_(True), *of_view(session, params))
        .group_by(User.name),
        execution_options=BESIDE,
    )
    found = [(name or str(_("Nobody")), number) for name, number in rows]
    return sorted(found, key=lambda row: (-row[1], row[0]))


def activity_by_user(session: Any, params: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
    """How many activities of each kind each user has done."""
    if _hides(session, "activity", "owner", "kind", "state"):
        return []
    rows = session.execute(
        select(User.name, Activity.kind, func.count(Activity.id))
        .select_from(Activity)
        .outerjoin(User, User.id == Activity.owner_id)
        .where(Activity.state == "done")
        .group_by(User.name, Activity.kind)
    )
    labels = {k: str(v) for k, v in session.registry.labels("activity", "kind").items()}
    found = [
        (name or str(_("Nobody")), labels.get(kind, kind), number) for name, kind, number in rows
    ]
    return sorted(found)


@hookimpl
def register_reports() -> Iterable[Report]:
    """The reports that need nothing but contacts, counterparties and activities."""
    return (
        *base.REPORTS,
        *growth.REPORTS,
        *sources.REPORTS,
        *quality.REPORTS,
        Report(
            id="parties-by-role",
            label=_("Parties by role"),
            help=_("How many people and organisations are clients, partners, competitors … today."),
            columns=(ReportColumn(name="role", label=_("Role")), COUNT),
            run=by_role,
            params=(VIEW,),
            permission="reports.run",
            listed=False,
        ),
        Report(
            id="counterparties-by-stage",
            label=_("Counterparties by role and stage"),
            help=_("How many stand in which stage of the life cycle of each role today."),
            columns=(
                ReportColumn(name="role", label=_("Role")),
                ReportColumn(name="stage", label=_("Stage")),
                ReportColumn(name="state", label=_("State")),
                COUNT,
            ),
            run=by_stage,
            params=(VIEW,),
            permission="reports.run",
            listed=False,
        ),
        Report(
            id="counterparties-by-owner",
            label=_("Counterparties by owner"),
            help=_("Who looks after how many counterparties."),
            columns=(ReportColumn(name="owner", label=_("Owner")), COUNT),
            run=by_owner,
            params=(VIEW,),
            permission="reports.run",
            listed=False,
        ),
        Report(
            id="activities-by-user",
            label=_("Activities by user"),
            help=_("Who has done how many calls, visits and mails."),
            columns=(
                ReportColumn(name="user", label=_("User")),
                ReportColumn(name="kind", label=_("Kind")),
                COUNT,
            ),
            run=activity_by_user,
            permission="reports.run",
            listed=False,
        ),
    )


@hookimpl
def register_permissions() -> Iterable[Permission]:
    """Rights beyond the record grants."""
    return (
        Permission(name="reports.run", label=_("Run reports")),
        Permission(name="views.share", label=_("Share saved views of lists with others")),
        Permission(name="admin.users", label=_("Manage users, teams and branches")),
        Permission(name="admin.roles", label=_("Manage roles and grants")),
        Permission(name="admin.plugins", label=_("Enable and disable plugins")),
        Permission(name="admin.settings", label=_("Change settings")),
        Permission(name="admin.audit", label=_("Read the audit log")),
        Permission(name="admin.health", label=_("See the health of the site")),
        Permission(name="admin.imports", label=_("See the imports of all users")),
    )
