"""Looking at imports: the list of runs, the preview of an upload, progress, result, files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, send_file

from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound
from kontora.http.context import db, principal, site
from kontora.http.policy import RECORDS, policy
from kontora.records.transfer import results, runs
from kontora.records.transfer.runs import Run
from kontora.records.transfer.table import Table
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web.complaints import explained
from kontora.web.imports import preview, uploads
from kontora.web.imports.blueprint import blueprint
from kontora.work import jobs
from kontora.work.models import ENDED

STATES = {
    runs.DRAFT: (_("Not started"), "neutral"),
    runs.RUNNING: (_("Running"), "accent"),
    runs.CLOSING: (_("Running"), "accent"),
    runs.FINISHED: (_("Finished"), "good"),
    runs.FAILED: (_("Failed"), "bad"),
}
ON_DUPLICATE = (
    ("create", _("Create it, and put the pair into the review queue")),
    ("skip", _("Pass the row over")),
    ("update", _("Update the record that is there")),
    ("ask", _("Leave the row out, to be decided later")),
)
COUNTS = (
    ("created", _("Created"), "good"),
    ("updated", _("Updated"), None),
    ("skipped", _("Passed over"), None),
    ("refused", _("Refused"), "bad"),
    ("noted", _("Notes"), None),
)
SHOWN = 200
FILES = {"report": results.REPORT, "to-mend": results.MENDING}


@blueprint.get("/import")
@policy(RECORDS)
def index() -> str:
    """My imports, and the way to a new one."""
    session = db()
    return index_page(session)


def index_page(
    session: ScopedSession, errors: dict[str, Any] | None = None, chosen: str = ""
) -> str:
    """The page with the form of an upload."""
    types = uploads.types_for(session)
    known = {each.path: each for each in session.registry.record_types.values()}
    return render_template(
        "core/pages/import/index.html",
        page={"title": _("Import")},
        types=types,
        choices=[(each.path, each.label_plural) for each in types],
        accept=uploads.ACCEPT,
        errors=errors or {},
        chosen=chosen,
        runs=[_line(each, known) for each in runs.listing(session)],
    )


def _line(run: Run, known: dict[str, RecordType]) -> dict[str, Any]:
    label, tone = STATES[run.state]
    rtype = known.get(run.path)
    return {
        "run": run,
        "type": rtype.label_plural if rtype else run.path,
        "state": label,
        "tone": tone,
    }


@blueprint.get("/import/<uuid:run_id>")
@policy(RECORDS)
def show(run_id: UUID) -> str:
    """An upload with its preview, or a run with its progress or result."""
    session = db()
    run, rtype = uploads.run_named(session, run_id)
    if run.state == runs.DRAFT:
        return draft_page(session, run, rtype)
    return render_template(
        "core/pages/import/run.html", page=_title(run, rtype), **_progress(session, run, rtype)
    )


def _title(run: Run, rtype: RecordType) -> dict[str, Any]:
    return {"title": run.file_name, "hint": rtype.label_plural}


def draft_page(
    session: ScopedSession, run: Run, rtype: RecordType, errors: dict[str, Any] | None = None
) -> str:
    """The preview: how the file is read, what its columns mean, what its rows become."""
    problems = dict(errors or {})
    table: Table | None = None
    rows: list[dict[str, Any]] = []
    columns: tuple[str, ...] = ()
    first: list[dict[str, Any]] = []
    try:
        table = preview.open_upload(run)
        columns = table.columns
        carries = table.carries_records and run.options.mapping is None
        if not carries:
            rows = preview.mapping_rows(session, rtype, table, run.options)
        first = preview.first_rows(preview.ready(run, rtype))
    except Invalid as error:
        for path, texts in error.errors.items():
            problems.setdefault(path, [explained(text) for text in texts])
    return render_template(
        "core/pages/import/draft.html",
        page=_title(run, rtype),
        run=run,
        rtype=rtype,
        table=table,
        columns=columns,
        rows=rows,
        first=first,
        problems=problems,
        reading=_reading(table, run),
        on_duplicate=ON_DUPLICATE,
        system=_system(run),
    )


def _reading(table: Table | None, run: Run) -> dict[str, Any]:
    """How the file was read, and the other ways that there are."""
    delimiters = dict(preview.DELIMITERS)
    header = run.options.has_header
    return {
        "format": table.format if table else "csv",
        "encodings": [(name, name) for name in preview.ENCODINGS],
        "delimiters": preview.DELIMITERS,
        "delimiter": delimiters.get(table.delimiter, table.delimiter) if table else "",
        "header": "" if header is None else "yes" if header else "no",
        "sheets": [(name, name) for name in table.sheets] if table else [],
    }


def _system(run: Run) -> str:
    paths = (run.options.mapping or {}).values()
    found = next((each for each in paths if each.startswith("external.")), "")
    return found.partition(".")[2] or preview.SYSTEM


@blueprint.get("/import/<uuid:run_id>/progress")
@policy(RECORDS)
def progress(run_id: UUID) -> str:
    """How far a run is: a fragment that asks again by itself until the end."""
    session = db()
    run, rtype = uploads.run_named(session, run_id)
    return render_template("core/pages/import/progress.html", **_progress(session, run, rtype))


def _progress(session: ScopedSession, run: Run, rtype: RecordType) -> dict[str, Any]:
    label, tone = STATES[run.state]
    trouble = _trouble(session, run)
    ended = run.state == runs.FINISHED
    issues = list(runs.issues_of(session, run.id, limit=SHOWN)) if ended else []
    folder = results.folder(site(), run)
    return {
        "run": run,
        "rtype": rtype,
        "label": label,
        "tone": "bad" if trouble else tone,
        "trouble": trouble,
        "ended": ended,
        "done": run.cursor if run.linked is None else run.linked,
        "linking": run.linked is not None,
        "figures": [(text, run.counts[name], tone) for name, text, tone in COUNTS],
        "issues": [each.as_dict() for each in issues],
        "more": max(0, runs.count_issues(session, run.id) - SHOWN) if ended else 0,
        "files": {name: (folder / file).is_file() for name, file in FILES.items()},
    }


def _trouble(session: ScopedSession, run: Run) -> dict[str, Any] | None:
    """A job that has given up or fails again and again: said, with its number for support."""
    if run.job_id is None or run.state == runs.FINISHED:
        return None
    try:
        status = jobs.status(session, run.job_id)
    except NotFound:
        return None
    if status.state in ENDED and status.state != "done":
        return {"id": status.error_id, "final": True}
    return {"id": status.error_id, "final": False} if status.error_id else None


@blueprint.get("/import/<uuid:run_id>/<name>.csv")
@policy(RECORDS)
def download(run_id: UUID, name: str) -> Response:
    """The report, or the file of refused rows."""
    session = db()
    run, _rtype = uploads.run_named(session, run_id)
    path = results.folder(site(), run) / FILES.get(name, "")
    if name not in FILES or not path.is_file():
        raise NotFound()
    stem = run.file_name.rpartition(".")[0] or run.file_name
    response = send_file(
        path, mimetype="text/csv", as_attachment=True, download_name=f"{stem}-{name}.csv"
    )
    return make_response(response)


@blueprint.get("/import/<uuid:run_id>/check")
@policy(RECORDS)
def check(run_id: UUID) -> str:
    """What the first thousand rows would become: figures of a trial that writes nothing."""
    from pathlib import Path

    from kontora.records.transfer.dry_run import dry_run

    session = db()
    run, rtype = uploads.run_named(session, run_id)
    try:
        counts, report = dry_run(
            site(), principal(), rtype, Path(run.file_path), run.options, limit=1000
        )
    except Invalid as error:
        texts = [explained(text) for texts in error.errors.values() for text in texts]
        return render_template("core/pages/import/check.html", problem="; ".join(texts))
    return render_template(
        "core/pages/import/check.html",
        problem="",
        rows=counts["rows"],
        figures=[(text, counts[name], tone) for name, text, tone in COUNTS],
        issues=[each.as_dict() for each in report.issues[:SHOWN]],
    )
