"""Search over all record types, a tab for each; as a page, and as JSON for the search field."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, make_response, render_template, request

from kontora.access.session import ScopedSession
from kontora.db.fold import fold
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import search_find, search_where, service
from kontora.records.schema import readable_fields
from kontora.records.search_find import Facet, Found
from kontora.records.service import Query
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import formats, names
from kontora.web.addresses import with_query
from kontora.web.forms import flat
from kontora.web.records.cells import Cells, plain

blueprint = Blueprint("search", __name__)
TOP, TOP_JSON, TOP_OF_TYPE = 5, 3, 25
LONGEST = 200
HINTS = 2
_PIECES = re.compile(r"[\w@.+\-’']+")


@blueprint.get("/search")
@policy(RECORDS)
def search() -> Response:
    """What is found: all types, or the one that `type` names. A client that prefers JSON gets
    `[{"id", "label", "hint", "url", "type"}]`."""
    q = request.args.get("q", "").strip()[:LONGEST]
    chosen = request.args.get("type", "")
    session = db()
    wants_json = request.accept_mimetypes.best == "application/json"
    found = search_find.find(session, q) if q else None
    facets = found.facets if found else []
    if chosen not in (each.rtype.path for each in facets):
        chosen = ""
    limit = TOP_JSON if wants_json else TOP_OF_TYPE if chosen else TOP
    shown = [each for each in facets if chosen in ("", each.rtype.path)]
    groups = [_group(session, each, found.shown, limit) for each in shown] if found else []
    if wants_json:
        return jsonify([_option(each, row) for each in groups for row in each["rows"]])
    page = render_template(
        "core/pages/search.html",
        page={"title": _("Search"), "hint": None},
        q=q,
        q_all=q,
        shown=_spelled(found.shown, groups) if found and found.forgiven else "",
        suggestion=found.suggestion if found else None,
        suggestion_url=with_query("/search", [("q", found.suggestion or "")]) if found else "",
        tabs=_tabs(found, chosen) if found and facets else [],
        groups=groups,
        types=[] if q else search_find.searched_types(session),
    )
    return make_response(page)


def _option(group: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "label": row["name"],
        "hint": row["hint"],
        "url": row["url"],
        "type": str(group["label"]),
    }


def _tabs(found: Found, chosen: str) -> list[dict[str, Any]]:
    tabs: list[dict[str, Any]] = [
        {"label": _("All"), "url": with_query("/search", [("q", found.q)]), "active": not chosen}
    ]
    for each in found.facets:
        path = each.rtype.path
        tabs.append(
            {
                "label": each.rtype.label_plural,
                "icon": each.rtype.icon,
                "count": formats.as_total(each.total, search_find.EXACTLY),
                "url": with_query("/search", [("q", found.q), ("type", path)]),
                "active": chosen == path,
            }
        )
    return tabs


def _group(session: ScopedSession, facet: Facet, q: str, limit: int) -> dict[str, Any]:
    rtype = facet.rtype
    rows = _rows(session, rtype, q, limit)
    return {
        "label": rtype.label_plural,
        "icon": rtype.icon,
        "rows": rows,
        "count": formats.as_total(facet.total, search_find.EXACTLY),
        "more": facet.total > len(rows),
        "all_url": with_query(f"/{rtype.path}", [("q", q)]),
    }


def _spelled(query: str, groups: list[dict[str, Any]]) -> str:
    """A mended query as the names that it found are written: `андреи` → Андрей."""
    names = " ".join(row["name"] for group in groups for row in group["rows"])
    written = {fold(each): each for each in reversed(_PIECES.findall(names))}
    return " ".join(written.get(each, each) for each in query.split())


def _rows(session: ScopedSession, rtype: RecordType, q: str, limit: int) -> list[dict[str, Any]]:
    readable = readable_fields(rtype, session.principal.rights)
    wanted = [name for name in rtype.columns if name != rtype.title]
    known = {each.name: each for each in readable}
    hints = [known[name] for name in wanted if name in known and not known[name].on_demand]
    fields = (rtype.title, *(each.name for each in hints))
    query = Query(q=q, fields=fields, limit=limit)
    page = service.list_records(session, rtype, query)
    ids = [UUID(each["id"]) for each in page.items]
    kinds = names.kinds(session, rtype.entity, ids)
    files = search_where.files_with(session, rtype.entity, ids, q)
    cells = Cells(session, hints)
    shown = zip(page.items, cells.rows(page.items), strict=True)
    return [
        {
            "id": item["id"],
            "name": flat(item, readable).get(rtype.title) or str(_("no name")),
            "kind": _kind(rtype, kinds.get(UUID(item["id"]))),
            "url": f"/{rtype.path}/{item['id']}",
            "hint": _hint([plain(row[each.name]) for each in hints], files.get(UUID(item["id"]))),
        }
        for item, row in shown
    ]


def _kind(rtype: RecordType, kind: str | None) -> str | None:
    """What picture stands before the name; only people and organisations have one."""
    if rtype.entity == "user":
        return "person"
    return kind if kind in ("person", "organisation") else None


def _hint(words: list[str], file: str | None) -> str:
    found = [each for each in words if each][:HINTS]
    if file is not None:
        found.append(str(_("in the file %(name)s") % {"name": file}))
    return " · ".join(found)
