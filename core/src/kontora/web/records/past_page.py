"""A record as it was on a past day: clearly marked, read-only, with the way back to today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template

from kontora.access.session import ScopedSession
from kontora.errors import NotFound
from kontora.parties import chart
from kontora.records import past, service
from kontora.records.schema import readable_fields
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import formats
from kontora.web.records import facts, roles
from kontora.web.records.cells import Cells, plain


def render_past(
    session: ScopedSession, rtype: RecordType, record_id: UUID, given: str
) -> str | Response:
    """The page of `?as_of=`. Raises Invalid for what is no past day, NotFound for a record that may
    not be seen; about a day on which it was not there, the page says so."""
    day = past.day_of(session, given)
    present = service.get_record(session, rtype, record_id)
    readable = readable_fields(rtype, session.principal.rights)
    on_demand = [each.name for each in readable if each.on_demand and each.computed is None]
    try:
        record, _version = past.record_on(session, rtype, record_id, day, expand=on_demand)
    except NotFound:
        return _absent(session, rtype, present, day)
    kind = record.get("kind") if rtype.kinds else None
    fields = [
        each
        for each in readable
        if each.applies_to(kind) and each.shortcut is None and each.computed is None
    ]
    fields = [each for each in fields if roles.shows(each, record)]
    values = Cells(session, fields).rows([record])[0]
    name = plain(values.get(rtype.title)) or str(_("no name"))
    is_firm = rtype.entity == "party" and kind == "organisation"
    groups = facts.groups(session, rtype, record, fields, may_edit=False)
    return render_template(
        "core/pages/past.html",
        page={"title": name},
        rtype=rtype,
        name=name,
        kind=kind,
        base=f"/{rtype.path}/{record_id}",
        day=day.isoformat(),
        today=past.today(session).isoformat(),
        owner=record.get("owner"),
        branch_of=(record.get("branch") or {}).get("name"),
        fact_groups=[
            {**group, "facts": [each for each in group["facts"] if not each["blank"]]}
            for group in groups
            if any(not each["blank"] for each in group["facts"])
        ],
        people=_people(session, record_id, day) if is_firm else None,
    )


def _absent(
    session: ScopedSession, rtype: RecordType, present: dict[str, Any], day: date
) -> Response:
    """The record is there, only it was not on this day: that is no “not found”."""
    created = formats.local(present["created_at"]).date()
    later = _("It was created on %(day)s.") % {"day": formats.as_date(created)}
    page = render_template(
        "core/pages/past_absent.html",
        page={"title": present.get(rtype.title) or str(_("no name"))},
        rtype=rtype,
        base=f"/{rtype.path}/{present['id']}",
        day=day.isoformat(),
        today=past.today(session).isoformat(),
        reason=later if created > day else _("It lay in the bin on this day."),
    )
    return make_response(page, 404)


def _people(session: ScopedSession, firm: UUID, day: date) -> list[dict[str, Any]]:
    rtype = session.registry.of_entity("party", "person")
    return [
        {
            "name": each.name,
            "url": f"/{rtype.path}/{each.person_id}?as_of={day.isoformat()}",
            "kind": "person",
            "hint": ", ".join(word for word in (each.title, each.department) if word),
        }
        for each in _flat(chart.chart(session, firm, day))
    ]


def _flat(places: Sequence[chart.Place]) -> Iterator[chart.Place]:
    for each in places:
        yield each
        yield from _flat(each.people)
