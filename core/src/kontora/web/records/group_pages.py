"""Members of groups in the browser: who is in, who was, and who comes and goes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request

from kontora.access.session import ScopedSession
from kontora.errors import NotFound
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.parties import groups
from kontora.parties.group_slots import row_of
from kontora.records import past, service
from kontora.records.filters import as_ids
from kontora.registry.records import RecordType
from kontora.text import _, n_
from kontora.web import flash, formats
from kontora.web.addresses import came_from, own_path, with_query
from kontora.web.records.blueprint import blueprint
from kontora.web.records.record_page import heading, loaded

PAGE = 100


@blueprint.get("/groups/<uuid:record_id>/members")
@policy(RECORDS)
def show_members(record_id: UUID) -> str:
    """Who is in the group, or was at the end of a past day; only whom the reader may see."""
    session = db()
    rtype = session.registry.record_type(groups.PATH)
    record, fields = loaded(session, rtype, record_id)
    today, given = past.today(session), request.args.get("as_of")
    day = past.day_of(session, given) if given else today
    moment = past.end_of(session, day) if day != today else None
    after = request.args.get("after", "0")
    start = int(after) if after.isascii() and after.isdecimal() and len(after) < 18 else 0
    found = groups.members(session, record_id, moment, after=start, limit=PAGE + 1)
    following = (
        [("as_of", given or ""), ("after", str(found[PAGE - 1][0].id))] if _more(found) else []
    )
    return render_template(
        "core/pages/groups/members.html",
        **heading(session, rtype, record, fields),
        day=day.isoformat(),
        today=today.isoformat(),
        is_past=day != today,
        rows=[_row(session, *each) for each in found[:PAGE]],
        total=groups.count(session, record_id, moment),
        may_change=service.may(session, rtype, record_id, "edit"),
        next_url=with_query(f"/groups/{record_id}/members", following) if following else None,
        lists_of=_lists(session, record_id) if moment is None else [],
    )


def _more(found: list[Any]) -> bool:
    return len(found) > PAGE


def _row(session: ScopedSession, period: Any, party: Any) -> dict[str, Any]:
    since = _("since %(day)s") % {"day": _day(period.begun_at)}
    hint = f"{since} · {period.begun_by}" if period.begun_by else str(since)
    return {**row_of(session, party), "id": party.id, "hint": hint}


def _day(moment: datetime) -> str:
    return formats.as_date(formats.local(moment).date().isoformat())


def _lists(session: ScopedSession, record_id: UUID) -> list[dict[str, Any]]:
    """The lists of all members, where they can be filtered further and exported."""
    return [
        {
            "label": rtype.label_plural,
            "url": with_query(f"/{rtype.path}", [("group[eq]", str(record_id))]),
            "icon": rtype.icon,
        }
        for rtype in session.registry.record_types.values()
        if rtype.entity == "party" and service.grants_of(session, rtype, "view")
    ]


@blueprint.post("/groups/<uuid:record_id>/members")
@policy(RECORDS)
def change_members(record_id: UUID) -> Response:
    """Add or take out parties (`add`, `remove`); taking out can be undone."""
    session = db()
    groups.changeable(session, record_id)
    back = f"/groups/{record_id}/members"
    _change(session, record_id, _sent("add"), _sent("remove"), back)
    return make_response(redirect(came_from(back), 303))


@blueprint.post("/<rtype:rtype>/<uuid:record_id>/groups")
@policy(RECORDS)
def change_groups(rtype: RecordType, record_id: UUID) -> Response:
    """Put a party into a group (`add`), or take it out (`remove`)."""
    session = db()
    service.find(session, rtype, record_id)
    if rtype.entity != "party":
        raise NotFound()
    back = f"/{rtype.path}/{record_id}"
    for group_id in _sent("add"):
        _change(session, group_id, [record_id], [], back)
    for group_id in _sent("remove"):
        _change(session, group_id, [], [record_id], back)
    return make_response(redirect(own_path(request.form.get("back")) or back, 303))


def _sent(name: str) -> list[UUID]:
    given = [each for each in request.values.getlist(name) if each]
    return as_ids(list(dict.fromkeys(given)))


def _change(
    session: ScopedSession, group_id: UUID, new: list[UUID], gone: list[UUID], back: str
) -> None:
    added, removed = groups.add(session, group_id, new), groups.remove(session, group_id, gone)
    if added:
        flash.tell(
            n_("%(n)s was added to the group.", "%(n)s were added to the group.", len(added)),
            "good",
        )
    elif removed:
        undo = with_query(f"/groups/{group_id}/members", [("add", str(each)) for each in removed])
        text = n_("%(n)s is no longer in the group.", "%(n)s are no longer in it.", len(removed))
        flash.tell(text, "good", undo)
    elif new:
        flash.tell(_("It was in the group already."))
