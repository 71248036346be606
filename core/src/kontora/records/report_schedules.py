"""Reports that are mailed: who set up what, who gets it, when it is next."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from kontora import clock
from kontora.access.models import User
from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid, NotFound
from kontora.ids import new_id
from kontora.records import report_files, reports
from kontora.records.report_models import ReportRecipient, ReportSchedule
from kontora.records.values import to_json
from kontora.records.views import SHARE
from kontora.text import _

DOOR = {"door": "reports"}
EVERY, FORMATS = ("day", "week", "month"), ("xlsx", "pdf", "csv")
ACTIVE, PAUSED, ON, OFF = "active", "paused", "on", "off"
MOST_RECIPIENTS, MOST_SCHEDULES = 100, 50
schedule_table: Any = ReportSchedule.__table__
recipient_table: Any = ReportRecipient.__table__
_user: Any = User.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One report that is mailed, as its page shows it. `recipients`: id, name, state, when it was
    sent last, why nothing came."""

    id: UUID
    owner_id: UUID
    owner: str
    report_id: str
    params: Mapping[str, Any]
    format: str
    every: str
    weekday: int
    day: int
    hour: int
    state: str
    next_at: datetime
    recipients: Sequence[Mapping[str, Any]]


def next_after(now: datetime, zone: Any, every: str, weekday: int, day: int, hour: int) -> datetime:
    """The first moment after `now` on which it is due, by the clock of `zone`. An hour that a
    change to summer time skips is the one after it."""
    today = now.astimezone(zone).date()
    for number in range(63):
        each = today + timedelta(days=number)
        if every == "week" and each.weekday() != weekday:
            continue
        if every == "month" and each.day != min(day, _last_day(each)):
            continue
        moment = datetime.combine(each, time(hour), zone).astimezone(UTC)
        if moment > now:
            return moment
    raise AssertionError("every month has its day")


def _last_day(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def create(session: ScopedSession, report_id: str, given: Mapping[str, Any]) -> UUID:
    """Set up a report to be mailed: params, format, every, weekday, day, hour, recipients (ids).

    Raises Invalid, and Forbidden for others as recipients without the right to share.
    """
    me = session.principal
    if me.user_id is None:
        raise Forbidden("reports.run")
    report = reports.find(session, report_id)
    params = {k: v for k, v in (given.get("params") or {}).items() if v not in (None, "")}
    reports.loaded(session, report, params)
    row = _checked(given)
    recipients = _recipients(session, given.get("recipients") or [me.user_id])
    if len(_rows(session, schedule_table.c.owner_id == me.user_id)) >= MOST_SCHEDULES:
        raise Invalid({"": [_("You have as many of these as there may be. Delete one first.")]})
    when = {name: row[name] for name in ("every", "weekday", "day", "hour")}
    schedule_id = new_id()
    row |= {
        "id": schedule_id,
        "owner_id": me.user_id,
        "report_id": report_id,
        "params": {name: to_json(value) for name, value in params.items()},
        "state": ACTIVE,
        "next_at": next_after(session.now, clock.zone(me.timezone), **when),
        "created_at": session.now,
    }
    session.execute(insert(schedule_table), [row], execution_options=DOOR)
    made = [{"schedule_id": schedule_id, "user_id": each, "state": ON} for each in recipients]
    session.execute(insert(recipient_table), made, execution_options=DOOR)
    return schedule_id


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    errors: dict[str, list[object]] = {}
    found: dict[str, Any] = {}
    for name, known in (("every", EVERY), ("format", FORMATS)):
        found[name] = given.get(name) or known[0]
        if found[name] not in known:
            errors[name] = [_("Choose one of the list.")]
    if found["format"] == "pdf" and not report_files.can_pdf():
        errors["format"] = [report_files.NO_PDF]
    bounds = (("weekday", 0, 6, 0), ("day", 1, 31, 1), ("hour", 0, 23, 8))
    for name, low, high, usual in bounds:
        value = given.get(name)
        try:
            found[name] = usual if value in (None, "") else int(value)
        except (TypeError, ValueError):
            found[name] = low - 1
        if not low <= found[name] <= high:
            text = _("Enter a whole number from %(low)s to %(high)s.")
            errors[name] = [text % {"low": low, "high": high}]
    if errors:
        raise Invalid(errors)
    return found


def _recipients(session: ScopedSession, ids: Sequence[Any]) -> list[UUID]:
    try:
        wanted = list(dict.fromkeys(UUID(str(each)) for each in ids))
    except ValueError:
        raise Invalid({"recipients": [_("This is not an id.")]}) from None
    if wanted != [session.principal.user_id] and not session.principal.rights.has(SHARE):
        text = _("You may send reports to yourself. To send them to others takes a right.")
        raise Forbidden(SHARE, text)
    known = {row.id for row in possible(session)}
    if len(wanted) > MOST_RECIPIENTS or not set(wanted) <= known:
        raise Invalid({"recipients": [_("Choose users that are active and have an address.")]})
    return wanted


def possible(session: ScopedSession) -> Sequence[Any]:
    """Who may get a report by mail: active users with an address (id, name)."""
    statement = (
        select(_user.c.id, _user.c.name)
        .where(_user.c.state == "active", _user.c.deleted_at.is_(None), _user.c.email.is_not(None))
        .order_by(_user.c.name)
    )
    if not session.principal.rights.has(SHARE):
        statement = statement.where(_user.c.id == session.principal.user_id)
    found: Sequence[Any] = session.execute(statement, execution_options=DOOR).all()
    return found


def listing(session: ScopedSession) -> list[Schedule]:
    """What the principal has set up, and what he gets."""
    me = session.principal.user_id
    mine = select(recipient_table.c.schedule_id).where(recipient_table.c.user_id == me)
    return _rows(session, (schedule_table.c.owner_id == me) | schedule_table.c.id.in_(mine))


def find(session: ScopedSession, schedule_id: UUID, *, owner: bool = True) -> Schedule:
    """One that the principal owns, or (not `owner`) owns or gets. Raises NotFound."""
    for each in listing(session):
        if each.id == schedule_id and (not owner or each.owner_id == session.principal.user_id):
            return each
    raise NotFound(_("There is no such report by mail, or it is not yours."))


def _rows(session: ScopedSession, *conditions: Any) -> list[Schedule]:
    statement = (
        select(schedule_table, _user.c.name.label("owner"))
        .join(_user, _user.c.id == schedule_table.c.owner_id)
        .where(*conditions)
        .order_by(schedule_table.c.created_at, schedule_table.c.id)
    )
    rows = [row._mapping for row in session.execute(statement, execution_options=DOOR)]
    people = _people(session, [row["id"] for row in rows])
    names = [each for each in Schedule.__dataclass_fields__ if each != "recipients"]
    return [
        Schedule(**{name: row[name] for name in names}, recipients=people.get(row["id"], []))
        for row in rows
    ]


def _people(session: ScopedSession, ids: Sequence[UUID]) -> dict[UUID, list[Mapping[str, Any]]]:
    table = recipient_table
    statement = (
        select(table, _user.c.name)
        .join(_user, _user.c.id == table.c.user_id)
        .where(table.c.schedule_id.in_(ids))
        .order_by(_user.c.name)
    )
    found: dict[UUID, list[Mapping[str, Any]]] = {}
    for row in session.execute(statement, execution_options=DOOR):
        found.setdefault(row.schedule_id, []).append(dict(row._mapping))
    return found


def set_state(session: ScopedSession, schedule_id: UUID, state: str) -> None:
    """Pause one's own, or let it go on; it is due next as if it had never been paused."""
    schedule = find(session, schedule_id)
    when = {name: getattr(schedule, name) for name in ("every", "weekday", "day", "hour")}
    due = next_after(session.now, clock.zone(session.principal.timezone), **when)
    here = schedule_table.c.id == schedule_id
    session.execute(
        update(schedule_table).where(here).values(state=state, next_at=due), execution_options=DOOR
    )


def remove(session: ScopedSession, schedule_id: UUID) -> None:
    """Delete one's own."""
    find(session, schedule_id)
    here = schedule_table.c.id == schedule_id
    session.execute(delete(schedule_table).where(here), execution_options=DOOR)


def leave(session: ScopedSession, schedule_id: UUID, *, back: bool = False) -> None:
    """The recipient wants it no more, or again."""
    find(session, schedule_id, owner=False)
    here = recipient_table.c.schedule_id == schedule_id
    mine = recipient_table.c.user_id == session.principal.user_id
    session.execute(
        update(recipient_table).where(here, mine).values(state=ON if back else OFF),
        execution_options=DOOR,
    )
