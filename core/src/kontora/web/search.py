"""Search over all record types, in groups; as a page, and as JSON for the search field."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, make_response, render_template, request
from sqlalchemy import func, select

from kontora.access.session import ScopedSession
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import search as engine
from kontora.records import service
from kontora.records.schema import readable_fields
from kontora.records.service import Query
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import formats, names
from kontora.web.addresses import with_query
from kontora.web.forms import flat
from kontora.web.records.cells import Cells, plain

blueprint = Blueprint("search", __name__)
TOP, TOP_JSON = 5, 3
CHEAP = 1_000
LONGEST = 200
HINTS = 2


@blueprint.get("/search")
@policy(RECORDS)
def search() -> Response:
    """What is found, grouped by record type. A client that prefers JSON gets
    `[{"id", "label", "hint", "url", "type"}]`."""
    q = request.args.get("q", "").strip()[:LONGEST]
    wants_json = request.accept_mimetypes.best == "application/json"
    found = _groups(db(), q, TOP_JSON if wants_json else TOP) if q else []
    if wants_json:
        return jsonify([_option(each, row) for each in found for row in each["rows"]])
    page = render_template(
        "core/pages/search.html",
        page={"title": _("Search"), "hint": None},
        q=q,
        q_all=q,
        groups=found,
        types=[] if q else _types(db()),
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


def _types(session: ScopedSession) -> list[RecordType]:
    """The record types that the user may see, the best known first."""
    types = session.registry.record_types.values()
    seen = [each for each in types if service.grants_of(session, each, "view")]
    company = ("branches", "teams", "users")
    return sorted(seen, key=lambda each: (each.path in company, each.search_rank))


def _groups(session: ScopedSession, q: str, limit: int) -> list[dict[str, Any]]:
    found = []
    for rtype in _types(session):
        rows = _rows(session, rtype, q, limit)
        if rows:
            number = _count(session, rtype, q) if len(rows) == limit else len(rows)
            found.append(
                {
                    "label": rtype.label_plural,
                    "icon": rtype.icon,
                    "rows": rows,
                    "count": _counted(number),
                    "more": number > len(rows),
                    "all_url": with_query(f"/{rtype.path}", [("q", q)]),
                }
            )
    return found


def _counted(number: int) -> str:
    text = formats.as_number(min(number, CHEAP))
    return f"{text}+" if number > CHEAP else text


def _count(session: ScopedSession, rtype: RecordType, q: str) -> int:
    """How many match, counted no further than is cheap."""
    model: Any = rtype.model
    matching = select(model.id).where(engine.matches(session, rtype, q))
    if rtype.condition is not None:
        matching = matching.where(rtype.condition())
    few = matching.limit(CHEAP + 1).subquery()
    statement = select(func.count()).select_from(few)
    return session.scalar(statement, execution_options={"beside": "search"}) or 0


def _rows(session: ScopedSession, rtype: RecordType, q: str, limit: int) -> list[dict[str, Any]]:
    readable = readable_fields(rtype, session.principal.rights)
    wanted = [name for name in rtype.columns if name != rtype.title]
    known = {each.name: each for each in readable}
    hints = [known[name] for name in wanted if name in known and not known[name].on_demand]
    fields = (rtype.title, *(each.name for each in hints))
    query = Query(q=q, fields=fields, limit=limit)
    page = service.list_records(session, rtype, query)
    kinds = names.kinds(session, rtype.entity, [UUID(each["id"]) for each in page.items])
    cells = Cells(session, hints)
    shown = zip(page.items, cells.rows(page.items), strict=True)
    return [
        {
            "id": item["id"],
            "name": flat(item, readable).get(rtype.title) or str(_("no name")),
            "kind": _kind(rtype, kinds.get(UUID(item["id"]))),
            "url": f"/{rtype.path}/{item['id']}",
            "hint": _hint([plain(row[each.name]) for each in hints]),
        }
        for item, row in shown
    ]


def _kind(rtype: RecordType, kind: str | None) -> str | None:
    """What picture stands before the name; only people and organisations have one."""
    if rtype.entity == "user":
        return "person"
    return kind if kind in ("person", "organisation") else None


def _hint(words: list[str]) -> str:
    return " · ".join([each for each in words if each][:HINTS])
