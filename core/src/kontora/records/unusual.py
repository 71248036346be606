"""Unusual reading: rules over what users opened and exported, each telling the heads once a day.

Every ten minutes a job looks at those who opened something lately. A notice names the rule and
its figures and leads to the list; it goes to all who hold `people.watch` and reach the user, but
never to the very user whom it is about.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access import identity
from kontora.access.models import User
from kontora.access.session import ScopedSession
from kontora.records import notices, opened
from kontora.records.models import ChangeRow
from kontora.records.opened import PERMISSION
from kontora.records.reading import DOOR
from kontora.records.watch_models import Reading
from kontora.text import Text, _

WEEKS = timedelta(days=28)
LOOK_BACK = timedelta(hours=2)
LAST_DAYS = 14
FEWEST_DAYS = 5
_reading: Any = Reading.__table__
_change: Any = ChangeRow.__table__
_user: Any = User.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From when on reading counts as unusual. A limit of 0 switches its rule off."""

    records: int = 100
    minutes: int = 60
    night: int = 20
    day_begins: int = 7
    day_ends: int = 21
    times: int = 3
    export_rows: int = 1000


def limits(session: ScopedSession) -> Limits:
    """The limits that the settings say."""
    found = {}
    for name in Limits.__dataclass_fields__:
        value = session.site.setting(session, f"watch.{name}")
        found[name] = int(value) if value is not None else getattr(Limits(), name)
    return Limits(**found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that fired for a user: its name, and the sentence with its figures."""

    rule: str
    text: Text


def look(session: ScopedSession) -> int:
    """Apply all rules to everyone who was active in the last two hours; return the number of
    notices that were left."""
    bounds = limits(session)
    told = 0
    for user_id in _active(session):
        told += _look_at(session, user_id, bounds)
    return told


def _active(session: ScopedSession) -> list[UUID]:
    since = session.now - LOOK_BACK
    readers = select(_reading.c.user_id).where(_reading.c.at >= since).distinct()
    takers = (
        select(_change.c.principal_id)
        .where(_change.c.entity == "export", _change.c.at >= since)
        .where(_change.c.principal_id.is_not(None))
        .distinct()
    )
    found: set[UUID] = set()
    for statement in (readers, takers):
        found |= set(session.execute(statement, execution_options=DOOR).scalars())
    return sorted(found)


def _look_at(session: ScopedSession, user_id: UUID, bounds: Limits) -> int:
    user = opened.user_of(session, user_id)
    if user is None:
        return 0
    today = session.now.astimezone(user.zone).date()
    told = 0
    for finding in findings(session, user, bounds):
        told += tell(session, user, finding, today)
    return told


def findings(session: ScopedSession, user: opened.Watched, bounds: Limits) -> list[Finding]:
    """What is unusual about a user at this moment."""
    found = (
        _many(session, user, bounds),
        _at_night(session, user, bounds),
        _more_than_usual(session, user, bounds),
        _large_export(session, user, bounds),
    )
    return [each for each in found if each is not None]


def tell(session: ScopedSession, user: opened.Watched, finding: Finding, day: date) -> int:
    """Leave the notice with all who may watch; once per rule, user and day."""
    heads = [
        each
        for each in notices.holders(session, PERMISSION)
        if each != user.id and _watches(session, each, user.id)
    ]
    return notices.tell(
        session,
        heads,
        f"watch.{finding.rule}",
        finding.text,
        link=f"/admin/users/{user.id}/reading",
        key=f"watch.{finding.rule}:{user.id}:{day.isoformat()}",
    )


def _watches(session: ScopedSession, head: UUID, user_id: UUID) -> bool:
    """Whether this user lies within the reach of that head."""
    branch = session.execute(
        select(_user.c.branch_id).where(_user.c.id == user_id), execution_options=DOOR
    ).scalar()
    who = identity.principal_of_user(session, head)
    return who is not None and opened.may_watch(who, user_id, branch)


def _rows(session: ScopedSession, user_id: UUID, since: datetime) -> Sequence[Any]:
    statement = (
        select(_reading.c.at, _reading.c.entity, _reading.c.record_id)
        .where(_reading.c.user_id == user_id, _reading.c.at >= since)
        .order_by(_reading.c.at)
    )
    return list(session.execute(statement, execution_options=DOOR))


def _many(session: ScopedSession, user: opened.Watched, bounds: Limits) -> Finding | None:
    """Many different records in a short time."""
    if not bounds.records:
        return None
    window = timedelta(minutes=bounds.minutes)
    rows = _rows(session, user.id, session.now - window - LOOK_BACK)
    most = most_within(((row.at, (row.entity, row.record_id)) for row in rows), window)
    if most <= bounds.records:
        return None
    text = _("%(who)s opened %(n)s different records within %(minutes)s minutes (limit %(limit)s).")
    values = {"who": user.name, "n": most, "minutes": bounds.minutes, "limit": bounds.records}
    return Finding(rule="many", text=text % values)


def most_within(events: Iterable[tuple[datetime, Any]], window: timedelta) -> int:
    """The largest number of different things in any span of this length; events in order."""
    inside: deque[tuple[datetime, Any]] = deque()
    counts: Counter[Any] = Counter()
    most = 0
    for at, what in events:
        inside.append((at, what))
        counts[what] += 1
        while at - inside[0][0] > window:
            _at, gone = inside.popleft()
            counts[gone] -= 1
            if not counts[gone]:
                del counts[gone]
        most = max(most, len(counts))
    return most


def _at_night(session: ScopedSession, user: opened.Watched, bounds: Limits) -> Finding | None:
    """Outside working hours, as his own clock shows them, since yesterday noon."""
    if not bounds.night:
        return None
    local = session.now.astimezone(user.zone)
    noon = local.replace(hour=12, minute=0, second=0, microsecond=0)
    since = noon if local >= noon else noon - timedelta(days=1)
    seen = {
        (row.entity, row.record_id)
        for row in _rows(session, user.id, since)
        if not bounds.day_begins <= row.at.astimezone(user.zone).hour < bounds.day_ends
    }
    if len(seen) <= bounds.night:
        return None
    text = _(
        "%(who)s opened %(n)s different records outside working hours (limit %(limit)s; "
        "working hours are %(begin)s–%(end)s)."
    )
    values = {
        "who": user.name,
        "n": len(seen),
        "limit": bounds.night,
        "begin": f"{bounds.day_begins}:00",
        "end": f"{bounds.day_ends}:00",
    }
    return Finding(rule="night", text=text % values)


def _more_than_usual(
    session: ScopedSession, user: opened.Watched, bounds: Limits
) -> Finding | None:
    """Today against the average of the days, within four weeks, on which he opened anything."""
    if not bounds.times:
        return None
    today = session.now.astimezone(user.zone).date()
    days: dict[date, set[Any]] = {}
    for row in _rows(session, user.id, session.now - WEEKS):
        day = row.at.astimezone(user.zone).date()
        days.setdefault(day, set()).add((row.entity, row.record_id))
    now = len(days.pop(today, ()))
    if len(days) < FEWEST_DAYS:
        return None
    average = sum(len(each) for each in days.values()) / len(days)
    if now <= bounds.times * average or now <= bounds.night:
        return None
    text = _(
        "%(who)s opened %(n)s different records today; on a usual day it is %(average)s "
        "(limit: %(times)s times as many)."
    )
    values = {"who": user.name, "n": now, "average": f"{average:.0f}", "times": bounds.times}
    return Finding(rule="usual", text=text % values)


def _large_export(session: ScopedSession, user: opened.Watched, bounds: Limits) -> Finding | None:
    if not bounds.export_rows:
        return None
    found = opened.exports_since(session, user.id, session.now - timedelta(hours=24))
    rows = sum(each.rows for each in found)
    if rows <= bounds.export_rows:
        return None
    text = _("%(who)s exported %(n)s rows within 24 hours (limit %(limit)s).")
    values = {"who": user.name, "n": rows, "limit": bounds.export_rows}
    return Finding(rule="export", text=text % values)


def leaving(session: ScopedSession, user_id: UUID) -> int:
    """Tell the heads, when somebody is disabled or hands over, how his last 14 days compare with
    the 14 days before them. Returns the number of notices."""
    user = opened.user_of(session, user_id)
    if user is None:
        return 0
    now, span = session.now, timedelta(days=LAST_DAYS)
    late = opened.distinct(session, user_id, now - span, now)
    early = opened.distinct(session, user_id, now - 2 * span, now - span)
    taken = [0, 0]
    for each in opened.exports_since(session, user_id, now - 2 * span):
        taken[0 if each.at >= now - span else 1] += each.rows
    text = _(
        "%(who)s leaves. In the last %(days)s days: %(n)s different records opened (%(before)s in "
        "the %(days)s days before), %(rows)s rows exported (%(rows_before)s before)."
    )
    values = {
        "who": user.name,
        "days": LAST_DAYS,
        "n": late,
        "before": early,
        "rows": taken[0],
        "rows_before": taken[1],
    }
    day = now.astimezone(user.zone).date()
    return tell(session, user, Finding(rule="leaving", text=text % values), day)
