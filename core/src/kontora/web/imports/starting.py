"""Changing imports: upload, options, start, discard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import UUID

from flask import Response, make_response, redirect, request
from werkzeug.datastructures import MultiDict

from kontora.errors import Invalid
from kontora.http.context import db, principal, site
from kontora.http.policy import RECORDS, policy
from kontora.parties.imports import JOB
from kontora.records.transfer import runs
from kontora.records.transfer.assembled import ImportOptions
from kontora.records.transfer.run import begin
from kontora.records.transfer.runs import Run
from kontora.text import _
from kontora.web import flash
from kontora.web.complaints import explained
from kontora.web.imports import pages, preview, uploads
from kontora.web.imports.blueprint import blueprint
from kontora.work import jobs


@blueprint.post("/import/upload")
@policy(RECORDS)
def upload() -> Response:
    """Keep a file and show its preview; nothing of it is imported yet."""
    chosen = request.form.get("type", "")
    try:
        session = db()
        rtype = session.registry.record_types.get(chosen)
        if rtype is None:
            raise Invalid({"type": [_("Choose what the file holds.")]})
        uploads.check(session, rtype)
        path, name = uploads.keep(request.files.get("file"))
        run = runs.add(session, rtype.path, path, ImportOptions(), name=name, state=runs.DRAFT)
    except Invalid as error:
        errors = {key: [explained(each) for each in texts] for key, texts in error.errors.items()}
        return make_response(pages.index_page(db(), errors, chosen), 422)
    return make_response(redirect(f"/import/{run.id}", 303))


@blueprint.post("/import/<uuid:run_id>/options")
@policy(RECORDS)
def options(run_id: UUID) -> Response:
    """Keep how the file is to be read and what its columns mean; start when that was asked.

    The file is read before the writing session is opened, so that nobody waits for it.
    """
    with site().read(principal()) as reading:
        run, rtype = uploads.run_named(reading, run_id)
    try:
        changed = _fitting(run, MultiDict(request.form))
        run = replace(run, options=changed)
        if request.form.get("action") == "start":
            prepared = preview.ready(run, rtype)
            total = sum(1 for _row in prepared.table.rows())
            _start(begin(db(), prepared, run, total))
        else:
            runs.change_draft(db(), run, changed)
    except Invalid as error:
        errors = {key: [explained(each) for each in texts] for key, texts in error.errors.items()}
        return make_response(pages.draft_page(db(), run, rtype, errors), 422)
    return make_response(redirect(f"/import/{run.id}", 303))


def _start(run: Run) -> None:
    """Hand the run to the worker, in the transaction that begins it."""
    job_id = jobs.enqueue(db(), JOB, {"run": str(run.id)}, unique_key=f"import:{run.id}")
    runs.set_job(db(), run.id, job_id)


def _fitting(run: Run, form: MultiDict[str, str]) -> ImportOptions:
    """What the form says. A file that is read otherwise has other columns: what they mean is
    guessed anew."""
    before = run.options
    after = preview.read_options(form, preview.open_upload(run), run)
    reading = ("encoding", "delimiter", "has_header", "sheet")
    same = all(getattr(before, name) == getattr(after, name) for name in reading)
    return after if same else replace(after, mapping=None)


@blueprint.post("/import/<uuid:run_id>/discard")
@policy(RECORDS)
def discard(run_id: UUID) -> Response:
    """Forget an upload that has not begun."""
    session = db()
    run, _rtype = uploads.run_named(session, run_id)
    runs.discard(session, run)
    if run.state == runs.DRAFT:
        Path(run.file_path).unlink(missing_ok=True)
    flash.tell(_("The upload was discarded."))
    return make_response(redirect("/import", 303))
