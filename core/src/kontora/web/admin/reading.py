"""Watching: what a user opened and exported."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, render_template

from kontora.access.session import ScopedSession
from kontora.http.context import db, principal, site, zone
from kontora.http.policy import needs, policy
from kontora.records import opened
from kontora.records.transfer.formulas import guard
from kontora.text import _
from kontora.web import formats, names
from kontora.web.addresses import before, with_query
from kontora.web.admin.blueprint import blueprint

WATCH = needs(opened.PERMISSION)
LIMIT = 100
FACES = {"page": _("page"), "api": _("API")}


@blueprint.get("/users/<uuid:user_id>/reading")
@policy(WATCH)
def reading(user_id: UUID) -> str:
    """What a user opened and exported in the last 30 days; the look itself is audited."""
    session = db()
    user = opened.watched(session, user_id)
    _note(user)
    found = opened.openings(session, user, before=before(), limit=LIMIT)
    days = opened.by_day(session, user)
    base = f"/admin/users/{user_id}/reading"
    older = with_query(base, [("before", str(found[-1].id))]) if len(found) == LIMIT else None
    return render_template(
        "core/pages/admin/reading.html",
        page={
            "title": user.name,
            "hint": _("What this user opened and exported in the last %(n)s days.")
            % {"n": opened.DAYS},
        },
        days=days,
        most=max([each.records for each in days], default=1) or 1,
        rows=[_row(session, each) for each in _named(session, found)],
        exports=[_export(session, each) for each in opened.exports(session, user)],
        base=base,
        older=older,
        first=before is None,
    )


@blueprint.get("/users/<uuid:user_id>/reading.csv")
@policy(WATCH)
def reading_file(user_id: UUID) -> Response:
    """The same list as a file."""
    session = db()
    user = opened.watched(session, user_id)
    _note(user)
    text = io.StringIO()
    write = csv.writer(text)
    write.writerow(["at", "type", "id", "name", "face"])
    found = opened.openings(session, user, limit=None)
    for each, name, _kind in _named(session, found):
        at = each.at.astimezone(zone()).isoformat(timespec="seconds")
        write.writerow([at, each.entity, each.record_id, guard(name or ""), each.face])
    response = Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="reading.csv"'
    return response


def _note(user: opened.Watched) -> None:
    """In a session of its own: that of the request only reads."""
    with site().write(principal()) as session:
        opened.note_look(session, user)


def _named(
    session: ScopedSession, found: Sequence[opened.Opening]
) -> list[tuple[opened.Opening, str | None, str | None]]:
    known = opened.names_of(session, found)
    return [(each, *known.get((each.entity, each.record_id), (None, None))) for each in found]


def _row(
    session: ScopedSession, line: tuple[opened.Opening, str | None, str | None]
) -> dict[str, Any]:
    each, name, kind = line
    rtype = session.registry.of_entity(each.entity, kind)
    url = names.path_of(session.registry, each.entity, each.record_id, kind) if name else None
    return {
        "id": each.id,
        "cells": {
            "at": each.at,
            "record": {"name": name, "url": url, "kind": kind} if name and url else "—",
            "type": rtype.label if rtype else each.entity,
            "face": FACES.get(each.face, each.face),
        },
    }


def _export(session: ScopedSession, each: opened.Exported) -> dict[str, Any]:
    rtype = session.registry.record_types.get(each.type)
    return {
        "id": formats.as_date(each.at),
        "cells": {
            "at": each.at,
            "type": rtype.label_plural if rtype else each.type,
            "rows": each.rows,
            "format": each.format.upper(),
        },
    }
