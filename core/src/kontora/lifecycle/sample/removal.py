"""Take the sample back: all of it that nobody has changed since or tied to records of his own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, select

from kontora.access import passwords
from kontora.access.models import SiteState, User
from kontora.access.session import ScopedSession
from kontora.errors import KontoraError
from kontora.lifecycle.sample import build, plan
from kontora.lifecycle.site import Site
from kontora.parties import contact_dates
from kontora.parties.activities import Activity, ActivityParty, ActivityRecord
from kontora.parties.group_models import Group, GroupMember
from kontora.parties.models import Party, Relation
from kontora.privacy import bin, tables, words
from kontora.records import service
from kontora.records.custom.columns import JsonColumn
from kontora.records.models import ChangeRow
from kontora.records.watch_models import Notice
from kontora.registry.build import Registry
from kontora.registry.fields import Collection, FieldType

# What goes for good, in an order in which nothing is missed.
GOES: dict[str, Any] = {"activity": Activity, "group": Group, "party": Party}
Ids = dict[str, set[UUID]]
_state: Any = SiteState.__table__
_change: Any = ChangeRow.__table__
_with: Any = ActivityParty.__table__
_about: Any = ActivityRecord.__table__
_member: Any = GroupMember.__table__
_notice: Any = Notice.__table__
_LOOSE = (GroupMember, Relation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What became of the sample. `records` are gone; `kept` were changed, or are used by others;
    `users` can sign in no more."""

    records: int = 0
    kept: int = 0
    users: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """How records of the entity `holder` (by `column`) lead to those of another: by `points`, an
    expression over the rows of `model` that gives ids, or their texts."""

    model: Any
    holder: str
    column: Any
    target: str
    points: Any
    written: bool = False


def remove_sample(site: Site) -> Removed:
    """Purge what the sample made, in one transaction; without a sample nothing happens.

    A record stays when somebody else than the sample has changed it, or when a record that stays
    leads to it. Its users are disabled, its teams and branches go into the bin unless used.
    """
    with site.write(build.principal()) as session:
        on = tables.connection_of(session)
        found = on.execute(select(_state.c.value).where(_state.c.key == build.KEY)).scalar()
        if found is None:
            return Removed()
        all_ids = {entity: {UUID(each) for each in ids} for entity, ids in found.items()}
        going = {entity: set(all_ids.get(entity, ())) for entity in GOES}
        links = list(_links(session.registry, on.dialect.name))
        _spare(session, on, going, links)
        _purge(session, on, going)
        users = _disable(session, on, all_ids.get("user", set()))
        binned = _bin(session, on, all_ids, links)
        on.execute(sa.delete(_state).where(_state.c.key == build.KEY))
        gone = sum(map(len, going.values())) + binned
        own = sum(len(ids) for entity, ids in all_ids.items() if entity != "user")
        return Removed(records=gone, kept=own - gone, users=users)


def _links(registry: Registry, dialect: str) -> Iterator[Link]:
    """All references that are declared, by plugins and administrators too."""
    for rtype in registry.record_types.values():
        for field in rtype.fields:
            if field.collection is not None:
                yield from _inside(rtype.entity, field.collection)
            elif field.type is FieldType.REFERENCE and field.target and not field.shortcut:
                rows: Any = field.model or rtype.model
                mapper, written = sa.inspect(rows), bool(field.json_key)
                if written:
                    points = JsonColumn(dialect, rows, field).value()
                else:
                    points = mapper.columns[field.attribute]
                key = mapper.primary_key[0]
                yield Link(rows, rtype.entity, key, field.target, points, written)


def _inside(entity: str, rows: Collection) -> Iterator[Link]:
    columns: Any = sa.inspect(rows.model).columns
    for field in rows.fields:
        if field.type is FieldType.REFERENCE and field.target:
            yield Link(
                rows.model, entity, columns[rows.parent], field.target, columns[field.attribute]
            )


def _table(model: Any) -> Any:
    return model.__table__


def _spare(session: ScopedSession, on: Connection, going: Ids, links: list[Link]) -> None:
    """Take out of `going` what was changed by others, and then what holds on to it, until
    nothing more is found."""
    groups = set(going["group"])
    # Relations and groups of what stays only because something leads to it do not count.
    untouched = {entity: ids - _touched(on, entity, ids) for entity, ids in going.items()}
    for entity, model in GOES.items():
        going[entity] &= untouched[entity]
        table = _table(model)
        free = select(table.c.id).where(table.c.id.in_(going[entity]), *bin.free(session, model))
        going[entity] &= set(on.execute(free).scalars())
    # Who is in a group, and what an activity is about, stands in no record of either.
    foreign = select(_member.c.party_id).where(_member.c.group_id.not_in(groups))
    going["party"] -= set(on.execute(foreign).scalars())
    size = -1
    while size != (size := sum(map(len, going.values()))):
        for link in links:
            if link.target in going:
                holders = untouched if link.model in _LOOSE else going
                going[link.target] -= _held(on, link, going[link.target], holders)
        about = select(_about.c.record_id).where(_about.c.activity_id.not_in(going["activity"]))
        held = set(on.execute(about).scalars())
        for entity in going:
            going[entity] -= held


def _touched(on: Connection, entity: str, ids: set[UUID]) -> set[UUID]:
    """Those in whose log stands somebody else than the sample."""
    itself = (_change.c.principal_kind == "system") & (_change.c.principal_name == build.NAME)
    here = (_change.c.entity == entity) & _change.c.record_id.in_(ids) & ~itself
    return set(on.execute(select(_change.c.record_id).where(here)).scalars())


def _held(on: Connection, link: Link, ids: set[UUID], gone: Ids) -> set[UUID]:
    """Those of the targets `ids` that a record leads to which is not among `gone`."""
    wanted = [str(each) for each in ids] if link.written else ids
    statement = select(link.points).where(link.points.in_(wanted))
    if gone.get(link.holder):
        statement = statement.where(link.column.not_in(gone[link.holder]))
    return {UUID(str(each)) for each in on.execute(statement).scalars()}


def _purge(session: ScopedSession, on: Connection, going: Ids) -> None:
    everything = [each for ids in going.values() for each in ids]
    if not everything:
        return
    linked = select(_with.c.party_id).where(_with.c.activity_id.in_(going["activity"]))
    left = set(on.execute(linked).scalars()) - going["party"]
    used = words.of_ids(on, everything)
    for table in tables.all_tables(on, session.registry).values():
        if {"entity", "record_id"} <= set(table.c.keys()):
            for entity, ids in going.items():
                here = (table.c.entity == entity) & table.c.record_id.in_(ids)
                on.execute(sa.delete(table).where(here))
    words.forget_unused(on, used)
    for entity, model in GOES.items():
        on.execute(sa.delete(_table(model)).where(_table(model).c.id.in_(going[entity])))
    contact_dates.refresh(session, left)


def _disable(session: ScopedSession, on: Connection, ids: Iterable[UUID]) -> int:
    """Close the accounts that still have an address of the sample. The last administrator stays."""
    rtype = session.registry.record_type("users")
    mine = select(User.id).where(
        User.id.in_(list(ids)), User.state == "active", User.email.endswith(f"@{plan.DOMAIN}")
    )
    number = 0
    for user_id in session.scalars(mine).all():
        try:
            service.change_record(session, rtype, user_id, {"state": "disabled"})
        except KontoraError:  # nobody else could give rights any more
            continue
        passwords.revoke_devices(session, user_id)
        leaving = _notice.c.key.startswith(f"watch.leaving:{user_id}:")
        on.execute(sa.delete(_notice).where(leaving))  # nobody leaves whom one must watch
        number += 1
    return number


def _bin(session: ScopedSession, on: Connection, all_ids: Ids, links: list[Link]) -> int:
    """Teams and branches of which only the sample knew; in the bin, since its users have them."""
    gone: Ids = {"user": all_ids.get("user", set())}
    number = 0
    for entity, path in (("team", "teams"), ("branch", "branches")):
        gone[entity] = set(all_ids.get(entity, ()))
        gone[entity] -= _touched(on, entity, gone[entity])
        for link in links:
            if link.target == entity:
                gone[entity] -= _held(on, link, gone[entity], gone)
        for each in sorted(gone[entity]):
            service.delete_record(session, session.registry.record_type(path), each)
        number += len(gone[entity])
    return number
