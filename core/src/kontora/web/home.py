"""The home page: my day, what changed, and the widgets of plugins."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, make_response, render_template

from kontora import clock
from kontora.access.session import ScopedSession
from kontora.errors import NotFound
from kontora.http.context import db, principal
from kontora.http.policy import RECORDS, policy
from kontora.records import service
from kontora.registry.faces import Widget
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import formats
from kontora.web.records import timeline
from kontora.web.records.panels import contained

blueprint = Blueprint("home", __name__)
LATE, TODAY, SOON, RECENT = 20, 30, 8, 5
# Branches, teams and users change rarely, and belong to administration.
COMPANY = frozenset({"branch", "team", "user"})


@blueprint.get("/")
@policy(RECORDS)
def home() -> str:
    """My day."""
    session = db()
    return render_template(
        "core/pages/home.html",
        page={"title": _greeting(), "hint": formats.as_long_day(clock.now())},
        day=_my_day(session),
        recent=_recent(session),
        widgets=_widgets(session),
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


def _my_day(session: ScopedSession) -> dict[str, list[dict[str, Any]]] | None:
    """My planned activities: late ones, today's, and the next few."""
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
    return {
        name: timeline.entries_of(session, _planned(session, rtype, bounds, limit))
        for name, (bounds, limit) in parts.items()
    }


def _planned(
    session: ScopedSession, rtype: RecordType, bounds: list[tuple[str, datetime]], limit: int
) -> list[dict[str, Any]]:
    leaves: list[dict[str, Any]] = [
        {"field": "owner", "op": "eq", "value": "me"},
        {"field": "state", "op": "eq", "value": "planned"},
    ]
    for op, moment in bounds:
        text = moment.astimezone(UTC).isoformat()
        leaves.append({"field": "due_at", "op": op, "value": text})
    query = service.Query(filter={"and": leaves}, sort=("due_at",), limit=limit)
    return service.list_records(session, rtype, query).items


def _recent(session: ScopedSession) -> list[dict[str, Any]]:
    """The records that changed last among those that I may see, by type."""
    found = []
    for rtype in session.registry.record_types.values():
        if rtype.entity in COMPANY or rtype.entity == "activity":
            continue
        if not service.grants_of(session, rtype, "view"):
            continue
        query = service.Query(sort=("-updated_at",), limit=RECENT, fields=(rtype.title,))
        items = service.list_records(session, rtype, query).items
        rows = [_changed(rtype, item) for item in items]
        if rows:
            found.append({"title": rtype.label_plural, "url": f"/{rtype.path}", "rows": rows})
    return found


def _changed(rtype: RecordType, item: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": item.get(rtype.title) or _("no name"),
        "url": f"/{rtype.path}/{item['id']}",
        "kind": item.get("kind") if rtype.kinds else None,
        "aside": formats.as_day(item["updated_at"]),
    }


def _widgets(session: ScopedSession) -> list[Widget]:
    rights = session.principal.rights
    return [
        each
        for each in session.registry.widgets
        if each.permission is None or rights.has(each.permission)
    ]


@blueprint.get("/widgets/<widget_id>")
@policy(RECORDS)
def show_widget(widget_id: str) -> Response:
    """The inside of one widget; a failing one costs only its own box."""
    session = db()
    widget = next((each for each in _widgets(session) if each.id == widget_id), None)
    if widget is None:
        raise NotFound()
    body = contained(
        session, widget.id, widget.title, widget.template, lambda: widget.load(session)
    )
    return make_response(
        render_template("core/pages/widget.html", title=widget.title, body=body or "")
    )
