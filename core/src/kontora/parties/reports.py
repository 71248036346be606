"""Core's reports, and the permissions of its pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, or_, select

from kontora.access.models import User
from kontora.hookspecs import hookimpl
from kontora.parties.activities import Activity
from kontora.parties.activity_fields import KINDS
from kontora.parties.fields import ROLES
from kontora.parties.models import Party, PartyRole
from kontora.registry.faces import Permission, Report, ReportColumn
from kontora.registry.fields import FieldType
from kontora.text import _

COUNT = ReportColumn(name="count", label=_("Count"), type=FieldType.INTEGER)


def by_role(session: Any, params: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
    """How many parties hold each role today."""
    today = session.now.date()
    rows = session.execute(
        select(PartyRole.role, func.count(PartyRole.party_id.distinct()))
        .join(Party, Party.id == PartyRole.party_id)
        .where(or_(PartyRole.valid_to.is_(None), PartyRole.valid_to >= today))
        .group_by(PartyRole.role)
    )
    labels = {each.value: each.label for each in ROLES}
    found = [(str(labels.get(role, role)), number) for role, number in rows]
    return sorted(found, key=lambda row: (-row[1], row[0]))


def by_owner(session: Any, params: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
    """How many counterparties each user owns."""
    rows = session.execute(
        select(User.name, func.count(Party.id))
        .select_from(Party)
        .outerjoin(User, User.id == Party.owner_id)
        .where(Party.is_counterparty.is_(True))
        .group_by(User.name)
    )
    found = [(name or str(_("Nobody")), number) for name, number in rows]
    return sorted(found, key=lambda row: (-row[1], row[0]))


def activity_by_user(session: Any, params: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
    """How many activities of each kind each user has done."""
    rows = session.execute(
        select(User.name, Activity.kind, func.count(Activity.id))
        .select_from(Activity)
        .outerjoin(User, User.id == Activity.owner_id)
        .where(Activity.state == "done")
        .group_by(User.name, Activity.kind)
    )
    labels = {each.value: str(each.label) for each in KINDS}
    found = [(name or str(_("Nobody")), labels[kind], number) for name, kind, number in rows]
    return sorted(found)


@hookimpl
def register_reports() -> Iterable[Report]:
    """The reports that need nothing but contacts, counterparties and activities."""
    return (
        Report(
            id="parties-by-role",
            label=_("Parties by role"),
            help=_("How many people and organisations are clients, partners, competitors … today."),
            columns=(ReportColumn(name="role", label=_("Role")), COUNT),
            run=by_role,
            permission="reports.run",
        ),
        Report(
            id="counterparties-by-owner",
            label=_("Counterparties by owner"),
            help=_("Who looks after how many counterparties."),
            columns=(ReportColumn(name="owner", label=_("Owner")), COUNT),
            run=by_owner,
            permission="reports.run",
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
        ),
    )


@hookimpl
def register_permissions() -> Iterable[Permission]:
    """Rights beyond the record grants."""
    return (
        Permission(name="reports.run", label=_("Run reports")),
        Permission(name="admin.users", label=_("Manage users, teams and branches")),
        Permission(name="admin.roles", label=_("Manage roles and grants")),
        Permission(name="admin.plugins", label=_("Enable and disable plugins")),
        Permission(name="admin.settings", label=_("Change settings")),
        Permission(name="admin.audit", label=_("Read the audit log")),
        Permission(name="admin.health", label=_("See the health of the site")),
        Permission(name="admin.imports", label=_("See the imports of all users")),
    )
