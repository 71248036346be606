"""The run of a handover, or of its undo, in slices that each can be the last one for a while."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from kontora.access.session import ScopedSession
from kontora.errors import Conflict, Invalid, KontoraError, NotFound
from kontora.records.handover import move
from kontora.records.handover.owned import Part, parts
from kontora.records.handover.rules import rules_of, targets
from kontora.records.watch_models import Handover, HandoverItem
from kontora.registry.work import JobContext
from kontora.text import _, kept, use_locale

DOOR = {"door": "handover"}
SLICE_SECONDS = 0.04
BATCH = 20
RUNNING = ("waiting", "running", "undoing")
_handover: Any = Handover.__table__
_item: Any = HandoverItem.__table__


def job(context: JobContext) -> Mapping[str, Any]:
    """Run the handover that the arguments name until nothing is left of it."""
    handover_id = UUID(str(context.args["handover"]))
    total = int(context.args.get("total") or 0)
    more = True
    while more:
        with context.slice() as session:
            more = step(session, handover_id)
            counts = row_of(session, handover_id)["counts"]
        context.progress(done(counts), total or None)
    return dict(counts)


def done(counts: Mapping[str, Any]) -> int:
    """How many records a run has dealt with."""
    return sum(each for name in ("moved", "refused") for each in counts.get(name, {}).values())


def row_of(session: ScopedSession, handover_id: UUID, *, lock: bool = False) -> dict[str, Any]:
    """The row of a handover. Raises NotFound."""
    statement = select(_handover).where(_handover.c.id == handover_id)
    if lock:
        statement = statement.with_for_update()
    row = session.execute(statement, execution_options=DOOR).first()
    if row is None:
        raise NotFound()
    return dict(row._mapping)


def step(session: ScopedSession, handover_id: UUID) -> bool:
    """One slice of at most 40 ms and one record; whether more is left."""
    row = row_of(session, handover_id, lock=True)
    if row["state"] in ("waiting", "running"):
        return _forward(session, row)
    if row["state"] == "undoing":
        return _backward(session, row)
    return False


def _forward(session: ScopedSession, row: dict[str, Any]) -> bool:
    began = time.monotonic()
    counts, cursor = _counts(row), dict(row["cursor"] or {})
    finished = list(cursor.get("done", []))
    for part in parts(session):
        if _name(part) in finished:
            continue
        after = UUID(cursor["after"]) if cursor.get("part") == _name(part) else None
        while ids := part.ids(session, row["user_id"], after, BATCH):
            for record_id in ids:
                _give(session, row, part, record_id, counts)
                after = record_id
                if time.monotonic() - began > SLICE_SECONDS:
                    place = {"done": finished, "part": _name(part), "after": str(after)}
                    _save(session, row, state="running", cursor=place, counts=counts)
                    return True
        finished.append(_name(part))
    _save(session, row, state="done", cursor={}, counts=counts, finished_at=session.now)
    return False


def _name(part: Part) -> str:
    return f"{part.path}:{part.kind or ''}"


def _give(
    session: ScopedSession,
    row: Mapping[str, Any],
    part: Part,
    record_id: UUID,
    counts: dict[str, dict[str, int]],
) -> None:
    moved = counts["moved"].get(part.path, 0)
    item: dict[str, Any] = {
        "handover_id": row["id"],
        "entity": part.rtype.entity,
        "path": part.path,
        "record_id": record_id,
    }
    try:
        rule = rules_of(row["rule"]).of(part.path)
        takers = targets(session, rule, row["user_id"])
        taker = takers[moved % len(takers)]
        with session.begin_nested():
            places, version = move.give(session, part, record_id, row["user_id"], taker)
        item |= {"to_id": taker, "parts": places, "version": version, "state": "moved"}
        item |= _reason(None)
        counts["moved"][part.path] = moved + 1
    except KontoraError as error:
        item |= {"to_id": None, "parts": [], "version": 0, "state": "refused"}
        item |= _reason(error)
        counts["refused"][part.path] = counts["refused"].get(part.path, 0) + 1
    session.execute(insert(_item), [item], execution_options=DOOR)


def _reason(error: KontoraError | None) -> dict[str, Any]:
    """Why, in English for logs and programs, and as texts for the page: who reads them, and in
    which language, is not known yet."""
    if error is None:
        return {"reason": None, "why": None}
    texts = error.errors if isinstance(error, Invalid) else {"": [error.message]}
    with use_locale("en"):  # an Invalid made its own sentence when it was raised
        again = Invalid(error.errors) if isinstance(error, Invalid) else None
        reason = str(again or error.message)
    return {
        "reason": reason[:500],
        "why": {path: [kept(each) for each in found] for path, found in texts.items()},
    }


def _backward(session: ScopedSession, row: dict[str, Any]) -> bool:
    began, counts = time.monotonic(), _counts(row)
    by_path = {(part.path, part.rtype.entity): part for part in parts(session)}
    while items := _moved(session, row["id"]):
        for item in items:
            part = by_path.get((item["path"], item["entity"]))
            error = _back(session, row, part, item)
            state = "back" if error is None else "kept"
            counts[state][item["path"]] = counts[state].get(item["path"], 0) + 1
            statement = update(_item).where(_item.c.id == item["id"])
            session.execute(statement.values(state=state, **_reason(error)), execution_options=DOOR)
            if time.monotonic() - began > SLICE_SECONDS:
                _save(session, row, counts=counts)
                return True
    _save(session, row, state="undone", counts=counts, undone_at=session.now)
    return False


def _back(
    session: ScopedSession, row: Mapping[str, Any], part: Part | None, item: Mapping[str, Any]
) -> KontoraError | None:
    """Hand one record back; what hindered it."""
    if part is None:
        return Conflict(_("Its record type is switched off."))
    try:
        with session.begin_nested():
            places, version = item["parts"], item["version"]
            giver, taker = row["user_id"], item["to_id"]
            move.give_back(session, part, item["record_id"], places, version, giver, taker)
    except NotFound:
        return NotFound(_("It was deleted for good, or is out of reach."))
    except KontoraError as error:
        return error
    return None


def _moved(session: ScopedSession, handover_id: UUID) -> list[dict[str, Any]]:
    statement = (
        select(_item)
        .where(_item.c.handover_id == handover_id, _item.c.state == "moved")
        .order_by(_item.c.id)
        .limit(BATCH)
    )
    return [dict(row._mapping) for row in session.execute(statement, execution_options=DOOR)]


def _counts(row: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    kept = row["counts"] or {}
    return {name: dict(kept.get(name, {})) for name in ("moved", "refused", "back", "kept")}


def _save(session: ScopedSession, row: Mapping[str, Any], **values: Any) -> None:
    statement = update(_handover).where(_handover.c.id == row["id"]).values(**values)
    session.execute(statement, execution_options=DOOR)
