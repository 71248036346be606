"""Who is in a group, and who was: one way for pages, API, import and forms.

To add or remove takes the right to edit the group, and sight of the party, which itself stays as
it is: neither its version nor its history changes. Each membership is a period with a beginning
and an end, so that “who was in it on 1 March” has an answer. The bin of groups empties the list
of present members and a way out of it fills it again; the periods go on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, or_, select, update

from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid
from kontora.parties.group_models import Group, GroupMember, GroupPeriod
from kontora.parties.models import Party
from kontora.records import service
from kontora.registry.records import Change, Draft
from kontora.text import _

DOOR = {"door": "groups"}
PATH = "groups"
BATCH = 500
_WAITING = "groups_of_new_parties"
_member: Any = GroupMember.__table__
_period: Any = GroupPeriod.__table__


def changeable(session: ScopedSession, group_id: UUID) -> None:
    """Raise NotFound or Forbidden unless the principal may change who is in the group."""
    rtype = session.registry.record_type(PATH)
    service.check_may(session, rtype, service.find(session, rtype, group_id), "edit")


def add(session: ScopedSession, group_id: UUID, parties: Iterable[UUID]) -> list[UUID]:
    """Put parties into a group; those that were not in it yet are returned. Raises Invalid when
    one cannot be found, NotFound or Forbidden about the group."""
    changeable(session, group_id)
    wanted = _visible(session, parties)
    new = [each for each in wanted if each not in _inside(session, group_id, wanted)]
    _begin(session, group_id, new)
    return new


def remove(session: ScopedSession, group_id: UUID, parties: Iterable[UUID]) -> list[UUID]:
    """Take parties out of a group; those that were in it are returned."""
    changeable(session, group_id)
    wanted = _visible(session, parties)
    inside = _inside(session, group_id, wanted)
    gone = [each for each in wanted if each in inside]
    _end(session, group_id, gone)
    return gone


def _visible(session: ScopedSession, parties: Iterable[UUID]) -> list[UUID]:
    wanted = list(dict.fromkeys(parties))
    seen: set[UUID] = set()
    with session.with_deleted():
        for chunk in _chunks(wanted):
            seen |= set(session.scalars(select(Party.id).where(Party.id.in_(chunk))))
    if missing := [each for each in wanted if each not in seen]:
        text = _("There is no such record: %(id)s.") % {"id": str(missing[0])}
        raise Invalid({"members": [text]})
    return wanted


def _chunks(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _inside(session: ScopedSession, group_id: UUID, parties: Sequence[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for chunk in _chunks(parties):
        statement = select(_member.c.party_id).where(
            _member.c.group_id == group_id, _member.c.party_id.in_(chunk)
        )
        found |= set(session.execute(statement, execution_options=DOOR).scalars())
    return found


def _begin(session: ScopedSession, group_id: UUID, parties: Sequence[UUID]) -> None:
    who = session.principal.name
    for chunk in _chunks(parties):
        keys = [{"group_id": group_id, "party_id": each} for each in chunk]
        session.execute(insert(_member), keys, execution_options=DOOR)
        begun = {"begun_at": session.now, "begun_by": who, "ended_by": ""}
        rows = [{**key, **begun} for key in keys]
        session.execute(insert(_period), rows, execution_options=DOOR)


def _end(session: ScopedSession, group_id: UUID, parties: Sequence[UUID]) -> None:
    ended = {"ended_at": session.now, "ended_by": session.principal.name}
    for chunk in _chunks(parties):
        session.execute(
            delete(_member).where(_member.c.group_id == group_id, _member.c.party_id.in_(chunk)),
            execution_options=DOOR,
        )
        session.execute(
            update(_period)
            .where(_period.c.group_id == group_id, _period.c.party_id.in_(chunk))
            .where(_period.c.ended_at.is_(None))
            .values(**ended),
            execution_options=DOOR,
        )


# What is read goes through the scope: group and party must both be seen.


def sizes(session: Any, ids: Sequence[Any]) -> Mapping[Any, int]:
    """How many members of each group the principal sees."""
    statement = (
        select(GroupMember.group_id, func.count(GroupMember.party_id))
        .join(Party, Party.id == GroupMember.party_id)
        .where(GroupMember.group_id.in_(ids))
        .group_by(GroupMember.group_id)
    )
    counted = {row[0]: row[1] for row in session.execute(statement)}
    return {each: counted.get(each, 0) for each in ids}


def periods_of(session: ScopedSession, party_id: UUID) -> list[tuple[GroupPeriod, str]]:
    """The groups that a party is or was in, as far as they are seen: the newest first."""
    if _hides(session):
        return []
    statement = (
        select(GroupPeriod, Group.name)
        .join(Group, Group.id == GroupPeriod.group_id)
        .where(GroupPeriod.party_id == party_id)
        .order_by(GroupPeriod.ended_at.is_not(None), GroupPeriod.begun_at.desc(), GroupPeriod.id)
        .limit(100)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def members(
    session: ScopedSession,
    group_id: UUID,
    moment: datetime | None = None,
    *,
    after: int = 0,
    limit: int = 50,
) -> list[tuple[GroupPeriod, Party]]:
    """Who is in a group now, or was at a moment, in the order in which they came; `after` is the
    id of the last period of the page before. Raises NotFound about the group."""
    service.find(session, session.registry.record_type(PATH), group_id)
    if _hides(session):
        return []
    statement = (
        select(GroupPeriod, Party)
        .join(Party, Party.id == GroupPeriod.party_id)
        .where(GroupPeriod.group_id == group_id, GroupPeriod.id > after, _at(moment))
        .order_by(GroupPeriod.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def count(session: ScopedSession, group_id: UUID, moment: datetime | None = None) -> int:
    """How many of those the principal sees."""
    if _hides(session):
        return 0
    statement = (
        select(func.count(GroupPeriod.id))
        .join(Party, Party.id == GroupPeriod.party_id)
        .where(GroupPeriod.group_id == group_id, _at(moment))
    )
    return session.scalar(statement) or 0


def _hides(session: ScopedSession) -> bool:
    """Whether who is in which group is hidden from the principal."""
    return session.principal.rights.hides("party", "groups")


def _at(moment: datetime | None) -> Any:
    if moment is None:
        return GroupPeriod.ended_at.is_(None)
    open_then = or_(GroupPeriod.ended_at.is_(None), GroupPeriod.ended_at >= moment)
    return (GroupPeriod.begun_at < moment) & open_then


def on_day(session: Any, ids: Sequence[Any], day: Any) -> Mapping[Any, list[dict[str, str]]]:
    """The groups of parties at the end of a past day, as the field `groups` shows them."""
    from kontora.records.past import end_of

    statement = (
        select(GroupPeriod.party_id, Group.id, Group.name)
        .join(Group, Group.id == GroupPeriod.group_id)
        .where(GroupPeriod.party_id.in_(ids), _at(end_of(session, day)))
        .order_by(GroupPeriod.id)
    )
    found: dict[Any, list[dict[str, str]]] = defaultdict(list)
    for party_id, group_id, name in session.execute(statement):
        found[party_id].append({"id": str(group_id), "name": name})
    return {each: found[each] for each in ids}


# The field `groups` of a party: what an import, a form or the API sends


def prepare(session: Any, draft: Draft) -> None:
    """Take the groups out of the input of a party, and make its memberships so. Groups that the
    principal does not see stay. A new party gets them once it is there."""
    if "groups" not in draft.data:
        return
    wanted = list(draft.data.pop("groups") or ())
    if draft.verb == "create":
        if wanted:
            for place, each in enumerate(wanted):
                _check(session, each, f"groups.{place}")
            session.info.setdefault(_WAITING, {})[draft.record.id] = wanted
        return
    _put(session, draft.record.id, wanted)


def _put(session: Any, party_id: UUID, wanted: Sequence[UUID]) -> None:
    mine = select(GroupMember.group_id).where(GroupMember.party_id == party_id)
    present = set(session.scalars(mine))
    for group_id in dict.fromkeys(wanted):
        if group_id not in present:
            _check(session, group_id, f"groups.{wanted.index(group_id)}")
            _begin(session, group_id, [party_id])
    for group_id in present - set(wanted):
        _check(session, group_id, "groups")
        _end(session, group_id, [party_id])


def _check(session: Any, group_id: UUID, place: str) -> None:
    found = session.scalar(select(Group.id).where(Group.id == group_id))
    if found is None:
        raise Invalid({place: [_("There is no such record.")]})
    try:
        changeable(session, group_id)
    except Forbidden:
        text = _("You may see this group, but not change who is in it.")
        raise Invalid({place: [text]}) from None


def follow(session: Any, change: Change) -> None:
    """After a save: the memberships of a new party; the members of a group that went into the
    bin, or came out of it."""
    if change.entity == "party" and change.verb == "create":
        waiting = session.info.get(_WAITING, {}).pop(change.record_id, ())
        for group_id in dict.fromkeys(waiting):
            _begin(session, group_id, [change.record_id])
    elif change.entity == "group" and change.verb == "delete":
        gone = delete(_member).where(_member.c.group_id == change.record_id)
        session.execute(gone, execution_options=DOOR)
    elif change.entity == "group" and change.verb == "restore":
        still = select(_period.c.group_id, _period.c.party_id).where(
            _period.c.group_id == change.record_id, _period.c.ended_at.is_(None)
        )
        back = insert(_member).from_select(["group_id", "party_id"], still)
        session.execute(back, execution_options=DOOR)
