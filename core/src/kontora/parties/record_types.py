"""Core's record types, declared through the same hooks as any plugin's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kontora.access import models as company
from kontora.access import quota_models, sign_in_models
from kontora.access.scope_table import PartyScope
from kontora.hookspecs import hookimpl
from kontora.parties import (
    activity_rules,
    behaviour,
    contact_dates,
    group_models,
    groups,
    holding,
    models,
    own_reach,
    relation_types,
    scope,
    stage_models,
    stages,
)
from kontora.parties.activities import Activity, ActivityParty, ActivityRecord
from kontora.parties.activity_fields import ACTIVITY_FIELDS
from kontora.parties.company import BRANCH_FIELDS, TEAM_FIELDS, USER_FIELDS, check_user
from kontora.parties.group_fields import GROUPS
from kontora.parties.link_fields import PARTY_FIELDS
from kontora.parties.models import Party
from kontora.records import models as kept
from kontora.records import shell_models, view_models
from kontora.records import watch_models as watched
from kontora.registry.fields import Field
from kontora.registry.records import Change, Draft, RecordType
from kontora.text import _
from kontora.work import mail_models
from kontora.work import models as work


@hookimpl
def register_models() -> Iterable[type]:
    """All tables of core."""
    found: dict[str, type] = {}
    modules = (company, models, kept, work, sign_in_models, quota_models, mail_models, watched)
    for module in (*modules, group_models, stage_models, view_models, shell_models):
        for each in vars(module).values():
            if isinstance(each, type) and hasattr(each, "__tablename__"):
                found[each.__tablename__] = each
    for extra in (Activity, ActivityParty, ActivityRecord, PartyScope):
        found[extra.__tablename__] = extra
    return found.values()


def _for(kind: str | None) -> tuple[Field, ...]:
    return tuple(each for each in PARTY_FIELDS if each.applies_to(kind))


@hookimpl
def register_record_types() -> Iterable[RecordType]:
    """Contacts, counterparties, activities; branches, teams and users of our own company."""
    common: dict[str, Any] = {
        "entity": "party",
        "model": Party,
        "maintain": scope.refresh,
        "maintained_by": scope.FIELDS,
        "duplicates": behaviour.duplicates,
    }
    return (
        RecordType(
            path="contacts",
            label=_("Contact"),
            label_plural=_("Contacts"),
            help=_("People: clients, their staff, partners, everyone with a name."),
            icon="user",
            kinds=("person",),
            condition=lambda: Party.kind == "person",
            columns=("display_name", "roles", "phone", "last_contact", "next_activity", "owner"),
            fields=_for("person"),
            **common,
        ),
        RecordType(
            path="counterparties",
            label=_("Counterparty"),
            label_plural=_("Counterparties"),
            help=_("Organisations, and people with a role, with whom we have dealings."),
            icon="building",
            kinds=("organisation", "person"),
            condition=lambda: Party.is_counterparty.is_(True),
            columns=("display_name", "roles", "industry", "last_contact", "next_activity", "owner"),
            fields=PARTY_FIELDS,
            **common,
        ),
        RecordType(
            path="activities",
            entity="activity",
            label=_("Activity"),
            label_plural=_("Activities"),
            help=_("Calls, visits, mails, meetings and tasks: planned, due and done."),
            icon="calendar-event",
            model=Activity,
            title="subject",
            sort="-at",
            columns=("subject", "kind", "state", "due_at", "parties", "owner"),
            handed_over=lambda: Activity.state == "planned",
            fields=ACTIVITY_FIELDS,
        ),
        GROUPS,
        *_company(),
    )


def _company() -> tuple[RecordType, ...]:
    return (
        RecordType(
            path="branches",
            entity="branch",
            label=_("Branch"),
            label_plural=_("Branches"),
            help=_("The units of our own company."),
            icon="sitemap",
            model=company.Branch,
            title="name",
            sort="name",
            columns=("name", "parent"),
            fields=BRANCH_FIELDS,
        ),
        RecordType(
            path="teams",
            entity="team",
            label=_("Team"),
            label_plural=_("Teams"),
            help=_("Users who share what they own."),
            icon="users",
            model=company.Team,
            title="name",
            sort="name",
            columns=("name", "branch", "head", "members"),
            fields=TEAM_FIELDS,
        ),
        RecordType(
            path="users",
            entity="user",
            label=_("User"),
            label_plural=_("Users"),
            help=_("The people of our own company who work here."),
            icon="user-cog",
            model=company.User,
            title="name",
            sort="name",
            columns=("name", "email", "roles", "branch", "teams", "state"),
            fields=USER_FIELDS,
        ),
    )


@hookimpl
def before_save(session: Any, draft: Draft) -> None:
    """Complete and check what core's own records need."""
    if draft.entity == "party":
        behaviour.prepare(session, draft)
        relation_types.prepare(session, draft)
        stages.prepare(session, draft)
        groups.prepare(session, draft)
    elif draft.entity == "activity":
        activity_rules.prepare(session, draft)
    elif draft.entity in ("user", "team", "branch"):
        if draft.entity == "user":
            check_user(session, draft)
        own_reach.check(session, draft)


@hookimpl
def record_changed(session: Any, change: Change) -> None:
    """Keep the relation behind an organisation's parent, and who reaches a party."""
    contact_dates.follow(session, change)
    groups.follow(session, change)
    stages.follow(session, change)
    if change.entity == "party":
        holding.follow(session, change)
        if change.verb in ("delete", "restore"):
            scope.refresh(session, [change.record_id])
