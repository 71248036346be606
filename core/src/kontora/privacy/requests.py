"""Requests: an export or an erasure is asked for, done by a job, and kept to be seen."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from kontora.access.principal import Principal, system
from kontora.access.session import ScopedSession
from kontora.errors import Conflict, Forbidden, Invalid, NotFound
from kontora.parties.models import Party
from kontora.privacy import erase, export, folder, slices, tables
from kontora.privacy.models import DONE, ERASE, EXPORT, RUNNING, WAITING, PrivacyRequest
from kontora.records import changes
from kontora.registry.records import Change
from kontora.registry.work import JobContext
from kontora.text import _
from kontora.work import jobs

DOOR = {"door": "privacy"}
EXPORT_JOB, ERASE_JOB = "core.export_person", "core.erase_person"
RIGHTS = {EXPORT: "privacy.export", ERASE: "privacy.erase"}
_request: Any = PrivacyRequest.__table__


def ask(session: ScopedSession, kind: str, party_id: UUID, typed: str | None = None) -> UUID:
    """Queue an export or an erasure of a person whom the principal sees; return the request.

    An erasure needs the name of the person, typed once more. Raises Forbidden, NotFound, Invalid,
    or Conflict for an organisation.
    """
    if not session.principal.rights.has(RIGHTS[kind]):
        raise Forbidden(RIGHTS[kind])
    with session.with_deleted():
        party = session.scalars(select(Party).where(Party.id == party_id)).one_or_none()
    if party is None:
        raise NotFound()
    if party.kind != "person":
        raise Conflict(_("This is done for people only; this is an organisation."), "")
    if kind == ERASE and (typed or "").strip() != party.display_name:
        raise Invalid({"name": [_("Type the name exactly as it stands above.")]})
    me = session.principal
    row = {
        "kind": kind,
        "party_id": party_id,
        "asked_by": me.user_id,
        "asked_name": me.name,
        "state": WAITING,
        "counts": {},
    }
    made: UUID = session.execute(
        insert(_request).values(row).returning(_request.c.id), execution_options=DOOR
    ).scalar_one()
    name = EXPORT_JOB if kind == EXPORT else ERASE_JOB
    job = jobs.enqueue(session, name, {"request": str(made)}, principal=system("privacy"))
    session.execute(
        update(_request).where(_request.c.id == made).values(job_id=job), execution_options=DOOR
    )
    if kind == EXPORT:
        _log(session, party_id, me)
    return made


def log_taken(session: ScopedSession, party_id: UUID) -> None:
    """Note that the archive of a person was taken."""
    _log(session, party_id, session.principal)


def _log(session: ScopedSession, party_id: UUID, by: Principal) -> None:
    change = Change(
        entity="party", record_id=party_id, kind="person", verb="export", before={}, after={}
    )
    changes.write(session, change, 0, by=by)


def get(session: ScopedSession, request_id: UUID) -> dict[str, Any]:
    """One request, for those who may make such ones. Raises NotFound or Forbidden."""
    found = session.execute(
        select(_request).where(_request.c.id == request_id), execution_options=DOOR
    ).first()
    if found is None:
        raise NotFound(_("There is no such request."))
    row = dict(found._mapping)
    if not session.principal.rights.has(RIGHTS[row["kind"]]):
        raise Forbidden(RIGHTS[row["kind"]])
    if row["state"] in (WAITING, RUNNING) and row["job_id"]:
        job = jobs.status(session, row["job_id"])
        row["failed"] = job.has_ended and job.state != "done"
        row["progress"] = job.progress
    return row


def listing(session: ScopedSession, limit: int = 50) -> list[dict[str, Any]]:
    """The newest requests of those kinds that the principal may make."""
    kinds = [kind for kind, right in RIGHTS.items() if session.principal.rights.has(right)]
    statement = (
        select(_request)
        .where(_request.c.kind.in_(kinds))
        .order_by(_request.c.created_at.desc(), _request.c.id)
        .limit(limit)
    )
    return [dict(row._mapping) for row in session.execute(statement, execution_options=DOOR)]


def archive(session: ScopedSession, request_id: UUID) -> tuple[Path, UUID]:
    """The archive of an export that is done, and of whom it is. Raises NotFound, also to who may
    not see the person: another one asked for it."""
    row = get(session, request_id)
    with session.with_deleted():
        seen = session.scalar(select(Party.id).where(Party.id == row["party_id"]))
    if seen is None:
        raise NotFound(_("There is no such request."))
    path = folder.archive(session.site.settings.home, row["file"] or "")
    if row["kind"] != EXPORT or row["state"] != DONE or path is None:
        raise NotFound(_("The archive is not there any more."), _("Ask for a new one."))
    return path, row["party_id"]


# The jobs, which run as the system


def run_export(context: JobContext) -> dict[str, int]:
    """Write the archive of a request. Nobody waits for it meanwhile; when the person is being
    erased by its end, there is none."""
    with context.slice() as session:
        row, own = _open(session, context), session.site
        if row is None or row["state"] == DONE:
            return {}
        # Known before it is written: an erasure removes what a killed export has left.
        name = row["file"] or folder.new_file(own.settings.home).name
        _set(session, row, {"file": name, "state": RUNNING})
    target = folder.place(own.settings.home) / name
    try:
        with own.read(system("privacy")) as reading:
            counts = export.write(reading, row["party_id"], target)
        with context.slice() as session:
            if not _hold(session, row):
                folder.remove(own.settings.home, name)
                counts = {}
            _end(session, row, {"file": name if counts else None, "counts": counts})
    except BaseException:
        folder.remove(own.settings.home, name)
        raise
    return counts


def _hold(session: ScopedSession, row: dict[str, Any]) -> bool:
    """Hold the person until this transaction ends; whether nobody erases, or has erased, him."""
    party: Any = Party.__table__
    lock = select(party.c.id).where(party.c.id == row["party_id"]).with_for_update()
    tables.connection_of(session).execute(lock)
    going = select(_request.c.id).where(
        _request.c.party_id == row["party_id"],
        _request.c.kind == ERASE,
        _request.c.state.in_((RUNNING, DONE)),
    )
    return session.execute(going.limit(1), execution_options=DOOR).first() is None


def run_erasure(context: JobContext) -> dict[str, int]:
    """Erase the person of a request in short transactions; the last one is the person himself."""
    with context.slice() as session:
        row, own = _open(session, context), session.site
        if row is None:
            return {}
        if row["state"] != DONE:
            _hold(session, row)
            _set(session, row, {"state": RUNNING})
    party_id: UUID = row["party_id"]
    counts: dict[str, int] = {}
    if row["state"] != DONE:
        counts, texts = slices.prepare(own, context.slice, party_id, context.progress)
        with context.slice() as session:
            finished = slices.is_finished(session, party_id, row["created_at"])
        with context.slice() as session:
            by = Principal(
                kind="user",
                user_id=row["asked_by"],
                name=row["asked_name"],
                rights=session.principal.rights,
            )
            if not finished:
                counts = slices.finish(session, party_id, by, counts)
        lines = slices.blank_history(context.slice, party_id)
        with context.slice() as session:
            remove_exports(session, party_id)
            counts["change"] = counts.get("change", 0) + lines
            _end(session, row, {"counts": counts})
        # What named him was written while he was being erased.
        slices.clean_logs(own, context.slice, party_id, texts)
    folder.note_erased(own.settings.home, party_id)
    erase.settle(own.database)
    return counts


def remove_exports(session: ScopedSession, party_id: UUID) -> None:
    """Archives of his data that still lie here go with him."""
    here = (_request.c.party_id == party_id, _request.c.file.is_not(None))
    names = session.execute(select(_request.c.file).where(*here), execution_options=DOOR).scalars()
    for name in list(names):
        folder.remove(session.site.settings.home, name)
    session.execute(
        update(_request).where(*here).values(file=None, counts={}), execution_options=DOOR
    )


def _open(session: ScopedSession, context: JobContext) -> dict[str, Any] | None:
    wanted = UUID(str(context.args["request"]))
    found = session.execute(
        select(_request).where(_request.c.id == wanted), execution_options=DOOR
    ).first()
    return dict(found._mapping) if found is not None else None


def _set(session: ScopedSession, row: dict[str, Any], values: dict[str, Any]) -> None:
    session.execute(
        update(_request).where(_request.c.id == row["id"]).values(**values), execution_options=DOOR
    )


def _end(session: ScopedSession, row: dict[str, Any], values: dict[str, Any]) -> None:
    _set(session, row, {"state": DONE, "finished_at": session.now, **values})


def erase_outside(
    site: Any, party_id: UUID, by: Principal, slice: slices.Slice | None = None
) -> dict[str, int]:
    """Erase in short transactions, without a request. For the command line, and with the slices
    of a job for the night."""
    slice = slice or partial(site.write, by)
    before, texts = slices.prepare(site, slice, party_id, lambda _done, _total: None)
    with slice() as session:
        counts = slices.finish(session, party_id, by, before)
    counts["change"] = counts.get("change", 0) + slices.blank_history(slice, party_id)
    with slice() as session:
        _note_done(session, party_id, by, counts)
    slices.clean_logs(site, slice, party_id, texts)
    return counts


def _note_done(
    session: ScopedSession, party_id: UUID, by: Principal, counts: dict[str, int]
) -> None:
    remove_exports(session, party_id)
    row = {
        "kind": ERASE,
        "party_id": party_id,
        "asked_by": by.user_id,
        "asked_name": by.name,
        "state": DONE,
        "counts": counts,
        "finished_at": session.now,
    }
    session.execute(insert(_request).values(row), execution_options=DOOR)


def erase_again(site: Any, by: Principal, slice: slices.Slice | None = None) -> list[UUID]:
    """After an older backup was brought back: erase anew whom the list of the home names, in
    short transactions. Whoever was not reached before a kill is found the next time."""
    with site.read(by) as session:
        found = _came_back(session)
    for party_id in found:
        erase_outside(site, party_id, by, slice)
    return found


def _came_back(session: ScopedSession) -> list[UUID]:
    done = select(_request.c.party_id).where(_request.c.kind == ERASE, _request.c.state == DONE)
    known = {
        folder.digest(each) for each in session.execute(done, execution_options=DOOR).scalars()
    }
    missing = folder.erased(session.site.settings.home) - known
    if not missing:
        return []
    with session.with_deleted():
        people = session.scalars(select(Party.id).where(Party.kind == "person")).all()
    return [each for each in people if folder.digest(each) in missing]
