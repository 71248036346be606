"""Bulk work that is too much for one request: queued, followed, told."""

from __future__ import annotations

from typing import Any

from flask import Response, g, make_response, redirect, render_template, request
from sqlalchemy import select

from kontora.access.session import ScopedSession
from kontora.errors import Conflict, NotFound
from kontora.http.context import db, site
from kontora.http.policy import RECORDS, policy
from kontora.parties.bulk_job import JOB, UNDO_JOB
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web.addresses import is_fragment
from kontora.web.records.blueprint import blueprint
from kontora.web.records.listing import ListState
from kontora.work import jobs
from kontora.work.models import ENDED, Job

_job: Any = Job.__table__


def queue(
    rtype: RecordType, state: ListState, tree: Any, action: str, data: dict[str, Any]
) -> Response:
    """Queue the work and lead to the page that follows it."""
    args = {
        "path": rtype.path,
        "filter": tree,
        "q": state.q,
        "action": action,
        "data": data,
        "group": request.form.get(action) or "",
    }
    with site().write(g.principal) as session:
        number = jobs.enqueue(session, JOB, args)
    return make_response(redirect(f"/bulk/{number}", 303))


@blueprint.get("/bulk/<int:number>")
@policy(RECORDS)
def show_bulk(number: int) -> str:
    """How far the work is; the fragment asks again by itself until the end. Only for who asked."""
    session = db()
    found = _mine(session, number)
    rtype = session.registry.record_type(found.args["path"])
    progress, result = found.progress or {}, found.result or {}
    return render_template(
        "core/pages/views/bulk_progress.html" if is_fragment() else "core/pages/views/bulk.html",
        page={"title": _("Work on many records"), "hint": rtype.label_plural},
        number=number,
        rtype=rtype,
        ended=found.state in ENDED,
        failed=found.state in ENDED and not found.result,
        error_id=found.error_id,
        done=progress.get("done") or 0,
        total=progress.get("total") or 1,
        result=result,
        undone=found.name == UNDO_JOB,
        undo=_may_undo(session, found),
    )


@blueprint.post("/bulk/<int:number>/undo")
@policy(RECORDS)
def undo_bulk(number: int) -> Response:
    """Take back what the work did, in a job of its own, once."""
    with site().write(g.principal) as session:
        found = _mine(session, number)
        if not _may_undo(session, found):
            raise Conflict(_("This cannot be undone, or it has been undone already."))
        total = int((found.result or {}).get("done") or 0)
        args = {"job": number, "path": found.args["path"], "total": total}
        made = jobs.enqueue(session, UNDO_JOB, args)
    return make_response(redirect(f"/bulk/{made}", 303))


def _may_undo(session: ScopedSession, found: Any) -> bool:
    """Work on fields and the bin can be taken back; of groups the members' periods stay."""
    able = found.name == JOB and not str(found.args.get("action")).startswith("group_")
    if not able or found.state not in ENDED or not (found.result or {}).get("done"):
        return False
    mine = _job.c.name == UNDO_JOB, _job.c.principal_id == found.principal_id
    rows = session.execute(select(_job.c.args).where(*mine), execution_options={"door": "work"})
    return all(args.get("job") != found.id for (args,) in rows)


def _mine(session: ScopedSession, number: int) -> Any:
    me = session.principal.user_id
    if number > 2**62:
        raise NotFound()
    statement = select(_job).where(_job.c.id == number, _job.c.name.in_((JOB, UNDO_JOB)))
    found = session.execute(statement, execution_options={"door": "work"}).first()
    if found is None or me is None or found.principal_id != me:
        raise NotFound()
    return found
