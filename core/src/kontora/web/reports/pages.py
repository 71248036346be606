"""Reports: the list, and one with its parameters, its chart, its table and its files."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from markupsafe import Markup

from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import report_files
from kontora.records import reports as service
from kontora.registry.faces import Report
from kontora.registry.fields import Field, FieldType
from kontora.text import Text, _
from kontora.web import charts, formats, forms
from kontora.web.addresses import came_from, with_query
from kontora.web.complaints import by_path
from kontora.web.reports import kept
from kontora.web.reports.blueprint import blueprint

GROUPS: dict[str, tuple[Text, str]] = {
    "starred": (_("Starred"), "star"),
    "base": (_("Counterparties"), "building"),
    "activity": (_("Activity"), "activity"),
    "quality": (_("Care and data"), "gauge"),
    "other": (_("Further reports"), "chart-bar"),
}
FIRST = 4  # so many parameters stand in the bar at once
DOWNLOADS = (
    ("csv", "CSV", "file-text"),
    ("xlsx", "Excel", "file-spreadsheet"),
    ("pdf", "PDF", "file-type-pdf"),
)
_NUMBERS = (FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY)


@blueprint.get("/reports")
@policy(RECORDS)
def reports() -> str:
    """The reports that the user may run, by group, starred ones first."""
    session = db(copy=True)
    stars, last = kept.starred(session), kept.last(session)
    rows = [_row(each, each.id in stars, last) for each in service.allowed(session) if each.listed]
    groups = []
    for key, (label, icon) in GROUPS.items():
        mine = [row for row in rows if _group(row) == key]
        if mine:
            groups.append({"label": label, "icon": icon, "rows": mine})
    return render_template(
        "core/pages/reports.html",
        page={"title": _("Reports")},
        groups=groups,
    )


def offered(session: ScopedSession, report_id: str) -> Report:
    """A report that the user may run; one that he may not is not there. Raises NotFound."""
    found = next((each for each in service.allowed(session) if each.id == report_id), None)
    if found is None:
        raise NotFound(_("There is no such report."))
    return found


def _row(report: Report, starred: bool, last: dict[str, str]) -> dict[str, Any]:
    query = last.get(report.id, "")
    url = f"/reports/{report.id}"
    return {
        "id": report.id,
        "label": report.label,
        "help": report.help,
        "group": report.group,
        "starred": starred,
        "url": url,
        "last_url": f"{url}?{query}" if query else None,
    }


def _group(row: dict[str, Any]) -> str:
    if row["starred"]:
        return "starred"
    return row["group"] if row["group"] in GROUPS else "other"


@blueprint.post("/reports/<report_id>/star")
@policy(RECORDS)
def star(report_id: str) -> Response:
    """Star a report, or take the star away."""
    session = db()
    offered(session, report_id)
    kept.star(session, report_id, request.form.get("on") == "1")
    return make_response(redirect(came_from("/reports"), 303))


@blueprint.get("/reports/<report_id>")
@policy(RECORDS)
def report(report_id: str) -> Response:
    """One report; `format` csv, xlsx or pdf sends the table as a file."""
    session = db(copy=True)
    found = offered(session, report_id)
    fields = service.params_of(session, found)
    given = _given(fields)
    kind = request.args.get("format", "")
    errors: dict[str, Any] = {}
    result = None
    if all(given.get(each.name) is not None for each in fields if each.required):
        asked = {name: value for name, value in given.items() if value is not None}
        try:
            result = service.result(session, report_id, asked)
        except Invalid as error:
            errors = by_path(error.errors, fields)
    if result is not None and kind in report_files.TYPES:
        return _file(session, found, result, kind)
    if result is not None and request.args:
        kept.note(session, report_id, _pairs())
    page = _page(session, found, fields, given, result, errors)
    return make_response(page, 422 if errors else 200)


def _given(fields: tuple[Field, ...]) -> dict[str, Any]:
    """The parameters in the address; without any the defaults of the declaration."""
    sent = forms.read(fields, request.args)
    if sent:
        return {each.name: sent.get(each.name) for each in fields}
    return {each.name: each.default for each in fields}


def _pairs() -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.args.items() if name != "format"]


def _page(
    session: ScopedSession,
    found: Report,
    fields: tuple[Field, ...],
    given: dict[str, Any],
    result: service.Result | None,
    errors: Any,
) -> str:
    columns = result.columns if result else found.columns
    path = f"/reports/{found.id}"
    custom = given.get("period") == "custom" or "from" in errors or "to" in errors
    shown = [each for each in fields if each.name not in ("from", "to") or custom]
    return render_template(
        "core/pages/report.html",
        page={"title": found.label, "hint": found.help},
        report=found,
        first=shown[: FIRST + (2 if custom else 0)],
        more=shown[FIRST + (2 if custom else 0) :],
        more_open=any(given.get(each.name) for each in shown[FIRST + (2 if custom else 0) :]),
        columns=[{"name": e.name, "label": e.label, "type": str(e.type)} for e in columns],
        rows=_rows(result) if result else [],
        chart=charts.of(result) if result else None,
        note=result.note if result else "",
        has_run=result is not None,
        downloads=[
            {"label": label, "icon": icon, "url": with_query(path, [*_pairs(), ("format", kind)])}
            for kind, label, icon in DOWNLOADS
        ],
        send_url=with_query(f"{path}/send", _pairs()),
        values=forms.shown(session, fields, given),
        errors=errors,
        starred=found.id in kept.starred(session),
        is_plain=not _pairs(),
    )


def _rows(result: service.Result) -> list[dict[str, Any]]:
    rows = []
    for number, (row, links) in enumerate(zip(result.rows, result.links, strict=True)):
        cells = {
            each.name: _cell(each.type, value, each.currency, links.get(each.name))
            for each, value in zip(result.columns, row, strict=True)
        }
        rows.append({"id": str(number), "cells": cells})
    return rows


def _cell(kind: FieldType, value: Any, currency: str | None, link: str | None) -> Any:
    if value is None:
        return None
    if link and kind in _NUMBERS and value not in (0, "0"):
        return Markup('<a href="{}">{}</a>').format(link, formats.as_number(value))
    if kind in _NUMBERS and value in (0, "0"):
        return Markup('<span class="k-faint">0</span>')
    if kind is FieldType.MONEY:
        return {"amount": value, "currency": currency} if currency else value
    if kind is FieldType.DATE:
        return date.fromisoformat(value) if isinstance(value, str) else value
    if kind is FieldType.DATETIME:
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    return value


def _file(session: ScopedSession, found: Report, result: service.Result, kind: str) -> Response:
    made = report_files.made(session, result, kind)
    response = make_response(made)
    response.headers["Content-Type"] = report_files.TYPES[kind]
    response.headers["Content-Disposition"] = f'attachment; filename="{found.id}.{kind}"'
    return response
