"""Likely duplicates, shown while a new record is typed."""

from __future__ import annotations

import re
from typing import Any

from flask import render_template, request

from kontora.access.session import ScopedSession
from kontora.db.fold import fold
from kontora.errors import Invalid
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import service
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web.records import party
from kontora.web.records.blueprint import blueprint

MOST = 4
NAME, LIKE = _("same name"), _("similar name")


@blueprint.get("/<rtype:rtype>/duplicates")
@policy(RECORDS)
def show_duplicates(rtype: RecordType) -> str:
    """A fragment that names records with this name, e-mail or phone; blank when there are none."""
    session = db()
    found: dict[str, dict[str, Any]] = {}
    for text, reason in _wanted():
        for each in _search(session, rtype, text):
            alike = reason is NAME and fold(str(each.get(rtype.title) or "")) != fold(text)
            found.setdefault(each["id"], {**each, "reason": LIKE if alike else reason})
    rows = list(found.values())[:MOST]
    hints = party.hints(session, rtype, rows)
    kind = "organisation" if rtype.kinds[:1] == ("organisation",) else "person"
    shown = [
        {
            "name": each.get(rtype.title),
            "url": f"/{rtype.path}/{each['id']}",
            "kind": each.get("kind", kind),
            "hint": hints.get(each["id"]),
            "badges": [(each["reason"], "warn")],
        }
        for each in rows
    ]
    return render_template("core/pages/duplicates.html", rows=shown)


def _wanted() -> list[tuple[str, Text]]:
    """What to look for, the surest first."""
    wanted: list[tuple[str, Text]] = []
    for name, value in request.args.items(multi=True):
        text = value.strip()
        if re.fullmatch(r"points\.\d+\.value", name) and len(text) > 5:
            mail = "@" in text
            wanted.append((text, _("same e-mail") if mail else _("same number")))
    person = " ".join(request.args.get(name, "").strip() for name in ("given", "family")).strip()
    name = request.args.get("display_name", "").strip() or person
    if len(name) > 3:
        wanted.append((name, NAME))
    return wanted


def _search(session: ScopedSession, rtype: RecordType, text: str) -> list[dict[str, Any]]:
    try:
        query = service.Query(q=text, fields=(rtype.title,), limit=MOST)
        return service.list_records(session, rtype, query).items
    except Invalid:
        return []
