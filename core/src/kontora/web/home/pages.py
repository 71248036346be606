"""The home page, and the boxes that it loads one by one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import Response, make_response, render_template, request

from kontora import clock
from kontora.access.session import ScopedSession
from kontora.errors import NotFound
from kontora.http.context import db, principal
from kontora.http.policy import RECORDS, policy
from kontora.records import reports, service
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import charts, formats
from kontora.web.home import arranging, waiting
from kontora.web.home.blueprint import blueprint
from kontora.web.records import timeline
from kontora.web.records.panels import contained
from kontora.web.setup import pages as setup

LATE, TODAY, SOON = 5, 12, 3


@blueprint.get("/")
@policy(RECORDS)
def home() -> str:
    """My day; `arrange=1` to choose and move the widgets."""
    session = db()
    widgets = arranging.chosen(session)
    return render_template(
        "core/pages/home.html",
        page={"title": _greeting(), "hint": formats.as_long_day(clock.now())},
        setup=setup.card(session),
        day=_my_day(session),
        widgets=widgets,
        arrange=request.args.get("arrange") == "1",
        offered=arranging.left(session, widgets),
        may_plan=service.grants_of(session, timeline.activities(session), "create"),
    )


def _greeting() -> str:
    """By the clock of the user."""
    hour = formats.local(clock.now()).hour
    first = principal().name.split()[0] if principal().name.strip() else ""
    if 5 <= hour < 12:
        text = _("Good morning, %(name)s")
    elif 12 <= hour < 18:
        text = _("Good afternoon, %(name)s")
    else:
        text = _("Good evening, %(name)s")
    return str(text % {"name": first})


def _my_day(session: ScopedSession) -> dict[str, Any] | None:
    """My planned activities: late ones, today's, and the next few; a few of each, and how many
    there are."""
    rtype = timeline.activities(session)
    if not service.grants_of(session, rtype, "view") or session.principal.user_id is None:
        return None
    now = clock.now()
    local = formats.local(now)
    midnight = datetime.combine(local.date() + timedelta(days=1), time.min, local.tzinfo)
    parts = {
        "late": ([("lt", now)], LATE),
        "today": ([("ge", now), ("lt", midnight)], TODAY),
        "soon": ([("ge", midnight)], SOON),
    }
    found: dict[str, Any] = {"counts": {}}
    for name, (bounds, limit) in parts.items():
        page = _planned(session, rtype, bounds, limit)
        found[name] = timeline.entries_of(session, page.items)
        found["counts"][name] = page.total
    mine = "owner[eq]=me&state[eq]=planned"
    found["late_url"] = f"/activities?{mine}&due_at[lt]=today&sort=due_at"
    return found


def _planned(
    session: ScopedSession, rtype: RecordType, bounds: list[tuple[str, datetime]], limit: int
) -> service.Page:
    leaves: list[dict[str, Any]] = [
        {"field": "owner", "op": "eq", "value": "me"},
        {"field": "state", "op": "eq", "value": "planned"},
    ]
    for op, moment in bounds:
        text = moment.astimezone(UTC).isoformat()
        leaves.append({"field": "due_at", "op": op, "value": text})
    query = service.Query(filter={"and": leaves}, sort=("due_at",), limit=limit, total=True)
    return service.list_records(session, rtype, query)


# Boxes, each by a request of its own


@blueprint.get("/home/waiting")
@policy(RECORDS)
def show_waiting() -> Response:
    """What waits for me."""
    session = db()
    return _box(session, "core.waiting", _("Waiting for me"), lambda: waiting.found(session))


@blueprint.get("/widgets/<widget_id>")
@policy(RECORDS)
def show_widget(widget_id: str) -> Response:
    """The inside of one widget; a failing one costs only its own box."""
    session = db()
    widget = next((each for each in arranging.declared(session) if each.id == widget_id), None)
    if widget is None:
        raise NotFound()
    body = contained(
        session, widget.id, widget.title, widget.template, lambda: widget.load(session)
    )
    return make_response(
        render_template("core/pages/widget.html", title=widget.title, body=body or "")
    )


@blueprint.get("/home/reports/<report_id>")
@policy(RECORDS)
def show_report(report_id: str) -> Response:
    """A report as a widget: its chart, small."""
    session = db(copy=True)
    if all(each.id != report_id for each in reports.allowed(session)):
        raise NotFound()
    report = reports.find(session, report_id)
    asked = {name: value for name, value in request.args.items() if value}

    def load() -> Mapping[str, Any]:
        result = reports.result(session, report_id, asked)
        names = [each.name for each in result.columns]
        return {
            "chart": charts.of(result, small=True),
            "names": [each.label for each in result.columns],
            "rows": [dict(zip(names, row, strict=True)) for row in result.rows[:6]],
            "keys": names[:3],
            "url": request.full_path.replace("/home/reports/", "/reports/").rstrip("?"),
        }

    return _box(session, f"report.{report_id}", report.label, load, "report")


def _box(
    session: ScopedSession, name: str, title: Any, load: Any, template: str = "waiting"
) -> Response:
    body = contained(session, name, title, f"core/widgets/{template}.html", load)
    return make_response(body or "")
