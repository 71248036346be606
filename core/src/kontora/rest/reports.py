"""Reports: which there are for whom, and their rows."""

from __future__ import annotations

from flask import Response, jsonify

from kontora.errors import NotFound
from kontora.http.context import db
from kontora.records import reports
from kontora.rest.parameters import Arguments, no_arguments
from kontora.text import _


def listed() -> Response:
    """The reports that one may run, with their columns and parameters."""
    no_arguments()
    session = db(copy=True)
    found = [reports.describe(each, session) for each in reports.allowed(session)]
    return jsonify({"items": found})


def run(report_id: str) -> Response:
    """One report as `{"columns": […], "rows": [[…]]}`; one that may not be run is not there."""
    if all(each.id != report_id for each in reports.allowed(db(copy=True))):
        raise NotFound(_("There is no such report."))
    arguments = Arguments()
    given = {name: arguments.one(name) for name in arguments.given}
    arguments.refuse()
    return jsonify(reports.run(db(copy=True), report_id, given))
