"""The job that sends one delivery: at least once, with a pause that grows after each failure.

The network is talked to between two short transactions, so a slow receiver keeps no writer
waiting. A worker that is killed in between leaves the job to the next one, which sends the same
message under the same id.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from kontora import clock
from kontora.access import sealing
from kontora.access.session import ScopedSession
from kontora.errors import KontoraError
from kontora.registry.work import JobContext
from kontora.text import _
from kontora.webhooks import deliveries, endpoints, events, payload, signing
from kontora.webhooks.deliveries import DELIVERY, DOOR, ENDPOINT, put, wake
from kontora.webhooks.models import DEAD, DELIVERED, PENDING, SKIPPED
from kontora.work.egress import Client
from kontora.work.egress_rules import Rules

MINUTE, HOUR = 60.0, 3600.0
# Seconds after each failed try; together a little over three days.
DELAYS = (
    *(5.0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR),
    24 * HOUR,
)
GIVES_UP = timedelta(days=5)
GONE = 410
LONGEST_EXCERPT = 500
_PROBE = 20.0
_LONGEST_PAUSE = 5 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one try went: a status, or an error without one; `state` when nothing was sent."""

    status: int | None = None
    error: str = ""
    answer: str = ""
    retry_after: float = 0.0
    state: str = ""
    ends_endpoint: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def delay(attempts: int) -> float:
    """Seconds to wait after this many failed tries, up to a fifth more by chance, so that what
    failed together does not come back together."""
    return DELAYS[min(attempts, len(DELAYS)) - 1] * random.uniform(1.0, 1.2)  # noqa: S311


def send(context: JobContext) -> str | None:
    """Send the delivery that the job names; returns its state, for the result of the job."""
    delivery_id = int(context.args["delivery"])
    with context.slice() as session:
        site, taken = session.site, _take(session, delivery_id)
    if taken is None:
        return None
    outcome = _try(site, *taken)
    with context.slice() as session:
        return note(session, delivery_id, outcome)


def _take(
    session: ScopedSession, delivery_id: int
) -> tuple[Mapping[str, Any], Mapping[str, Any], list[str]] | None:
    """The delivery, its receiver and the keys; None when there is nothing to send now."""
    found = select(DELIVERY).where(DELIVERY.c.id == delivery_id, DELIVERY.c.state == PENDING)
    first = session.execute(found, execution_options=DOOR).first()
    if first is None:
        return None
    delivery = dict(first._mapping)
    endpoint = _endpoint(session, delivery)
    if not endpoint["active"]:
        put(
            session,
            delivery_id,
            state=DEAD,
            error=str(_("The webhook is off.")),
            ended_at=session.now,
        )
        return None
    paused = endpoint["paused_until"]
    if paused and paused > session.now and delivery["event"] != events.TEST:
        wake(session, delivery_id, paused + timedelta(seconds=random.uniform(0, 2)))  # noqa: S311
        return None
    if endpoint["failures"]:
        # One message tries whether the receiver is back; the others wait for its result.
        _pause(session, endpoint, _PROBE)
    try:
        keys = endpoints.keys(session, endpoint)
    except sealing.Unreadable:
        reason = str(_("Its secret was sealed with another KONTORA_SECRET_KEY. Give it a new one."))
        endpoints.disable(session, endpoint["id"], reason)
        return None
    return delivery, endpoint, keys


def _endpoint(session: ScopedSession, delivery: Mapping[str, Any]) -> Mapping[str, Any]:
    found = select(ENDPOINT).where(ENDPOINT.c.id == delivery["endpoint_id"])
    return dict(session.execute(found, execution_options=DOOR).one()._mapping)


def _pause(session: ScopedSession, endpoint: Mapping[str, Any], seconds: float) -> None:
    until = session.now + timedelta(seconds=seconds)
    statement = update(ENDPOINT).where(ENDPOINT.c.id == endpoint["id"]).values(paused_until=until)
    session.execute(statement, execution_options=DOOR)


def _try(
    site: Any, delivery: Mapping[str, Any], endpoint: Mapping[str, Any], keys: list[str]
) -> Outcome:
    """Build the message and send it; no transaction is open meanwhile."""
    try:
        body = payload.build(site, endpoint["owner_id"], delivery)
    except payload.NoOwner:
        return Outcome(
            ends_endpoint=str(_("The user behind it may no longer sign in. Choose another."))
        )
    if body is None:
        return Outcome(state=SKIPPED, error=str(_("Its user may not see the record.")))
    headers = signing.headers(keys, delivery["message_id"], clock.now(), body)
    client = Client(Rules.of(site.settings.egress_allow))
    try:
        answer = client.send("POST", endpoint["url"], body=body, headers=headers)
    except KontoraError as error:
        return Outcome(error=str(error.message))
    excerpt = answer.body[: 4 * LONGEST_EXCERPT].decode("utf-8", "replace").replace("\x00", "")
    if answer.status == GONE:
        reason = str(_("The receiver answered 410: it wants no more messages."))
        return Outcome(status=GONE, answer=excerpt, ends_endpoint=reason)
    retry_after = answer.headers.get("retry-after", "")
    return Outcome(
        status=answer.status,
        answer=excerpt[:LONGEST_EXCERPT],
        error=""
        if answer.status < 300
        else str(_("The receiver answered %(status)s.") % {"status": answer.status}),
        retry_after=float(retry_after) if retry_after.isdecimal() and len(retry_after) < 7 else 0.0,
    )


def note(session: ScopedSession, delivery_id: int, outcome: Outcome) -> str | None:
    """Write down how a try went, and plan the next one."""
    found = select(DELIVERY).where(DELIVERY.c.id == delivery_id, DELIVERY.c.state == PENDING)
    first = session.execute(found.with_for_update(), execution_options=DOOR).first()
    if first is None:  # deleted, or turned off meanwhile
        return None
    row = dict(first._mapping)
    endpoint = _endpoint(session, row)
    attempts = row["attempts"] + (0 if outcome.state else 1)
    put(
        session,
        delivery_id,
        attempts=attempts,
        status=outcome.status,
        error=outcome.error[:LONGEST_EXCERPT] or None,
        answer=outcome.answer[:LONGEST_EXCERPT] or None,
    )
    if outcome.ends_endpoint:
        endpoints.disable(session, endpoint["id"], outcome.ends_endpoint)
        return DEAD
    if outcome.is_success or outcome.state:
        put(session, delivery_id, state=outcome.state or DELIVERED, ended_at=session.now)
        if endpoint["failures"] and not outcome.state:
            _well(session, endpoint)
        return outcome.state or DELIVERED
    return _failed(session, row, endpoint, attempts, outcome)


def _well(session: ScopedSession, endpoint: Mapping[str, Any]) -> None:
    values = {"failures": 0, "failing_since": None, "paused_until": None}
    statement = update(ENDPOINT).where(ENDPOINT.c.id == endpoint["id"]).values(values)
    session.execute(statement, execution_options=DOOR)


def _failed(
    session: ScopedSession,
    row: Mapping[str, Any],
    endpoint: Mapping[str, Any],
    attempts: int,
    outcome: Outcome,
) -> str:
    is_test = row["event"] == events.TEST
    since = endpoint["failing_since"] or session.now
    if not is_test:
        pause = min(DELAYS[0] * 2.0 ** min(endpoint["failures"], 10), _LONGEST_PAUSE)
        values = {
            "failures": ENDPOINT.c.failures + 1,
            "failing_since": since,
            "paused_until": session.now + timedelta(seconds=pause),
        }
        statement = update(ENDPOINT).where(ENDPOINT.c.id == endpoint["id"]).values(values)
        session.execute(statement, execution_options=DOOR)
        if session.now - since >= GIVES_UP:
            endpoints.disable(session, endpoint["id"], str(_("It has failed for five days.")))
            return DEAD
    if is_test or attempts > len(DELAYS):
        put(session, row["id"], state=DEAD, ended_at=session.now)
        return DEAD
    wait = max(delay(attempts), min(outcome.retry_after, DELAYS[-1]))
    wake(session, row["id"], session.now + timedelta(seconds=wait))
    return PENDING


def sweep(context: JobContext) -> dict[str, int]:
    """Every few minutes: what is overdue and has no job gets one anew."""
    session = context.session
    found = deliveries.forgotten(session)
    for each in found:
        wake(session, each, session.now)
    return {"woken": len(found)}
