"""One change of very many records, in a job: with the rights of who asked, in short slices.

Doing a record a second time changes nothing more, so a job that was interrupted begins anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from kontora.errors import Conflict, KontoraError
from kontora.hookspecs import hookimpl
from kontora.parties import groups
from kontora.records import bulk, service
from kontora.records.service import Query
from kontora.registry.work import JobContext, JobSpec

JOB, UNDO_JOB = "core.bulk", "core.bulk_undo"
PORTION = 200
SLICE_SECONDS, TIMEOUT = 0.05, 24 * 3600.0
MOST = 200_000
One = Callable[[Any, UUID], bool | None]


def run(context: JobContext) -> Mapping[str, int]:
    """Do `action` on all that match; how many took it, and how many could not."""
    args = context.args
    with context.slice() as session:
        rtype = session.registry.record_type(str(args["path"]))
        query = Query(filter=args.get("filter"), q=args.get("q") or None)
        ids = service.matching(session, rtype, query)[:MOST]
    do, counts, place = _action(rtype, args), {"done": 0, "failed": 0, "total": len(ids)}, 0
    while place < len(ids):
        with context.slice() as session:
            session.info["source"] = source_of(context.job_id)
            end = time.monotonic() + SLICE_SECONDS
            while place < len(ids):
                counts[_one(session, do, ids[place])] += 1
                place += 1
                if time.monotonic() >= end:
                    break
        context.progress(place, len(ids))
    return counts


def source_of(job_id: int) -> str:
    """How the log of changes names what a job did."""
    return f"job:{job_id}"


def undo(context: JobContext) -> Mapping[str, int]:
    """Take back what a job did, where nobody has changed the record since; how many are left.

    Records out of the bin, and values as they were. A record that was taken back is of a newer
    version, so a job that was interrupted begins anew.
    """
    args, counts = context.args, {"done": 0, "failed": 0, "left": 0, "total": 0}
    after, source = 0, source_of(int(args["job"]))
    while True:
        with context.slice() as session:
            rtype = session.registry.record_type(str(args["path"]))
            rows = bulk.made_by(session, rtype, source, after, PORTION)
            end = time.monotonic() + SLICE_SECONDS
            for number, record_id, verb, version in rows:
                counts[_back(session, rtype, record_id, verb, version)] += 1
                counts["total"] += 1
                after = number
                if time.monotonic() >= end:
                    break
        if not rows:
            return counts
        context.progress(counts["total"], int(args.get("total") or counts["total"]))


def _back(session: Any, rtype: Any, record_id: UUID, verb: str, version: int) -> str:
    try:
        with session.begin_nested():
            if verb == "delete":
                service.restore_record(session, rtype, record_id)
            elif bulk.take_back(session, rtype, record_id, version) is None:
                return "left"
    except Conflict:
        return "left"
    except KontoraError:
        return "failed"
    return "done"


def _one(session: Any, do: One, record_id: UUID) -> str:
    try:
        with session.begin_nested():
            do(session, record_id)
    except KontoraError:
        return "failed"
    return "done"


def _action(rtype: Any, args: Mapping[str, Any]) -> One:
    action, data = str(args["action"]), dict(args.get("data") or {})
    if action == "delete":
        return lambda session, one: service.delete_record(session, rtype, one)
    if action in ("group_add", "group_remove"):
        group = UUID(str(args["group"]))
        change = groups.add if action == "group_add" else groups.remove
        return lambda session, one: bool(change(session, group, [one]))
    if action == "tags":
        return lambda session, one: _tag(session, rtype, one, list(data["tags"] or ()))
    return lambda session, one: _set(session, rtype, one, data)


def _set(session: Any, rtype: Any, record_id: UUID, data: Mapping[str, Any]) -> None:
    service.change_record(session, rtype, record_id, data)


def _tag(session: Any, rtype: Any, record_id: UUID, added: list[str]) -> None:
    present = service.get_record(session, rtype, record_id, fields=("tags",))["tags"]
    _set(session, rtype, record_id, {"tags": list(dict.fromkeys([*present, *added]))})


@hookimpl
def register_jobs() -> Iterable[JobSpec]:
    """Bulk work that is too much for one request."""
    return (
        JobSpec(name=JOB, handler=run, sliced=True, timeout=TIMEOUT),
        JobSpec(name=UNDO_JOB, handler=undo, sliced=True, timeout=TIMEOUT),
    )
