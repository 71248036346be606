"""When a party was last spoken with, and what is planned next: two dates kept on the party.

They are kept and not computed, so that a list of a million sorts and filters by them. Both repeat
what the activities say; `refresh` computes them anew, `follow` after each save of an activity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update

from kontora.parties.activities import Activity, ActivityParty
from kontora.parties.models import Party
from kontora.registry.records import Change

DOOR = {"door": "contact"}
# A note to oneself, or a task done at the desk, is no contact.
NO_CONTACT = ("note", "task")
SLICE = 500
_SAID = frozenset({"kind", "state", "due_at", "done_at", "parties"})
_activity: Any = Activity.__table__
_link: Any = ActivityParty.__table__
_party: Any = Party.__table__


def refresh(session: Any, party_ids: Iterable[UUID]) -> None:
    """Compute both dates of these parties from their activities."""
    for some in _slices(set(party_ids)):
        session.execute(
            update(_party).where(_party.c.id.in_(some)).values(computed()),
            execution_options=DOOR | {"synchronize_session": False},
        )


def computed() -> dict[str, Any]:
    """The two columns as expressions over the activities of a row of `party`."""
    mine = (
        select(_activity.c.id)
        .join(_link, _link.c.activity_id == _activity.c.id)
        .where(_link.c.party_id == _party.c.id, _activity.c.deleted_at.is_(None))
        .correlate(_party)
    )
    spoken = mine.with_only_columns(func.max(_activity.c.at)).where(
        _activity.c.state == "done", _activity.c.kind.not_in(NO_CONTACT)
    )
    planned = mine.with_only_columns(func.min(_activity.c.due_at)).where(
        _activity.c.state == "planned"
    )
    return {
        "last_contact_at": spoken.scalar_subquery(),
        "next_activity_at": planned.scalar_subquery(),
    }


def follow(session: Any, change: Change) -> None:
    """After a save of an activity: what is new moves the dates on by itself, all else is read
    again, for the latest may be the one that is no more."""
    if change.entity != "activity":
        return
    changed = change.before.keys() | change.after.keys()
    if change.verb == "change" and not changed & _SAID:
        return
    session.flush()
    linked = select(_link.c.party_id).where(_link.c.activity_id == change.record_id)
    ids = set(session.execute(linked, execution_options=DOOR).scalars())
    if change.verb == "create":
        _move_on(session, ids, change.record)
    else:
        refresh(session, ids | _named(change))


def _move_on(session: Any, ids: set[UUID], activity: Any) -> None:
    """A new activity can only make the last contact later and the next one earlier."""
    if activity.state == "done" and activity.kind not in NO_CONTACT:
        column, value = _party.c.last_contact_at, activity.at
        moves = column < value
    elif activity.state == "planned" and activity.due_at is not None:
        column, value = _party.c.next_activity_at, activity.due_at
        moves = column > value
    else:
        return
    for some in _slices(ids):
        session.execute(
            update(_party)
            .where(_party.c.id.in_(some), or_(column.is_(None), moves))
            .values({column.name: value}),
            execution_options=DOOR | {"synchronize_session": False},
        )


def _named(change: Change) -> set[UUID]:
    """The parties that were linked before, or are now, as the change names them."""
    return {
        UUID(str(each["id"] if isinstance(each, dict) else each))
        for side in (change.before, change.after)
        for each in side.get("parties") or ()
        if each
    }


def _slices(ids: set[UUID]) -> Iterator[list[UUID]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), SLICE):
        yield ordered[start : start + SLICE]
