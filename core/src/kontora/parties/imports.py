"""The job that imports a file which somebody has uploaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from kontora.hookspecs import hookimpl
from kontora.parties import telling
from kontora.records.transfer import results, runs
from kontora.records.transfer.run import finish, resume
from kontora.registry.work import JobContext, JobSpec
from kontora.text import use_locale

JOB = "core.import"
# A long import is not a stuck one: it gives a sign of life with every slice.
TIMEOUT = 24 * 3600.0


def import_upload(context: JobContext) -> Mapping[str, Any]:
    """Go on with the run behind its cursor, until its end.

    A worker that was killed leaves whole slices; the next one continues here.
    """
    with context.slice() as session:
        site, principal = session.site, session.principal
        run = runs.get(session, UUID(str(context.args["run"])))
    if not run.is_open:
        return results.summary(site, run)
    with use_locale(principal.locale):
        run = resume(site, principal, run, open_slice=context.slice, progress=context.progress)
        results.write_files(site, principal, run)
        summary = results.summary(site, run)
    finish(site, principal, run)
    with context.slice() as session:
        telling.import_ended(session, run, run.cursor)
    # What was uploaded has done its service; the report and the file to mend stay.
    Path(run.file_path).unlink(missing_ok=True)
    return summary


@hookimpl
def register_jobs() -> Iterable[JobSpec]:
    """The import of uploaded files."""
    return (JobSpec(name=JOB, handler=import_upload, sliced=True, timeout=TIMEOUT),)
