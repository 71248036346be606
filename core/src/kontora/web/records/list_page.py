"""The list of a record type: search, chips, columns, order, pages, groups, kinds of view."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Response, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import search_find, service, views
from kontora.registry.faces import ViewKind
from kontora.registry.fields import Field
from kontora.registry.records import RecordType
from kontora.web import preferences
from kontora.web.addresses import came_from, with_query
from kontora.web.complaints import explained
from kontora.web.records import (
    exporting,
    list_bar,
    list_groups,
    list_kinds,
    list_rows,
    saved_views,
    words,
)
from kontora.web.records.blueprint import blueprint
from kontora.web.records.bulk import actions
from kontora.web.records.filtering import Choosable, choosable
from kontora.web.records.layout import Layout, keep_rows, layout_of
from kontora.web.records.list_groups import Grouped
from kontora.web.records.listing import WHOLE, ListState, columns, key_of, listable
from kontora.web.records.saved_views import Opened


@blueprint.get("/<rtype:rtype>")
@policy(RECORDS)
def show_list(rtype: RecordType) -> Response:
    """The page of a list. A filter that cannot be understood is told, and can be taken away.
    A script that asks for `rows` gets the next ones alone."""
    session = db()
    service.require(session, rtype, "view")
    part = request.headers.get("X-Part") == "rows"
    first = None if part else views.default_of(session, rtype.path)
    if first is not None and not request.args:
        return make_response(redirect(with_query(f"/{rtype.path}", [("view", first.key)])))
    seen = _look(session, rtype, part=part)
    state, page, shown = seen.found.state, seen.page, seen.shown
    bulk = actions(session, rtype)
    context = {
        "rtype": rtype,
        "state": state,
        "kind": seen.kind,
        "groups": seen.groups,
        "columns": [list_rows.heading(state, rtype, each, seen.layout) for each in shown],
        "rows": [] if seen.drawn else list_rows.rows(session, rtype, shown, page.items),
        "next_url": state.next_url(page.next, len(page.items)),
        "range": (state.at + 1, state.at + len(page.items)),
        "total": page.total,
        "select": bool(bulk),
        "bulk_actions": bulk,
    }
    if part and not seen.problem:
        return make_response(render_template("core/pages/views/rows.html", **context))
    context |= _around(session, rtype, seen, first)
    body = render_template("core/pages/list.html", **context)
    return make_response(body, 422 if seen.problem else 200)


@dataclass(slots=True, kw_only=True)
class _Seen:
    """A list as it was asked for, and what was found; `problem` says why nothing could be."""

    found: Opened
    layout: Layout
    offered: list[Choosable]
    shown: list[Field]
    kind: ViewKind
    page: service.Page = field(default_factory=lambda: service.Page(items=[], total=0))
    groups: Grouped | None = None
    drawn: Markup | None = None
    problem: str = ""


def _look(session: ScopedSession, rtype: RecordType, *, part: bool) -> _Seen:
    problem = ""
    try:
        found = saved_views.opened(session, rtype, request.args)
    except Invalid as error:
        found, problem = Opened(state=ListState(path=f"/{rtype.path}")), _told(error)
    layout, state = layout_of(session, rtype), found.state
    seen = _Seen(
        found=found,
        layout=layout,
        offered=choosable(session, rtype),
        shown=columns(session, rtype, state.columns, layout.columns),
        kind=list_kinds.chosen(session, rtype, state.kind or layout.kind),
        problem=problem,
    )
    try:
        if not problem:
            _read(session, rtype, seen, part=part)
    except Invalid as error:
        seen.problem = _told(error)
    return seen


def _read(session: ScopedSession, rtype: RecordType, seen: _Seen, *, part: bool) -> None:
    """Read the rows, or the groups, or what a plugin's kind of view makes of it."""
    if problems := seen.found.problems:
        raise Invalid({each.field: [each.reason] for each in problems})
    state = seen.found.state
    query = state.query(rtype, seen.offered, [each.name for each in seen.shown])
    query = replace(query, total=not part)
    if seen.kind.load is not None:
        seen.drawn = list_kinds.drawn(session, rtype, seen.kind, query)
        seen.page = service.list_records(session, rtype, replace(query, limit=1, fields=()))
    elif state.group:
        seen.groups = list_groups.of(session, rtype, state, query)
        seen.page = seen.groups.page
    else:
        seen.page = service.list_records(session, rtype, query)


def _around(
    session: ScopedSession, rtype: RecordType, seen: _Seen, first: views.View | None
) -> dict[str, Any]:
    """What stands around the rows: tabs, chips, menus, dialogs."""
    state = seen.found.state
    context = {
        "page": {"title": rtype.label_plural, "hint": rtype.help},
        "new_label": words.new(rtype),
        "problem": seen.problem,
        "drawn": seen.drawn,
        "layout": seen.layout,
        "suggestion": _suggestion(session, rtype, state, seen.page),
        "previous_url": state.previous_url(),
        "views": list_bar.views_of(session, rtype, state, seen.layout, first),
        "kinds": list_kinds.choices(session, rtype, state, seen.kind),
        "group_choices": list_groups.choices(session, rtype, state),
        "export_items": exporting.items(rtype, state),
        "may": {
            verb: service.grants_of(session, rtype, verb) for verb in ("create", "import", "export")
        },
    }
    context |= list_bar.context(session, rtype, state, seen.offered, seen.shown)
    return context | saved_views.context(session, rtype, seen.found, first)


def _told(error: Invalid) -> str:
    return "; ".join(explained(text) for texts in error.errors.values() for text in texts)


def _suggestion(
    session: ScopedSession, rtype: RecordType, state: ListState, page: service.Page
) -> dict[str, str] | None:
    """What may have been meant when a query alone finds nothing."""
    if not state.q or page.items or state.cursor or state.group:
        return None
    found = search_find.suggestion(session, rtype, state.q)
    return {"q": found, "url": state.url(("q", found))} if found else None


@blueprint.post("/<rtype:rtype>/columns")
@policy(RECORDS)
def choose_columns(rtype: RecordType) -> Response:
    """Keep which columns this user wants to see, in which order."""
    session = db()
    service.require(session, rtype, "view")
    known = {each.name for each in listable(session, rtype)}
    wanted = [name for name in request.form.getlist("columns") if name in known]
    user_id = session.principal.user_id
    if (of_view := _in_view(session, rtype, wanted)) is not None:
        return make_response(redirect(of_view, 303))
    if user_id is not None:
        preferences.put(session, user_id, key_of(rtype), wanted or None)
        keep_rows(session, user_id, request.form.get("rows"))
    return make_response(redirect(came_from(f"/{rtype.path}"), 303))


def _in_view(session: ScopedSession, rtype: RecordType, wanted: list[str]) -> str | None:
    """The address of the view that is open with other columns, which it does not keep yet."""
    query = urlsplit(came_from("")).query
    arguments = MultiDict(parse_qsl(query))
    state = saved_views.opened(session, rtype, arguments).state
    if state.view in ("", WHOLE):
        return None
    return replace(state, columns=tuple(wanted), edited=True, cursor="", trail=()).url()
