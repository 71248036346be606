"""Runs of imports: their row, their cursor and their report, through the door "transfer"."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from kontora import clock
from kontora.access.session import ScopedSession
from kontora.errors import Conflict, NotFound
from kontora.ids import new_id
from kontora.records.models import ImportIssue, ImportRun
from kontora.records.transfer.assembled import ImportOptions
from kontora.records.transfer.issues import Issue
from kontora.records.transfer.lookup import DOOR
from kontora.text import _

DRAFT, RUNNING, CLOSING = "draft", "running", "closing"
FINISHED, FAILED = "finished", "failed"
COUNTS = ("created", "updated", "skipped", "refused", "noted")
LINKS = "links"
_run: Any = ImportRun.__table__
_issue: Any = ImportIssue.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it is kept. `state`: draft (uploaded, not begun), running, closing (all rows are
    in), finished or failed.

    `cursor` is the number of the last row done; `linked` that of the second pass, None before it.
    """

    id: UUID
    path: str
    file_name: str
    file_path: str
    file_hash: str
    options: ImportOptions
    state: str
    cursor: int
    linked: int | None
    total: int | None
    counts: Mapping[str, int]
    error: str | None
    user_id: UUID | None
    job_id: int | None
    created_at: Any
    finished_at: Any

    @property
    def is_open(self) -> bool:
        return self.state != FINISHED


def hash_of(file: Path) -> str:
    """SHA-256 of a file, in hex: by it `--resume last` knows the file again."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def add(
    session: ScopedSession,
    path: str,
    file: Path,
    options: ImportOptions,
    *,
    name: str = "",
    state: str = RUNNING,
) -> Run:
    """Note a new run, in the session's transaction."""
    row: dict[str, Any] = {
        "id": new_id(),
        "path": path,
        "file_name": (name or file.name)[-255:],
        "file_path": str(file),
        "file_hash": hash_of(file),
        "options": options.as_json(),
        "state": state,
        "cursor": 0,
        "total": None,
        **dict.fromkeys(COUNTS, 0),
        "user_id": session.principal.user_id,
        "created_at": clock.now(),
        "updated_at": clock.now(),
    }
    session.execute(insert(_run), [row], execution_options=DOOR)
    return get(session, row["id"])


def get(session: ScopedSession, run_id: UUID) -> Run:
    """A run by its id. Others than the system see their own only. Raises NotFound."""
    wanted = select(_run).where(_run.c.id == run_id, _mine(session))
    row = session.execute(wanted, execution_options=DOOR).mappings().first()
    if row is None:
        raise NotFound(_("There is no such run of an import."))
    return _read(row)


def listing(session: ScopedSession, limit: int = 50) -> list[Run]:
    """The latest runs of the principal (all, for the system), newest first."""
    wanted = select(_run).where(_mine(session)).order_by(_run.c.created_at.desc()).limit(limit)
    return [_read(row) for row in session.execute(wanted, execution_options=DOOR).mappings()]


def unfinished(
    session: ScopedSession, path: str, file_hash: str, options: ImportOptions
) -> Run | None:
    """The latest run of this very file and these options that has not come to its end."""
    wanted = (
        select(_run)
        .where(_run.c.path == path, _run.c.file_hash == file_hash, _mine(session))
        .where(_run.c.state.in_((RUNNING, CLOSING, FAILED)))
        .where(_run.c.user_id.is_not_distinct_from(session.principal.user_id))
        .order_by(_run.c.created_at.desc())
    )
    found = [_read(row) for row in session.execute(wanted, execution_options=DOOR).mappings()]
    return next((each for each in found if each.options == options), None)


def _mine(session: ScopedSession) -> Any:
    if session.principal.is_system:
        return _run.c.id.is_not(None)
    return _run.c.user_id == session.principal.user_id


def _read(row: Any) -> Run:
    pending = row["pending"]
    return Run(
        id=row["id"],
        path=row["path"],
        file_name=row["file_name"],
        file_path=row["file_path"],
        file_hash=row["file_hash"],
        options=ImportOptions.from_json(row["options"]),
        state=row["state"],
        cursor=row["cursor"],
        linked=pending[1] if pending else None,
        total=row["total"],
        counts={name: row[name] for name in COUNTS},
        error=row["error"],
        user_id=row["user_id"],
        job_id=row["job_id"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )


def advance(
    session: ScopedSession,
    run: Run,
    *,
    cursor: int,
    linked: int | None,
    counts: Mapping[str, int],
    state: str = RUNNING,
) -> Run:
    """Move the cursor, in the transaction of the rows that it passes over.

    Raises Conflict when another process has moved it: then nothing of this slice is kept.
    """
    added = {name: run.counts[name] + counts.get(name, 0) for name in COUNTS}
    values = {
        "cursor": cursor,
        "pending": None if linked is None else [LINKS, linked],
        "state": state,
        "error": None,
        "updated_at": clock.now(),
        **added,
    }
    same = (_run.c.id == run.id, _run.c.cursor == run.cursor, _run.c.state != FINISHED)
    # The counts change with every slice that does anything, the second pass included.
    there = [_run.c[name] == run.counts[name] for name in COUNTS]
    statement = update(_run).where(*same, *there).values(values).returning(_run.c.id)
    if session.execute(statement, execution_options=DOOR).first() is None:
        raise Conflict(
            _("Another process goes on with this import."),
            _("Wait for it, or resume the run when it has ended."),
        )
    return replace(run, cursor=cursor, linked=linked, counts=added, state=state, error=None)


def end(session: ScopedSession, run: Run, state: str, error: str | None = None) -> Run:
    """Mark the run as finished, or as failed with its cause."""
    values = {"state": state, "error": error, "updated_at": clock.now()}
    if state == FINISHED:
        values["finished_at"] = clock.now()
    session.execute(update(_run).where(_run.c.id == run.id).values(values), execution_options=DOOR)
    return replace(run, state=state, error=error)


def change_draft(
    session: ScopedSession,
    run: Run,
    options: ImportOptions,
    *,
    state: str = DRAFT,
    total: int | None = None,
) -> Run:
    """Keep other options with an upload that has not begun, or begin it."""
    statement = (
        update(_run)
        .where(_run.c.id == run.id, _run.c.state == DRAFT)
        .values(options=options.as_json(), state=state, total=total, updated_at=clock.now())
        .returning(_run.c.id)
    )
    if session.execute(statement, execution_options=DOOR).first() is None:
        raise Conflict(_("This import has begun already."))
    return replace(run, options=options, state=state, total=total)


def discard(session: ScopedSession, run: Run) -> None:
    """Forget an upload that has not begun."""
    gone = delete(_run).where(_run.c.id == run.id, _run.c.state == DRAFT)
    session.execute(gone, execution_options=DOOR)


def set_job(session: ScopedSession, run_id: UUID, job_id: int) -> None:
    """Note which job works on the run."""
    statement = update(_run).where(_run.c.id == run_id, _mine(session)).values(job_id=job_id)
    session.execute(statement, execution_options=DOOR)


# The report


def note(session: ScopedSession, run_id: UUID, issues: Sequence[Issue]) -> None:
    """Keep what there is to say about some rows, in their transaction."""
    rows = [
        {
            "run_id": run_id,
            "row": each.row,
            "column": each.column[:255],
            "value": _storable(each.value),
            "new_value": _storable(each.new_value),
            "severity": each.severity,
            "reason": _storable(str(each.reason))[:1000],
        }
        for each in issues
    ]
    if rows:
        session.execute(insert(_issue), rows, execution_options=DOOR)


def _storable(text: str) -> str:
    """PostgreSQL stores neither NUL nor lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def issues_of(
    session: ScopedSession, run_id: UUID, *, limit: int | None = None, severity: str = ""
) -> Iterator[Issue]:
    """The report of a run, in the order of the rows."""
    wanted = select(_issue).where(_issue.c.run_id == run_id).order_by(_issue.c.row, _issue.c.id)
    if severity:
        wanted = wanted.where(_issue.c.severity == severity)
    if limit is not None:
        wanted = wanted.limit(limit)
    # Asked now: when the first is taken, the session may be closed, and would open again.
    found = session.execute(wanted, execution_options=DOOR).mappings()
    return (
        Issue(
            row=row["row"],
            column=row["column"],
            value=row["value"] or "",
            reason=row["reason"],
            severity=row["severity"],
            new_value=row["new_value"] or "",
        )
        for row in found
    )


def count_issues(session: ScopedSession, run_id: UUID) -> int:
    """How many lines the report has."""
    wanted = select(func.count(_issue.c.id)).where(_issue.c.run_id == run_id)
    return int(session.execute(wanted, execution_options=DOOR).scalar() or 0)
