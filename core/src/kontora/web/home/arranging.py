"""Which widgets stand on the home page, in which order and size: kept per user, with a beginning
for each role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Response, make_response, redirect, request

from kontora.access.session import ScopedSession
from kontora.http.context import db
from kontora.http.policy import SIGNED_IN, policy
from kontora.records import reports
from kontora.registry.faces import Widget
from kontora.text import Text
from kontora.web import preferences
from kontora.web.home.blueprint import blueprint

KEY, OF_REPORT = "home:widgets", "report:"
MOST = 12
TEAM = "report:activity?by=owner&cross=kind&period=this_week&state=done"
MINE = "report:activity?by=week&cross=kind&period=last_12_weeks&state=done&owner=me"
# What stands there at first, by role; the first role of the user that is named here decides.
BY_ROLE: dict[str, tuple[str, ...]] = {
    "head": (TEAM, "report:neglected", "report:growth", "core.recent"),
    "branch_manager": (TEAM, "report:neglected", "report:growth", "core.recent"),
    "administrator": (TEAM, "report:neglected", "report:growth", "core.recent"),
    "auditor": ("report:growth", "report:completeness", "core.recent"),
    "manager": ("core.neglected", MINE, "core.recent"),
}
OTHERS = ("core.recent", "core.neglected")
FULL = frozenset({"report:growth"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One widget as it stands: `id` is that of a declaration, or `report:<id>?<parameters>`."""

    id: str
    title: Text
    url: str
    size: str
    help: Text = ""


def declared(session: ScopedSession) -> list[Widget]:
    """The widgets of core and plugins that the user may see."""
    rights = session.principal.rights
    return [
        each
        for each in session.registry.widgets
        if each.permission is None or rights.has(each.permission)
    ]


def chosen(session: ScopedSession) -> list[Placed]:
    """The widgets of this user, in his order. What is gone, or not for him, is left out."""
    kept = preferences.get(session, session.principal.user_id, KEY)
    if not isinstance(kept, list):
        return _at_first(session)
    found = []
    for each in kept[:MOST]:
        placed = _placed(session, str(each.get("id", ""))) if isinstance(each, dict) else None
        if placed is not None:
            found.append(replace(placed, size="full" if each.get("size") == "full" else "half"))
    return found


def _at_first(session: ScopedSession) -> list[Placed]:
    me = session.principal
    named = next((BY_ROLE[role] for role in BY_ROLE if role in me.roles), OTHERS)
    found = [_placed(session, each) for each in named]
    own = {each.id for each in found if each is not None}
    for widget in declared(session):
        wanted = not widget.roles or set(widget.roles) & set(me.roles)
        if wanted and widget.id not in own and not widget.id.startswith("core."):
            found.append(_placed(session, widget.id))
    return [each for each in found if each is not None][:MOST]


def _placed(session: ScopedSession, widget_id: str) -> Placed | None:
    size = "full" if widget_id.partition("?")[0] in FULL else "half"
    if widget_id.startswith(OF_REPORT):
        report_id, _mark, query = widget_id.removeprefix(OF_REPORT).partition("?")
        report = next((each for each in reports.allowed(session) if each.id == report_id), None)
        if report is None:
            return None
        safe = urlencode(parse_qsl(query))
        url = f"/home/reports/{report.id}" + (f"?{safe}" if safe else "")
        return Placed(id=widget_id, title=report.label, url=url, size=size, help=report.help)
    widget = next((each for each in declared(session) if each.id == widget_id), None)
    if widget is None:
        return None
    size = widget.size if widget_id not in FULL else "full"
    url = f"/widgets/{widget.id}"
    return Placed(id=widget.id, title=widget.title, url=url, size=size, help=widget.help)


def left(session: ScopedSession, placed: Sequence[Placed]) -> list[Placed]:
    """What can be added: every widget and report that does not stand there yet."""
    there = {each.id.partition("?")[0] for each in placed}
    ids = [each.id for each in declared(session)]
    ids += [f"{OF_REPORT}{each.id}" for each in reports.allowed(session) if each.listed]
    found = [_placed(session, each) for each in ids if each not in there]
    return [each for each in found if each is not None]


@blueprint.post("/home/widgets")
@policy(SIGNED_IN)
def arrange() -> Response:
    """Add, remove, move or resize a widget; or go back to what the role has at first."""
    session = db()
    user = session.principal.user_id
    action, wanted = request.form.get("action", ""), request.form.get("id", "")[:500]
    if user is not None and action == "reset":
        preferences.put(session, user, KEY, None)
    elif user is not None:
        placed = moved(chosen(session), action, wanted, _placed(session, wanted))
        kept = [{"id": each.id, "size": each.size} for each in placed[:MOST]]
        preferences.put(session, user, KEY, kept)
    return make_response(redirect("/?arrange=1#widgets", 303))


def moved(placed: list[Placed], action: str, wanted: str, known: Any) -> list[Placed]:
    """The widgets after one step: add, remove, up, down, size; what does not fit does nothing."""
    place = next((n for n, each in enumerate(placed) if each.id == wanted), None)
    if place is None:
        return [*placed, known] if action == "add" and known is not None else placed
    found = list(placed)
    if action == "remove":
        del found[place]
    elif action == "up" and place:
        found[place - 1], found[place] = found[place], found[place - 1]
    elif action == "down" and place + 1 < len(found):
        found[place + 1], found[place] = found[place], found[place + 1]
    elif action == "size":
        size = "half" if found[place].size == "full" else "full"
        found[place] = replace(found[place], size=size)
    return found
