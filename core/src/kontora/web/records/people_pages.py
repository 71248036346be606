"""Pages of an organisation beside its own: its chart of people, and the tree of its holding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import render_template, request

from kontora.access.session import ScopedSession
from kontora.errors import NotFound
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.parties import chart, tree
from kontora.records import past
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import formats
from kontora.web.records.blueprint import blueprint
from kontora.web.records.record_page import heading, loaded


@blueprint.get("/<rtype:rtype>/<uuid:record_id>/chart")
@policy(RECORDS)
def show_chart(rtype: RecordType, record_id: UUID) -> str:
    """Who reports to whom, on a day."""
    session = db()
    context, day = _context(session, rtype, record_id)
    places = chart.chart(session, record_id, day)
    return render_template("core/pages/chart.html", **context, people=_people(session, places, day))


@blueprint.get("/<rtype:rtype>/<uuid:record_id>/tree")
@policy(RECORDS)
def show_tree(rtype: RecordType, record_id: UUID) -> str:
    """Which organisation belongs to which, on a day."""
    session = db()
    context, day = _context(session, rtype, record_id)
    top = tree.tree(session, record_id, day)
    return render_template("core/pages/tree.html", **context, firms=[_firm(rtype, top, day)])


@blueprint.get("/<rtype:rtype>/<uuid:record_id>/around/<any(people, holding):what>")
@policy(RECORDS)
def show_around(rtype: RecordType, record_id: UUID, what: str) -> str:
    """The chart or the holding as a small part of the record page, on a day (`as_of`)."""
    session = db()
    if rtype.entity != "party" or "organisation" not in rtype.kinds:
        raise NotFound()
    today, given = past.today(session), request.args.get("as_of")
    day = past.day_of(session, given) if given else today
    if what == "people":
        nodes = _people(session, chart.chart(session, record_id, day), day)
    else:
        nodes = [_firm(rtype, tree.tree(session, record_id, day), day)]
    return render_template(
        "core/pages/around.html",
        what=what,
        nodes=nodes,
        alone=what == "holding" and not nodes[0]["below"] and nodes[0]["here"],
        base=f"/{rtype.path}/{record_id}",
        day=day.isoformat(),
        today=today.isoformat(),
    )


def _context(
    session: ScopedSession, rtype: RecordType, record_id: UUID
) -> tuple[dict[str, Any], date]:
    if rtype.entity != "party" or "organisation" not in rtype.kinds:
        raise NotFound()
    today, given = past.today(session), request.args.get("as_of")
    chart.organisation(session, record_id)
    day = past.day_of(session, given) if given else today
    record, fields = loaded(session, rtype, record_id)
    more = {"day": day.isoformat(), "today": today.isoformat(), "is_past": day != today}
    return {**heading(session, rtype, record, fields), **more}, day


def _suffix(session: ScopedSession, day: date) -> str:
    return "" if day == past.today(session) else f"?as_of={day.isoformat()}"


def _people(
    session: ScopedSession, places: Sequence[chart.Place], day: date
) -> list[dict[str, Any]]:
    rtype = session.registry.of_entity("party", "person")
    suffix = _suffix(session, day)

    def shown(each: chart.Place) -> dict[str, Any]:
        words = [word for word in (each.title, each.department) if word]
        return {
            "name": each.name,
            "url": f"/{rtype.path}/{each.person_id}{suffix}",
            "kind": "person",
            "hint": " · ".join([*words, *_period(each.valid_from, each.valid_to)]),
            "below": [shown(inner) for inner in each.people],
        }

    return [shown(each) for each in places]


def _firm(rtype: RecordType, firm: tree.Firm, day: date) -> dict[str, Any]:
    labels = db().registry.labels("party", "roles.role")
    badges = [
        " ".join(
            word
            for word in (str(labels.get(role["role"] or "", role["role"])), role["class"])
            if word
        )
        for role in firm.roles
    ]
    words = [firm.owner[1]] if firm.owner else []
    return {
        "name": firm.name,
        "url": f"/{rtype.path}/{firm.id}",
        "kind": "organisation",
        "here": firm.is_here,
        "hint": " · ".join([*words, *_period(firm.valid_from, firm.valid_to)]),
        "badges": badges,
        "below": [_firm(rtype, each, day) for each in firm.firms],
    }


def _period(start: date | None, end: date | None) -> list[str]:
    if start and end:
        return [f"{formats.as_date(start)} – {formats.as_date(end)}"]
    if start:
        return [str(_("since %(day)s") % {"day": formats.as_date(start)})]
    return [str(_("until %(day)s") % {"day": formats.as_date(end)})] if end else []
