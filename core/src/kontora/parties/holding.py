"""Which organisation belongs to which: the dated relation `parent_of` is the source, and the
field `parent` repeats the one that holds today.

No circle on any day, and one parent at a time. On PostgreSQL all who change such lines take turns
(an advisory lock until the end of the transaction): a circle may be closed by two saves that
touch no common row. SQLite has one writer at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.orm.util import identity_key

from kontora.errors import Invalid
from kontora.ids import new_id
from kontora.parties.lines import ALWAYS, Lines, Period, common, on, way_up
from kontora.parties.models import Organisation, Party, Relation
from kontora.records import changes, notify
from kontora.registry.records import Change, Draft
from kontora.text import _

DOOR = {"door": "scope"}
PARENT = "parent_of"
LOCK = 7_310_021
DAY = timedelta(days=1)
LOOK_BACK = timedelta(days=60)
_party: Any = Party.__table__
_organisation: Any = Organisation.__table__
_relation: Any = Relation.__table__


def _rows(session: Any, statement: Any) -> Sequence[Any]:
    found: Sequence[Any] = session.execute(statement, execution_options=DOOR).all()
    return found


def take_turns(session: Any) -> None:
    """Wait until nobody else changes lines between organisations."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK)), execution_options=DOOR)


def above(session: Any, child: UUID) -> Lines:
    """The parents of an organisation with the days on which they are."""
    statement = select(_relation.c.party_id, _relation.c.valid_from, _relation.c.valid_to).where(
        _relation.c.type == PARENT, _relation.c.other_id == child
    )
    return [(row[0], (row[1], row[2])) for row in _rows(session, statement)]


def check(session: Any, draft: Draft) -> None:
    """Raise Invalid when a save would close a circle, or give an organisation two parents."""
    data, own = draft.data, draft.record.id
    lines = [
        (number, row)
        for number, row in enumerate(data.get("relations") or ())
        if row.get("type") == PARENT and isinstance(row.get("other"), UUID)
    ]
    if data.get("parent") is None and not lines:
        return
    take_turns(session)
    if data.get("parent") is not None:
        today = session.now.date()
        way = _circle(session, data["parent"], own, (today, None))
        if way is not None:
            raise Invalid({"parent": [_below_itself(session, way)]})
    errors: dict[str, list[object]] = {}
    for number, row in lines:
        if found := _wrong(session, own, row):
            errors[f"relations.{number}.other"] = [found]
    if errors:
        raise Invalid(errors)


def _circle(session: Any, start: UUID, goal: UUID, period: Period) -> list[UUID] | None:
    return way_up(lambda each: above(session, each), start, goal, period)


def _below_itself(session: Any, way: list[UUID]) -> object:
    if len(way) == 1:
        return _("An organisation cannot lie below itself.")
    text = _("An organisation cannot lie below itself: %(names)s.")
    return text % {"names": " → ".join(_names(session, [way[-1], *way]))}


def _wrong(session: Any, parent: UUID, row: Mapping[str, Any]) -> object | None:
    child, period = row["other"], (row.get("from"), row.get("to"))
    way = _circle(session, parent, child, period)
    if way is not None:
        return _below_itself(session, way)
    for other, valid in above(session, child):
        if other != parent and common(period, valid) is not None:
            text = _("It belongs to %(name)s at that time. End that first.")
            return text % {"name": _names(session, [other])[0]}
    return None


def _names(session: Any, ids: Sequence[UUID]) -> list[str]:
    rows = session.execute(select(Party.id, Party.display_name).where(Party.id.in_(ids)))
    known = {row[0]: row[1] for row in rows}
    return [known.get(each, "—") for each in ids]


# From the field to the relation


def follow(session: Any, change: Change) -> None:
    """After a save: the relation behind `parent`, or the parents behind `relations`."""
    if change.before.get("parent") != change.after.get("parent"):
        after = change.after.get("parent")
        _move(session, change.record_id, UUID(after["id"]) if after else None)
    if "relations" in change.after or "relations" in change.before:
        children = {
            UUID(row["other"]["id"])
            for rows in (change.before.get("relations"), change.after.get("relations"))
            for row in rows or ()
            if row.get("type") == PARENT and row.get("other")
        }
        sync(session, children)


def _move(session: Any, child: UUID, parent: UUID | None) -> None:
    """End what holds today, and begin the new relation; both on whole days."""
    today = session.now.date()
    mine = and_(_relation.c.type == PARENT, _relation.c.other_id == child)
    present = and_(mine, on(_relation.c, today))
    current = {row[0] for row in _rows(session, select(_relation.c.party_id).where(present))}
    if parent is not None and current == {parent}:
        return
    # What began today and is over already was never true for a whole day.
    session.execute(
        delete(_relation).where(present, _relation.c.valid_from >= today), execution_options=DOOR
    )
    session.execute(
        update(_relation).where(present).values(valid_to=today - DAY), execution_options=DOOR
    )
    if parent is None:
        return
    later = select(func.min(_relation.c.valid_from)).where(mine, _relation.c.valid_from > today)
    ((next_one,),) = _rows(session, later)
    row = {
        "id": new_id(),
        "party_id": parent,
        "other_id": child,
        "type": PARENT,
        "valid_from": _since(session, child, parent, today),
        "valid_to": next_one - DAY if next_one else None,
        "position": 0,
    }
    session.execute(insert(_relation), [row], execution_options=DOOR)


def _since(session: Any, child: UUID, parent: UUID, today: date) -> date | None:
    """The first parent counts as the parent of always, unless the past says otherwise."""
    if any(True for _line in above(session, child)):
        return today
    return None if _circle(session, parent, child, ALWAYS) is None else today


# From the relation to the field


def sync(session: Any, children: Iterable[UUID]) -> int:
    """Write into `parent` what the relations say of today, with a line in the history of each
    organisation; return how many changed. The door is right: who says that his organisation is
    the parent need not be allowed to edit the other one."""
    ids = sorted(set(children))
    changed = 0
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        before = _stored(session, some)
        now = parents_on(session, list(before), session.now.date())
        for child, old in before.items():
            if old != (new := now.get(child)):
                _write(session, child, old, new)
                changed += 1
    return changed


def _stored(session: Any, ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Present parents of those of the ids that are organisations."""
    statement = (
        select(_party.c.id, _organisation.c.parent_id)
        .outerjoin(_organisation, _organisation.c.party_id == _party.c.id)
        .where(_party.c.id.in_(ids), _party.c.kind == "organisation")
        .order_by(_party.c.id)
    )
    return {row[0]: row[1] for row in _rows(session, statement)}


def parents_on(session: Any, ids: Sequence[UUID], day: date) -> dict[UUID, UUID]:
    """The organisations to which these belong on a day, past the scope."""
    upper = _party.alias()
    statement = (
        select(_relation.c.other_id, _relation.c.party_id)
        .join(upper, upper.c.id == _relation.c.party_id)
        .where(_relation.c.type == PARENT, _relation.c.other_id.in_(ids))
        .where(upper.c.kind == "organisation", on(_relation.c, day))
        .order_by(_relation.c.valid_from.desc(), _relation.c.id)
    )
    found: dict[UUID, UUID] = {}
    for child, parent in _rows(session, statement):
        found.setdefault(child, parent)
    return found


def _write(session: Any, child: UUID, old: UUID | None, new: UUID | None) -> None:
    exists = _rows(
        session, select(_organisation.c.party_id).where(_organisation.c.party_id == child)
    )
    if exists:
        statement: Any = update(_organisation).where(_organisation.c.party_id == child)
    else:
        statement = insert(_organisation)
    values = {"parent_id": new} if exists else {"parent_id": new, "party_id": child}
    session.execute(statement.values(**values), execution_options=DOOR)
    bump = update(_party).where(_party.c.id == child).returning(_party.c.version)
    bump = bump.values(version=_party.c.version + 1, updated_at=session.now)
    version = session.execute(bump, execution_options=DOOR).scalar_one()
    names = _all_names(session, [each for each in (old, new) if each])
    before, after = (
        {"id": str(each), "name": names.get(each)} if each else None for each in (old, new)
    )
    change = Change(
        entity="party",
        record_id=child,
        kind="organisation",
        verb="change",
        before={"parent": before},
        after={"parent": after},
    )
    changes.write(session, change, int(version))
    for model in (Party, Organisation):  # what is in memory is old by now
        if (known := session.identity_map.get(identity_key(model, child))) is not None:
            session.expire(known)
    notify.after_save(session, change)


def _all_names(session: Any, ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """Names as the principal sees them: the log masks the ids when it is read."""
    return {
        row[0]: row[1]
        for row in session.execute(select(Party.id, Party.display_name).where(Party.id.in_(ids)))
    }


def refresh_due(session: Any) -> int:
    """Bring `parent` up to date where a relation began or ended lately; a job of the night."""
    today = session.now.date()
    first = today - LOOK_BACK
    due = or_(
        _relation.c.valid_from.between(first, today), _relation.c.valid_to.between(first, today)
    )
    children = select(_relation.c.other_id).where(_relation.c.type == PARENT, due).distinct()
    return sync(session, [row[0] for row in _rows(session, children)])
