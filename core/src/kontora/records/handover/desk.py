"""The desk of handovers: who may ask for one, how it stands, and its one undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update

from kontora.access.models import User
from kontora.access.rights import Scope
from kontora.access.session import ScopedSession
from kontora.errors import Conflict, Forbidden, NotFound
from kontora.ids import new_id
from kontora.records import changes, unusual
from kontora.records.handover import run
from kontora.records.handover.owned import preview
from kontora.records.handover.rules import Rules, described, rules_of, targets
from kontora.records.handover.run import DOOR, RUNNING, row_of
from kontora.records.watch_models import Handover, HandoverItem
from kontora.registry.records import Change
from kontora.text import _
from kontora.work import jobs

PERMISSION = "people.hand_over"
JOB = "core.hand_over"
AT_ONCE, MOST_LEFT_OUT = 50, 200
_handover: Any = Handover.__table__
_item: Any = HandoverItem.__table__


def leaver(session: ScopedSession, user_id: UUID) -> User:
    """The user whose things are to be handed over. Raises NotFound, or Forbidden to those who
    lack the permission, or reach with it only a branch that is not his."""
    me = session.principal
    if not me.rights.has(PERMISSION):
        raise Forbidden(PERMISSION)
    user = session.scalars(select(User).where(User.id == user_id)).one_or_none()
    if user is None:
        raise NotFound()
    if _everywhere(session) or (user.branch_id is not None and user.branch_id in me.branches_below):
        return user
    raise Forbidden(PERMISSION, _("This user belongs to a branch that is not yours."))


def _everywhere(session: ScopedSession) -> bool:
    return session.principal.rights.scope("person", "assign") is Scope.ALL


def start(session: ScopedSession, user_id: UUID, rules: Rules, *, at_once: bool = False) -> UUID:
    """Begin a handover and return its id. A small one is done when this returns, a large one runs
    as a job (`at_once`: the caller runs it himself). Raises Invalid when a rule leads to nobody,
    Conflict when one for this user still runs."""
    user = leaver(session, user_id)
    targets(session, rules.default, user_id, "to")
    for path, rule in rules.types.items():
        targets(session, rule, user_id, f"to.{path}")
    # Two who begin at the same moment wait for each other here.
    lock = select(User.__table__.c.id).where(User.__table__.c.id == user_id).with_for_update()
    session.execute(lock, execution_options=DOOR)
    _refuse_second(session, user_id)
    total = sum(max(each.records, each.rows) for each in preview(session, user_id))
    made = new_id()
    row = {
        "id": made,
        "user_id": user_id,
        "asked_by": session.principal.user_id,
        "asked_name": session.principal.name,
        "rule": rules.as_json(),
        "state": "waiting",
        "cursor": {},
        "counts": {},
        "created_at": session.now,
    }
    session.execute(insert(_handover), [row], execution_options=DOOR)
    _log(session, user, "hand_over", described(session, rules.default))
    unusual.leaving(session, user_id)
    if not at_once:
        _run(session, made, total)
    return made


def undo(session: ScopedSession, handover_id: UUID, *, at_once: bool = False) -> None:
    """Hand back what nobody has changed since. Raises Conflict unless the handover is done."""
    row = seen(session, handover_id, lock=True)
    if row["state"] != "done":
        raise Conflict(_("Only a finished handover can be undone, and once."))
    user = leaver(session, row["user_id"])
    statement = update(_handover).where(_handover.c.id == handover_id)
    session.execute(statement.values(state="undoing"), execution_options=DOOR)
    _log(session, user, "hand_back", described(session, rules_of(row["rule"]).default))
    if not at_once:
        _run(session, handover_id, sum((row["counts"] or {}).get("moved", {}).values()))


def _run(session: ScopedSession, handover_id: UUID, total: int) -> None:
    if total <= AT_ONCE:
        while run.step(session, handover_id):
            pass
        return
    args = {"handover": str(handover_id), "total": total}
    job_id = jobs.enqueue(session, JOB, args, unique_key=f"handover:{handover_id}")
    statement = update(_handover).where(_handover.c.id == handover_id)
    session.execute(statement.values(job_id=job_id), execution_options=DOOR)


def _refuse_second(session: ScopedSession, user_id: UUID) -> None:
    running = select(_handover.c.id).where(
        _handover.c.user_id == user_id, _handover.c.state.in_(RUNNING)
    )
    if session.execute(running, execution_options=DOOR).first() is not None:
        raise Conflict(_("A handover of this user is still running."), _("Wait until it ends."))


def seen(session: ScopedSession, handover_id: UUID, *, lock: bool = False) -> dict[str, Any]:
    """A handover that the principal may see. Raises NotFound for any other."""
    row = row_of(session, handover_id, lock=lock)
    try:
        leaver(session, row["user_id"])
    except Forbidden as error:
        raise NotFound() from error
    return row


def of_user(session: ScopedSession, user_id: UUID) -> list[dict[str, Any]]:
    """The handovers of a user, newest first."""
    leaver(session, user_id)
    statement = select(_handover).where(_handover.c.user_id == user_id)
    statement = statement.order_by(_handover.c.created_at.desc()).limit(20)
    return [dict(row._mapping) for row in session.execute(statement, execution_options=DOOR)]


def left_out(session: ScopedSession, handover_id: UUID) -> list[dict[str, Any]]:
    """The records that were refused, or not handed back, each with its reason."""
    statement = (
        select(_item)
        .where(_item.c.handover_id == handover_id, _item.c.state.in_(("refused", "kept")))
        .order_by(_item.c.id)
        .limit(MOST_LEFT_OUT)
    )
    return [dict(row._mapping) for row in session.execute(statement, execution_options=DOOR)]


def taken(session: ScopedSession, handover_id: UUID) -> list[tuple[UUID, int]]:
    """Who got how many records."""
    statement = (
        select(_item.c.to_id, func.count())
        .where(_item.c.handover_id == handover_id, _item.c.to_id.is_not(None))
        .where(_item.c.state.in_(("moved", "kept")))
        .group_by(_item.c.to_id)
    )
    rows = session.execute(statement, execution_options=DOOR)
    return sorted(((row[0], row[1]) for row in rows), key=lambda each: -each[1])


def _log(session: ScopedSession, user: User, verb: str, to: str) -> None:
    after: Mapping[str, Any] = {"handover": to}
    change = Change(entity="user", record_id=user.id, kind=None, verb=verb, before={}, after=after)
    changes.write(session, change, user.version)
