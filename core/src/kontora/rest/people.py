"""Past, owners, chart and tree of records, and the notices of whoever asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, jsonify

from kontora.errors import NotFound
from kontora.http.context import db
from kontora.http.opened import opened
from kontora.parties import chart, tree
from kontora.records import notices, owners, past
from kontora.records.values import to_json
from kontora.registry.records import RecordType
from kontora.rest.etags import etag
from kontora.rest.parameters import Arguments, no_arguments, number_of
from kontora.rest.people_paths import LARGEST_NOTICE
from kontora.text import _


def on_day(
    rtype: RecordType,
    record_id: UUID,
    given: str,
    fields: Iterable[str] | None,
    expand: Iterable[str],
) -> Response:
    """A record as it was at the end of a past day. The ETag is that of the version then."""
    session = db()
    day = past.day_of(session, given)
    shown, version = past.record_on(session, rtype, record_id, day, fields, expand)
    opened(rtype, record_id, "api")
    response = jsonify(shown)
    response.headers["ETag"] = etag(version)
    return response


def ownership(rtype: RecordType, record_id: UUID) -> Response:
    """Who owned a record from when to when, newest first."""
    no_arguments()
    found = owners.periods(db(), rtype, record_id)
    return jsonify({"items": [_period(each) for each in found]})


def _period(each: owners.Period) -> dict[str, Any]:
    return {
        "owner": _named(each.owner),
        "branch": _named(each.branch),
        "from": to_json(each.begin),
        "to": to_json(each.end),
        "changed_by": each.changed_by,
    }


def _named(pair: tuple[UUID, str] | None) -> dict[str, str] | None:
    return {"id": str(pair[0]), "name": pair[1]} if pair else None


def people(record_id: UUID) -> Response:
    """The organisation chart of a counterparty on a day."""
    day = _day()
    places = chart.chart(db(), record_id, day)
    return jsonify({"as_of": day.isoformat(), "people": chart.as_json(places)})


def firms(record_id: UUID) -> Response:
    """The tree of the holding to which a counterparty belongs, on a day."""
    day = _day()
    return jsonify({"as_of": day.isoformat(), "top": tree.as_json(tree.tree(db(), record_id, day))})


def _day() -> date:
    arguments = Arguments()
    for name in arguments.given.keys() - {"as_of"}:
        arguments.note(name, _("Unknown parameter."))
    given = arguments.one("as_of")
    arguments.refuse()
    return past.today(db()) if given is None else past.day_of(db(), given)


# Notices


def listed() -> Response:
    """The notices of whoever asks, newest first."""
    arguments = Arguments()
    for name in arguments.given.keys() - {"unread", "limit", "before"}:
        arguments.note(name, _("Unknown parameter."))
    unread_only, limit = arguments.flag("unread"), arguments.limit()
    given = arguments.one("before")
    before = None if given is None else number_of(given, LARGEST_NOTICE)
    if given is not None and before is None:
        arguments.note("before", _("This is not the id of a notice."))
    arguments.refuse()
    session = db()
    found = notices.listing(session, unread_only=unread_only, before=before, limit=limit)
    return jsonify({"items": [_notice(each) for each in found], "unread": notices.unread(session)})


def _notice(each: notices.NoticeEntry) -> dict[str, Any]:
    return {
        "id": each.id,
        "kind": each.kind,
        "text": str(each.text),
        "link": each.link,
        "created_at": to_json(each.created_at),
        "read_at": to_json(each.read_at),
    }


def read_all() -> Response:
    """Mark all notices as read."""
    no_arguments()
    return jsonify({"read": notices.mark_all(db())})


def read_one(notice_id: str) -> Response:
    """Mark one notice as read."""
    no_arguments()
    number = number_of(notice_id, LARGEST_NOTICE)
    if number is None:
        raise NotFound()
    notices.mark_read(db(), number)
    return Response(status=204)
