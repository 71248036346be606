"""Jobs as administrators see them, and what they may do to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import func, select

from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, NotFound
from kontora.records import changes
from kontora.registry.records import Change
from kontora.text import _
from kontora.work import jobs
from kontora.work.executor import run
from kontora.work.jobs import JOB


def counts(session: ScopedSession) -> dict[str, int]:
    """How many jobs there are in each state."""
    _require(session)
    rows = run(session, select(JOB.c.state, func.count().label("number")).group_by(JOB.c.state))
    return {row.state: row.number for row in rows}


def listing(
    session: ScopedSession, state: str | None, before: int | None, limit: int
) -> list[Mapping[str, Any]]:
    """Jobs, the newest first, of one state if it is given, behind the id `before`."""
    _require(session)
    statement = select(JOB).order_by(JOB.c.id.desc()).limit(limit)
    if state:
        statement = statement.where(JOB.c.state == state)
    if before is not None:
        statement = statement.where(JOB.c.id < before)
    return [dict(row._mapping) for row in run(session, statement)]


def retry(session: ScopedSession, job_id: int) -> None:
    """Start a job again that has given up. Raises NotFound or Conflict."""
    name = _name(session, job_id)
    jobs.retry(session, job_id)
    _log(session, job_id, name, "retry")


def cancel(session: ScopedSession, job_id: int) -> None:
    """Cancel a job that has not ended. Raises NotFound or Conflict."""
    name = _name(session, job_id)
    jobs.cancel(session, job_id)
    _log(session, job_id, name, "cancel")


def _require(session: ScopedSession) -> None:
    if not session.principal.rights.has("admin.health"):
        raise Forbidden("admin.health")


def _name(session: ScopedSession, job_id: int) -> str:
    _require(session)
    found = run(session, select(JOB.c.name).where(JOB.c.id == job_id)).scalar_one_or_none()
    if found is None:
        raise NotFound(_("There is no job %(id)s.") % {"id": job_id})
    return str(found)


def _log(session: ScopedSession, job_id: int, name: str, verb: str) -> None:
    change = Change(
        entity="job",
        record_id=uuid5(NAMESPACE_OID, f"job:{job_id}"),
        kind=None,
        verb=verb,
        before={},
        after={"job": f"{name} ({job_id})"},
    )
    changes.write(session, change, 0)
