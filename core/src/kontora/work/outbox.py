"""Events: written with the change, and handed to their subscribers after its commit.

Events are found by state, never by “id greater than the last seen”: numbers are given out
before the commit, so a smaller one may become visible later and would be lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import RowMapping, Table, select, update

from kontora import clock, traces
from kontora.access.principal import Principal
from kontora.registry.work import Event, Subscriber
from kontora.work import models, wake
from kontora.work.executor import Executor, acting, insert, run

OUTBOX = cast(Table, models.OutboxEvent.__table__)
JOB = cast(Table, models.Job.__table__)


def emit(
    session: Executor,
    name: str,
    entity: str,
    record_id: UUID | None,
    payload: Mapping[str, Any] | None = None,
    *,
    principal: Principal | None = None,
) -> None:
    """Write the event `name` in the session's transaction: a rollback takes it back too.

    `payload` is JSON and holds no more than the subscribers need: names of changed fields rather
    than values, because the event knows no field rules.
    """
    wake.mark(session)
    actor = principal or getattr(session, "principal", None)
    row = {
        "name": name,
        "entity": entity,
        "record_id": record_id,
        "payload": dict(payload or {}),
        "request_id": getattr(actor, "request_id", None),
        "at": clock.now(),
        "state": models.NEW,
        "trace": traces.current(),
        **acting(session, principal),
    }
    run(session, OUTBOX.insert().values(row))


def dispatch(executor: Executor, subscribers: Iterable[Subscriber], limit: int = 200) -> int:
    """Turn up to `limit` new events into one job per subscriber that wants them.

    Runs in the caller's transaction (a writer's); returns the number of events. Two dispatchers
    never take the same event: PostgreSQL skips locked rows, SQLite has one writer at a time.
    """
    new = (
        select(OUTBOX)
        .where(OUTBOX.c.state == models.NEW)
        .order_by(OUTBOX.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    events = run(executor, new).mappings().all()
    if not events:
        return 0
    known = list(subscribers)
    jobs = [
        _delivery(event, subscriber)
        for event in events
        for subscriber in known
        if subscriber.wants(event["name"])
    ]
    if jobs:
        run(executor, insert(executor, JOB), jobs)
    taken = [event["id"] for event in events]
    run(executor, update(OUTBOX).where(OUTBOX.c.id.in_(taken)).values(state=models.DISPATCHED))
    return len(events)


def pending(executor: Executor) -> bool:
    """Whether an event waits: a cheap look before a writer's transaction is begun."""
    return (
        run(executor, select(OUTBOX.c.id).where(OUTBOX.c.state == models.NEW).limit(1)).first()
        is not None
    )


def event_of(args: Mapping[str, Any], principal_kind: str, principal_id: UUID | None) -> Event:
    """The event that a delivery job carries in its arguments."""
    record = args["record_id"]
    return Event(
        id=args["event_id"],
        name=args["name"],
        entity=args["entity"],
        record_id=UUID(record) if record else None,
        payload=args["payload"],
        at=datetime.fromisoformat(args["at"]),
        principal_kind=principal_kind,
        principal_id=principal_id,
        request_id=args["request_id"],
    )


def _delivery(event: RowMapping, subscriber: Subscriber) -> dict[str, Any]:
    """The job that brings `event` to `subscriber`; it holds all of the event."""
    now = clock.now()
    return {
        "name": subscriber.job_name,
        "args": {
            "event_id": event["id"],
            "name": event["name"],
            "entity": event["entity"],
            "record_id": str(event["record_id"]) if event["record_id"] else None,
            "payload": event["payload"],
            "at": event["at"].isoformat(),
            "request_id": event["request_id"],
        },
        "state": models.QUEUED,
        "priority": 0,
        "run_at": now,
        "attempts": 0,
        "max_attempts": subscriber.max_attempts,
        "principal_kind": event["principal_kind"],
        "principal_id": event["principal_id"],
        "created_at": now,
        "trace": event["trace"],
    }
