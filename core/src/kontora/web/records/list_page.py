"""The list of a record type: search, chips, columns, order, pages."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request

from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import service
from kontora.registry.fields import Field
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web import preferences
from kontora.web.addresses import came_from
from kontora.web.complaints import explained
from kontora.web.records import exporting, filtering, party, words
from kontora.web.records.blueprint import blueprint
from kontora.web.records.bulk import actions
from kontora.web.records.cells import Cells, plain, type_of
from kontora.web.records.filtering import Choosable, Condition
from kontora.web.records.listing import ListState, columns, key_of, listable


@blueprint.get("/<rtype:rtype>")
@policy(RECORDS)
def show_list(rtype: RecordType) -> Response:
    """The page of a list. A filter that cannot be understood is told, and can be taken away."""
    session = db()
    service.require(session, rtype, "view")
    state = ListState.of(rtype, request.args)
    offered = filtering.choosable(session, rtype)
    shown = columns(session, rtype)
    problem, page = "", service.Page(items=[], total=0)
    try:
        names = [each.name for each in shown]
        page = service.list_records(session, rtype, state.query(rtype, offered, names))
    except Invalid as error:
        problem = "; ".join(explained(text) for texts in error.errors.values() for text in texts)
    context = {
        "page": {"title": rtype.label_plural, "hint": rtype.help},
        "new_label": words.new(rtype),
        "rtype": rtype,
        "state": state,
        "problem": problem,
        "total": page.total,
        "columns": [_heading(state, rtype, each) for each in shown],
        "rows": _rows(session, rtype, shown, page.items),
        "next_url": state.next_url(page.next),
        "previous_url": state.previous_url(),
        "views": _views(session, rtype, state),
        "bulk_actions": actions(session, rtype),
        "export_items": exporting.items(rtype, state),
        "may": {
            verb: service.grants_of(session, rtype, verb) for verb in ("create", "import", "export")
        },
    }
    context |= _toolbar(session, rtype, state, offered, shown)
    body = render_template("core/pages/list.html", **context)
    return make_response(body, 422 if problem else 200)


def _heading(state: ListState, rtype: RecordType, field: Field) -> dict[str, Any]:
    found: dict[str, Any] = {"name": field.name, "label": field.label, "type": type_of(field)}
    if field.sortable and field.collection is None and field.shortcut is None:
        found["sort_url"] = state.sort_url(field.name, rtype.sort)
        found["sorted"] = state.sorted_by(field.name, rtype.sort)
    return found


def _rows(
    session: ScopedSession, rtype: RecordType, fields: list[Field], items: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    cells = Cells(session, fields).rows(items)
    hints = party.hints(session, rtype, items, [each.name for each in fields])
    rows = []
    for item, values in zip(items, cells, strict=True):
        name = plain(values.get(rtype.title)) or _untitled(rtype, values)
        values[rtype.title] = name
        rows.append(
            {
                "id": item["id"],
                "url": f"/{rtype.path}/{item['id']}",
                "name": name,
                "kind": _avatar(rtype, item),
                "hint": hints.get(item["id"]),
                "muted": item.get("state") in ("inactive", "disabled", "cancelled"),
                "cells": values,
            }
        )
    return rows


def _avatar(rtype: RecordType, item: dict[str, Any]) -> str | None:
    """Whose initials stand before the name: of a person or a firm; other records have none."""
    if rtype.kinds:
        return item.get("kind")
    return "person" if rtype.entity == "user" else None


def _untitled(rtype: RecordType, values: dict[str, Any]) -> str:
    """What to call a record without a title: its kind, or else that it has no name."""
    return plain(values.get("kind")) or str(_("no name"))


def _toolbar(
    session: ScopedSession,
    rtype: RecordType,
    state: ListState,
    offered: list[Choosable],
    shown: list[Field],
) -> dict[str, Any]:
    chosen = [each.name for each in shown]
    rest = [each for each in listable(session, rtype) if each.name not in chosen]
    known = {each.name: each for each in offered}
    return {
        "chips": [
            {
                "text": filtering.sentence(session, each, offered),
                "remove_url": state.url(without=each),
                "field": each.field,
            }
            for each in state.conditions
        ],
        "filter_fields": offered,
        "filter_conditions": [
            _editable(session, each, known) for each in state.conditions if each.field in known
        ],
        "all_columns": [
            {"name": each.name, "label": each.label, "shown": each.name in chosen}
            for each in [*shown, *rest]
        ],
    }


def _editable(
    session: ScopedSession, given: Condition, known: dict[str, Choosable]
) -> dict[str, Any]:
    label = filtering.value_label(session, given, known[given.field].field)
    return {"field": given.field, "op": given.op, "value": given.value, "label": label}


def _views(session: ScopedSession, rtype: RecordType, state: ListState) -> list[dict[str, Any]]:
    """Ready-made views as tabs, for types whose records have an owner."""
    if not any(each.name == "owner" for each in rtype.fields) or session.principal.user_id is None:
        return []
    mine = Condition(field="owner", op="eq", value="me")
    options: list[tuple[Text, str, tuple[Condition, ...]]] = [
        (_("All"), "", ()),
        (_("Mine"), "", (mine,)),
    ]
    if rtype.entity == "activity":
        planned = Condition(field="state", op="eq", value="planned")
        options.append((_("My plans"), "due_at", (mine, planned)))
        options.append((_("All plans"), "due_at", (planned,)))
    found = []
    for label, sort, wanted in options:
        view = ListState(path=state.path, sort=sort, conditions=wanted)
        active = set(wanted) == set(state.conditions) and not state.q
        found.append({"label": label, "url": view.url(), "active": active})
    return found


@blueprint.post("/<rtype:rtype>/columns")
@policy(RECORDS)
def choose_columns(rtype: RecordType) -> Response:
    """Keep which columns this user wants to see, in which order."""
    session = db()
    service.require(session, rtype, "view")
    known = {each.name for each in listable(session, rtype)}
    wanted = [name for name in request.form.getlist("columns") if name in known]
    user_id = session.principal.user_id
    if user_id is not None:
        preferences.put(session, user_id, key_of(rtype), wanted or None)
    return make_response(redirect(came_from(f"/{rtype.path}"), 303))
