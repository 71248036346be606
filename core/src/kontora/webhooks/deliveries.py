"""Deliveries: written with the change, looked at by administrators, tried again."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, func, or_, select, update

from kontora.access.principal import system
from kontora.access.session import ScopedSession
from kontora.errors import Conflict, NotFound
from kontora.records.notify import PAST
from kontora.registry.records import Change
from kontora.text import _
from kontora.webhooks import events, models
from kontora.webhooks.models import DEAD, PENDING
from kontora.work import models as work
from kontora.work.jobs import enqueue

DOOR = {"door": "webhooks"}
JOB = "core.webhook_send"
ENDPOINT = cast(Table, models.WebhookEndpoint.__table__)
DELIVERY = cast(Table, models.WebhookDelivery.__table__)
MOST_AGAIN = 1_000
_CACHE = "webhook_endpoints"
_LATE = timedelta(minutes=5)


def queue(session: ScopedSession, change: Change) -> None:
    """Write a delivery for every active receiver of this kind of change, in its transaction."""
    if change.verb not in PAST:
        return
    names = set(events.names_of(session.registry, change))
    for endpoint_id, chosen in _receivers(session):
        for name in sorted(names & chosen):
            add(session, endpoint_id, name, change.record_id, sorted(change.after))


def _receivers(session: ScopedSession) -> list[tuple[UUID, frozenset[str]]]:
    """The active receivers with what they want to hear, read once in a session."""
    if _CACHE not in session.info:
        found = select(ENDPOINT.c.id, ENDPOINT.c.events).where(ENDPOINT.c.active.is_(True))
        rows = session.execute(found, execution_options=DOOR)
        session.info[_CACHE] = [(row.id, frozenset(row.events)) for row in rows]
    return cast("list[tuple[UUID, frozenset[str]]]", session.info[_CACHE])


def add(
    session: ScopedSession,
    endpoint_id: UUID,
    event: str,
    record_id: UUID | None,
    changed: Iterable[str] = (),
) -> int:
    """Write one delivery and the job that sends it; return its id."""
    row = {
        "endpoint_id": endpoint_id,
        "message_id": f"msg_{secrets.token_hex(16)}",
        "event": event,
        "record_id": record_id,
        "changed": list(changed),
        "state": PENDING,
        "attempts": 0,
        "next_at": session.now,
        "created_at": session.now,
    }
    made = session.execute(
        DELIVERY.insert().values(row).returning(DELIVERY.c.id), execution_options=DOOR
    ).scalar_one()
    wake(session, made, session.now)
    return int(made)


def wake(session: ScopedSession, delivery_id: int, at: datetime) -> None:
    """Queue the job that sends this delivery. It runs for the program, not for who made the
    change: what may be sent is decided by the owner of the receiver."""
    job = enqueue(session, JOB, {"delivery": delivery_id}, run_at=at, principal=system("webhooks"))
    put(session, delivery_id, next_at=at, job_id=job)


def put(session: ScopedSession, delivery_id: int, **values: Any) -> None:
    """Change columns of a delivery."""
    statement = update(DELIVERY).where(DELIVERY.c.id == delivery_id).values(values)
    session.execute(statement, execution_options=DOOR)


def get(session: ScopedSession, endpoint_id: UUID, delivery_id: int) -> Mapping[str, Any]:
    """One delivery of a receiver. Raises NotFound."""
    row = session.execute(
        select(DELIVERY).where(DELIVERY.c.id == delivery_id, DELIVERY.c.endpoint_id == endpoint_id),
        execution_options=DOOR,
    ).first()
    if row is None:
        raise NotFound(_("There is no such delivery."))
    return dict(row._mapping)


def listed(
    session: ScopedSession,
    endpoint_id: UUID,
    *,
    state: str = "",
    before: int | None = None,
    limit: int = 50,
) -> list[Mapping[str, Any]]:
    """Deliveries of a receiver, the newest first; `before` is the last id of the page before."""
    statement = select(DELIVERY).where(DELIVERY.c.endpoint_id == endpoint_id)
    if state:
        statement = statement.where(DELIVERY.c.state == state)
    if before is not None:
        statement = statement.where(DELIVERY.c.id < before)
    statement = statement.order_by(DELIVERY.c.id.desc()).limit(limit)
    return [dict(row._mapping) for row in session.execute(statement, execution_options=DOOR)]


def counts(session: ScopedSession) -> dict[UUID, dict[str, int]]:
    """How many deliveries of each receiver are in which state."""
    rows = session.execute(
        select(DELIVERY.c.endpoint_id, DELIVERY.c.state, func.count()).group_by(
            DELIVERY.c.endpoint_id, DELIVERY.c.state
        ),
        execution_options=DOOR,
    )
    found: dict[UUID, dict[str, int]] = {}
    for endpoint_id, state, number in rows:
        found.setdefault(endpoint_id, {})[state] = number
    return found


def again(session: ScopedSession, endpoint_id: UUID, delivery_id: int) -> None:
    """Send a delivery that ended once more, under the same id, with all its tries."""
    row = get(session, endpoint_id, delivery_id)
    _must_be_active(session, endpoint_id)
    if row["state"] == PENDING:
        raise Conflict(_("This delivery is still being tried."), _("Wait for its next try."))
    put(session, delivery_id, state=PENDING, attempts=0, ended_at=None)
    wake(session, delivery_id, session.now)


def all_again(session: ScopedSession, endpoint_id: UUID) -> int:
    """Send dead letters of a receiver again, the oldest thousand; return how many."""
    _must_be_active(session, endpoint_id)
    dead = (
        select(DELIVERY.c.id)
        .where(DELIVERY.c.endpoint_id == endpoint_id, DELIVERY.c.state == DEAD)
        .order_by(DELIVERY.c.id)
        .limit(MOST_AGAIN)
    )
    found = list(session.execute(dead, execution_options=DOOR).scalars())
    for each in found:
        put(session, each, state=PENDING, attempts=0, ended_at=None)
        wake(session, each, session.now)
    return len(found)


def _must_be_active(session: ScopedSession, endpoint_id: UUID) -> None:
    active = select(ENDPOINT.c.active).where(ENDPOINT.c.id == endpoint_id)
    found = session.execute(active, execution_options=DOOR).scalar_one_or_none()
    if found is None:
        raise NotFound(_("There is no such webhook."))
    if not found:
        raise Conflict(_("This webhook is turned off."), _("Turn it on first."))


def bury(session: ScopedSession, endpoint_id: UUID, reason: str) -> None:
    """Make dead letters of all that waits for a receiver that was turned off."""
    waiting = (DELIVERY.c.endpoint_id == endpoint_id) & (DELIVERY.c.state == PENDING)
    values = {"state": DEAD, "error": reason[:500], "ended_at": session.now}
    session.execute(update(DELIVERY).where(waiting).values(values), execution_options=DOOR)


def forgotten(session: ScopedSession, limit: int = 500) -> list[int]:
    """Deliveries that are overdue although no job will send them."""
    job: Any = work.Job.__table__
    statement = (
        select(DELIVERY.c.id)
        # SQLite gives the number of a job that was purged to another one.
        .outerjoin(job, (job.c.id == DELIVERY.c.job_id) & (job.c.name == JOB))
        .where(DELIVERY.c.state == PENDING, DELIVERY.c.next_at < session.now - _LATE)
        .where(or_(job.c.id.is_(None), job.c.state.in_(work.ENDED)))
        .limit(limit)
    )
    return list(session.execute(statement, execution_options=DOOR).scalars())
