"""What look-ups ask while one types."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from kontora.access.session import ScopedSession
from kontora.db.fold import fold
from kontora.errors import Invalid, NotFound
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import search_find, service
from kontora.registry.records import RecordType
from kontora.web.records import party
from kontora.web.records.blueprint import blueprint

MOST = 12


@blueprint.get("/lookup/<entity>")
@policy(RECORDS)
def lookup(entity: str) -> Response:
    """Records whose name or other words have `q`: `[{"id", "label", "hint"}]`.

    `kind` narrows parties to people or organisations. Only what the user may see is offered.
    """
    session = db()
    kind = request.args.get("kind") or None
    rtypes = _types(session, entity, kind)
    q = request.args.get("q", "").strip()[:200]
    found = _offered(session, rtypes, q)
    if not found and (near := search_find.forgiven(session, rtypes, q)) is not None:
        found = _offered(session, rtypes, near)
    return jsonify(found)


def _offered(session: ScopedSession, rtypes: list[RecordType], q: str) -> list[dict[str, Any]]:
    """Those that fit best, and among them first those whose name begins with what was typed."""
    found: dict[str, dict[str, Any]] = {}
    for rtype in rtypes:
        for each in _search(session, rtype, q):
            found.setdefault(each["id"], each)
    begun = fold(q)
    ordered = sorted(found.values(), key=lambda each: not fold(each["label"]).startswith(begun))
    return ordered[:MOST]


def _types(session: ScopedSession, entity: str, kind: str | None) -> list[RecordType]:
    """The record types that together hold all records of an entity (and kind)."""
    types = [
        each
        for each in session.registry.record_types.values()
        if each.entity == entity and (kind is None or not each.kinds or each.kinds[0] == kind)
    ]
    found = [each for each in types if service.grants_of(session, each, "view")]
    if not types:
        raise NotFound()
    return found


def _search(session: ScopedSession, rtype: RecordType, q: str) -> list[dict[str, Any]]:
    query = service.Query(q=q or None, fields=(rtype.title,), limit=MOST)
    try:
        page = service.list_records(session, rtype, query)
    except Invalid:  # for example nothing but signs
        return []
    hints = party.hints(session, rtype, page.items)
    return [
        {
            "id": item["id"],
            "label": item.get(rtype.title) or "",
            "hint": hints.get(item["id"], ""),
        }
        for item in page.items
    ]
