"""Stages of the life cycle: which there are, what a save does with them, and since when they hold.

A role of a party has a stage, and the day since when; each change of both stands in the change
log, from which `spans` reads the history. The stage of the first current role that has one stands
beside the party (`party_stage`), for lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select

from kontora.access.models import SiteState
from kontora.errors import Invalid
from kontora.parties import scope
from kontora.parties.lines import on
from kontora.parties.models import Party, PartyRole
from kontora.parties.role_choices import STATUSES
from kontora.parties.stage_models import PartyStage, RoleStage
from kontora.records import past, service
from kontora.registry.fields import Choice
from kontora.registry.records import Change, Draft, RecordType
from kontora.text import Text, _

DOOR = {"door": "stages"}
_role: Any = PartyRole.__table__
_stage: Any = PartyStage.__table__
_state: Any = SiteState.__table__
SHIPPED: Mapping[str, Text] = {
    "client_new": _("New"),
    "client_talks": _("In talks"),
    "client_buys": _("Buys"),
    "client_sleeps": _("Sleeping"),
    "client_lost": _("Lost"),
    "partner_candidate": _("Candidate"),
    "partner_terms": _("Terms in talks"),
    "partner_active": _("Works with us"),
    "partner_ended": _("Partnership ended"),
}
STATES: Mapping[str, Text] = {"open": _("open"), "won": _("won"), "lost": _("lost")}


def all_stages(session: Any) -> list[RoleStage]:
    """All stages, retired ones too, by role and order."""
    return list(session.scalars(select(RoleStage).order_by(RoleStage.sort, RoleStage.key)))


def name_of(stage: RoleStage) -> Text:
    """How a stage is called; a shipped one in the reader's language unless it was renamed."""
    return stage.name or SHIPPED.get(stage.key, stage.key)


def choices(session: Any) -> tuple[Choice, ...]:
    """The stages of all roles, as the fields offer them: “Client: Buys”."""
    pattern, roles = _("%(role)s: %(stage)s"), _roles(session)
    return tuple(
        Choice(
            value=each.key,
            label=pattern % {"role": roles.get(each.role, each.role), "stage": name_of(each)},
            retired=each.retired_at is not None,
        )
        for each in all_stages(session)
    )


def _roles(session: Any) -> Mapping[str, Text]:
    """What roles are called; of the declared registry, for the catalogue may be in the making."""
    found: Mapping[str, Text] = session.site.registry.labels("party", "roles.role")
    return found


def statuses(session: Any) -> tuple[Choice, ...]:
    """The statuses of roles, with those that were typed while it was a free text."""
    kept = session.execute(
        select(_state.c.value).where(_state.c.key == "role_statuses"),
        execution_options={"door": "catalogue"},
    ).scalar()
    return (*STATUSES, *(Choice(value=each, label=each) for each in kept or ()))


# In a save


def prepare(session: Any, draft: Draft) -> None:
    """Check the stages of roles, note since when they hold, and put a bare `stage` into the role
    that it is of. A role that is sent without a stage keeps the one it has."""
    data = draft.data
    if "stage" not in data and not data.get("roles"):
        return
    known = {each.key: each for each in all_stages(session)}
    present = [] if draft.verb == "create" else rows_of(session, draft.record.id)
    if "stage" in data:
        _place(session, draft, data.pop("stage"), known, present)
    errors: dict[str, list[object]] = {}
    for number, row in enumerate(data.get("roles") or ()):
        before = _same(present, row)
        if "stage" not in row:
            row |= {name: before.get(name) for name in ("stage", "stage_since")}
        stage = known.get(row.get("stage") or "")
        if row.get("stage") and (stage is None or stage.role != row.get("role")):
            errors[f"roles.{number}.stage"] = [_("This stage belongs to another role.")]
        _date(row, before, past.today(session))
    if errors:
        raise Invalid(errors)


def _date(row: dict[str, Any], before: Mapping[str, Any], today: date) -> None:
    stage, old = row.get("stage"), before.get("stage")
    if not stage:
        row["stage_since"] = None
    elif stage != old and row.get("stage_since") in (None, before.get("stage_since")):
        row["stage_since"] = today
    elif stage == old and row.get("stage_since") is None:
        row["stage_since"] = before.get("stage_since") or today


def rows_of(session: Any, party_id: UUID) -> list[dict[str, Any]]:
    """The roles of a party in the shape of input."""
    statement = select(PartyRole).where(PartyRole.party_id == party_id)
    rows = session.scalars(statement.order_by(PartyRole.position, PartyRole.id))
    return [
        {
            "role": row.role,
            "status": row.status,
            "class": row.class_,
            "owner": row.owner_id,
            "branch": row.branch_id,
            "from": row.valid_from,
            "to": row.valid_to,
            "stage": row.stage,
            "stage_since": row.stage_since,
        }
        for row in rows
    ]


def _same(rows: Sequence[Mapping[str, Any]], row: Mapping[str, Any]) -> Mapping[str, Any]:
    mine = [each for each in rows if each["role"] == row.get("role")]
    exact = [each for each in mine if each["from"] == row.get("from")]
    return next(iter(exact or mine), {})


def _place(
    session: Any,
    draft: Draft,
    wanted: str | None,
    known: Mapping[str, RoleStage],
    present: list[dict[str, Any]],
) -> None:
    rights = session.principal.rights
    if rights.hides("party", "roles") or rights.fixes("party", "roles"):
        raise Invalid({"stage": [_("The stage belongs to a role, and roles are not yours.")]})
    rows = [dict(each) for each in draft.data.get("roles") or present]
    current = [each for each in rows if is_current(each, session.now.date())]
    if wanted is None:
        for row in [each for each in current if each.get("stage")][:1]:
            row["stage"] = None
    else:
        stage = known[wanted]
        mine = [each for each in current if each["role"] == stage.role]
        if not mine:
            text = _("It does not have the role “%(role)s”. Add the role first.")
            role = _roles(session).get(stage.role, stage.role)
            raise Invalid({"stage": [text % {"role": role}]})
        mine[0]["stage"] = wanted
    draft.data["roles"] = rows


def is_current(row: Mapping[str, Any], today: date) -> bool:
    """Whether a role, in the shape of input or of the API, holds on a day."""
    begin, end = _day(row.get("from")), _day(row.get("to"))
    return (begin is None or begin <= today) and (end is None or end >= today)


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def follow(session: Any, change: Change) -> None:
    """After a save: the stage that stands beside the party."""
    if change.entity != "party" or not {"roles"} & {*change.after, *change.before}:
        return
    refresh(session, change.record_id)


def refresh(session: Any, party_id: UUID) -> None:
    """Write the stage of the first current role that has one."""
    gone = delete(_stage).where(_stage.c.party_id == party_id)
    session.execute(gone, execution_options=DOOR)
    statement = (
        select(_role.c.stage, _role.c.stage_since, RoleStage.__table__.c.sort)
        .join(RoleStage.__table__, RoleStage.__table__.c.key == _role.c.stage)
        .where(_role.c.party_id == party_id, on(_role.c, session.now.date()))
        .order_by(_role.c.position, _role.c.id)
        .limit(1)
    )
    found = session.execute(statement, execution_options=DOOR).first()
    if found is not None:
        row = {"party_id": party_id, "stage": found[0], "since": found[1], "rank": found[2]}
        session.execute(insert(_stage), [row], execution_options=DOOR)


def refresh_due(session: Any) -> int:
    """After midnight: parties with a role that began or ended lately, as the job of reach does."""
    today = session.now.date()
    first = today - scope.LOOK_BACK
    due = _role.c.valid_from.between(first, today) | _role.c.valid_to.between(first, today)
    staged = select(_role.c.party_id).where(_role.c.stage.is_not(None), due).distinct()
    ids = list(session.execute(staged, execution_options=DOOR).scalars())
    for each in ids:
        refresh(session, each)
    return len(ids)


def used(session: Any, key: str) -> int:
    """How many roles of parties, whoever may see them, are in a stage."""
    statement = select(func.count(_role.c.id)).where(_role.c.stage == key)
    return int(session.execute(statement, execution_options=DOOR).scalar() or 0)


# The past


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stage of a role, from when to when; without an end it holds now."""

    role: str
    stage: str
    begin: date | None
    end: datetime | None


def spans(session: Any, rtype: RecordType, party_id: UUID) -> list[Span]:
    """The stages that the roles of a party went through, the newest first, as the change log
    tells. Raises NotFound when the party may not be seen."""
    now = service.get_record(session, rtype, party_id, fields=("roles",)).get("roles") or []
    saves = []
    for entry in reversed(service.history(session, rtype, party_id)):
        pair = next(((old, new) for name, _l, old, new in entry.fields if name == "roles"), None)
        if pair is not None:
            saves.append((entry.at, pair[0] or [], pair[1] or []))
    first = saves[0][1] if saves else now
    found: list[Span] = []
    running = {_pair(row): row for row in first if row.get("stage")}
    for at, _old, new in saves:
        rows = {_pair(row): row for row in new if row.get("stage")}
        found += [_span(row, at) for key, row in running.items() if key not in rows]
        running = {key: running.get(key, row) for key, row in rows.items()}
    found += [_span(row, None) for row in running.values()]
    return sorted(found, key=lambda each: (each.begin or date.min, each.end is None), reverse=True)


def _pair(row: Mapping[str, Any]) -> tuple[Any, Any]:
    return row.get("role"), row.get("stage")


def _span(row: Mapping[str, Any], end: datetime | None) -> Span:
    begin = _day(row.get("stage_since"))
    return Span(role=row["role"], stage=row["stage"], begin=begin, end=end)


def on_day(session: Any, ids: Sequence[Any], day: date) -> Mapping[Any, str | None]:
    """The field `stage` of parties on a past day: of the first role that held then."""
    rtype = session.registry.record_type("contacts")
    found: dict[Any, str | None] = {}
    for each in ids:
        own = session.registry.of_entity("party", kind_of(session, each)) or rtype
        rows = past.record_on(session, own, each, day, fields=("roles",))[0].get("roles") or []
        staged = [row["stage"] for row in rows if row.get("stage") and is_current(row, day)]
        found[each] = next(iter(staged), None)
    return found


def kind_of(session: Any, party_id: UUID) -> str | None:
    """Whether a party that may be seen is a person or an organisation."""
    found: str | None = session.scalar(select(Party.kind).where(Party.id == party_id))
    return found
