"""Changing imports: upload, options, start, discard."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from flask import Response, make_response, redirect, request
from werkzeug.datastructures import MultiDict

from kontora.errors import Invalid
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.parties.imports import JOB
from kontora.records.transfer import runs
from kontora.records.transfer.assembled import ImportOptions
from kontora.records.transfer.run import begin
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
    """Keep how the file is to be read and what its columns mean; start when that was asked."""
    session = db()
    run, rtype = uploads.run_named(session, run_id)
    try:
        table = preview.open_upload(run)
        changed = preview.read_options(MultiDict(request.form), table, run)
        run = runs.change_draft(session, run, _fitting(run.options, changed))
        if request.form.get("action") != "start":
            return make_response(redirect(f"/import/{run.id}", 303))
        prepared = preview.ready(run, rtype)
        total = sum(1 for _row in prepared.table.rows())
        run = begin(session, prepared, run, total)
        job_id = jobs.enqueue(session, JOB, {"run": str(run.id)}, unique_key=f"import:{run.id}")
        runs.set_job(session, run.id, job_id)
    except Invalid as error:
        errors = {key: [explained(each) for each in texts] for key, texts in error.errors.items()}
        return make_response(pages.draft_page(session, run, rtype, errors), 422)
    return make_response(redirect(f"/import/{run.id}", 303))


def _fitting(before: ImportOptions, after: ImportOptions) -> ImportOptions:
    """A file that is read otherwise has other columns: what they mean is guessed anew."""
    reading = ("encoding", "delimiter", "has_header", "sheet")
    if all(getattr(before, name) == getattr(after, name) for name in reading):
        return after
    from dataclasses import replace

    return replace(after, mapping=None)


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
