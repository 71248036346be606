"""Saved views above a list: open, save, rename, share, make the first one, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, make_response, redirect, request
from werkzeug.datastructures import MultiDict

from kontora.access.session import ScopedSession
from kontora.errors import NotFound
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import service, view_masking, views
from kontora.records.views import Problem, View
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import flash
from kontora.web.addresses import with_query
from kontora.web.records import filtering
from kontora.web.records.blueprint import blueprint
from kontora.web.records.filtering import Condition
from kontora.web.records.listing import WHOLE, ListState

UNNAMED = Condition(field="hidden", op="eq", value="…")
PARAMETERS = frozenset(
    {"q", "sort", "view", "edited", "without", "shown", "filter", "kind", "group"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A list as it is asked for: its state, the view it is of, and what of that does not fit."""

    state: ListState
    view: View | None = None
    problems: tuple[Problem, ...] = ()
    missing: tuple[str, ...] = ()


def opened(session: ScopedSession, rtype: RecordType, arguments: MultiDict[str, str]) -> Opened:
    """The list of a request; `?view=KEY` alone is as it was saved. Raises NotFound."""
    state = ListState.of(rtype, arguments)
    if not state.view or state.view == WHOLE:
        return Opened(state=replace(state, edited=False, without=()))
    view = views.find(session, state.view)
    if view.path != rtype.path:
        # To show, or to change, the whole list instead would be more than was asked for.
        other = views.rtype_of(session, view).label_plural
        words: dict[str, object] = {"name": view.name, "list": other}
        text = _("The view “%(name)s” is of another list: %(list)s.")
        raise NotFound(text % words, _("Open it there, or choose a view of this list."))
    if state.edited:
        return _complete(session, rtype, state, view)
    chips, tree = _apart(views.without(view.state.get("filter"), state.without))
    groups = filtering.parts(tree)
    told = [each for each in groups if view_masking.fits(session, rtype, view, each)]
    group = str(view.state.get("group") or "")
    known = views.fitting_sort(session, rtype, view.state)
    state = replace(
        state,
        q=str(view.state.get("q") or ""),
        sort=",".join(known),
        # A page repeats its conditions in addresses and forms: those on fields that are not there
        # for this reader stay without a name, and so nothing can be found with them.
        conditions=(
            *(
                each if view_masking.names(session, rtype, view, each.field) else UNNAMED
                for each in chips
            ),
            *[UNNAMED] * (len(groups) - len(told)),
        ),
        tree={"and": told} if told else None,
        columns=tuple(
            each
            for each in view.state.get("columns") or ()
            if view_masking.names(session, rtype, view, each)
        ),
        kind=state.kind or str(view.state.get("kind") or ""),
        group=state.group or (group if view_masking.names(session, rtype, view, group) else ""),
    )
    return _complete(session, rtype, state, view)


def _complete(session: ScopedSession, rtype: RecordType, state: ListState, view: View) -> Opened:
    """Say what cannot be applied. Columns and an order that are gone hide nothing: the list
    is shown without them."""
    from kontora.web.records.listing import listable

    known = {each.name for each in listable(session, rtype)}
    fits = set(views.fitting_sort(session, rtype, view.state))
    gone = [each for each in state.columns if each not in known]
    gone += [] if state.edited else [e for e in view.state.get("sort") or () if e not in fits]
    problems = views.problems(session, rtype, view.state.get("filter"))
    left = tuple(each for each in problems if each.index not in state.without)
    missing = tuple(dict.fromkeys(each.lstrip("-") for each in gone))
    return Opened(
        state=state,
        view=view,
        problems=() if state.edited else view_masking.problems(session, view, left),
        missing=view_masking.missing(session, view, missing),
    )


def _apart(tree: Mapping[str, Any] | None) -> tuple[list[Condition], dict[str, Any] | None]:
    """A tree as the simple conditions of an address, and the groups that these cannot say."""
    chips: list[Condition] = []
    groups: list[Any] = []
    for each in filtering.parts(tree):
        if (chip := _chip(each)) is not None:
            chips.append(chip)
        else:
            groups.append(each)
    return chips, {"and": groups} if groups else None


def _chip(leaf: Mapping[str, Any]) -> Condition | None:
    if not set(leaf) <= {"field", "op", "value"} or "field" not in leaf:
        return None
    value = leaf.get("value")
    if isinstance(value, list) and all(isinstance(each, str) and "," not in each for each in value):
        value = ",".join(value)
    elif isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, int):
        value = str(value)
    if not isinstance(value, str) or not value:
        return None
    return Condition(field=str(leaf["field"]), op=str(leaf.get("op") or "eq"), value=value)


def context(
    session: ScopedSession, rtype: RecordType, found: Opened, first: View | None
) -> dict[str, Any]:
    """What the page shows of views beside the tabs."""
    view, state = found.view, found.state
    mine = view is not None and views.may_change(session, view)
    rights = session.principal.rights
    gone = ",".join(str(each) for each in (*state.without, *(e.index for e in found.problems)))
    return {
        "view": view,
        "view_edited": bool(view and (state.edited or state.without)),
        "view_mine": mine,
        "view_problems": found.problems,
        "view_missing": found.missing,
        "view_url": with_query(f"/{rtype.path}", [("view", view.key)]) if view else "",
        "view_without_url": with_query(f"/{rtype.path}", [("view", view.key), ("without", gone)])
        if view
        else "",
        "all_url": with_query(f"/{rtype.path}", [("view", WHOLE)] if first else []),
        "view_state": state.pairs(explicit=True),
        "view_roles": views.roles(session) if rights.has(views.SHARE) else [],
        "may_share": rights.has(views.SHARE),
        "may_manage": rights.has(views.MANAGE),
        "may_save": session.principal.user_id is not None,
        "is_first": bool(view and first and first.id == view.id),
    }


def tabs(
    session: ScopedSession, rtype: RecordType, state: ListState, order: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """The saved views of a list as tabs, in the order of the user; new ones at the end."""
    rank = {key: number for number, key in enumerate(order)}
    found = sorted(views.listing(session, rtype.path), key=lambda e: rank.get(e.key, len(rank)))
    return [
        {
            "key": each.key,
            "label": each.name,
            "url": with_query(f"/{rtype.path}", [("view", each.key)]),
            "active": each.key == state.view,
            "shared": each.audience != views.PRIVATE,
        }
        for each in found
    ]


def _sent_state(session: ScopedSession, rtype: RecordType) -> dict[str, Any]:
    kept = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if "[" in name or name in PARAMETERS
    ]
    state = opened(session, rtype, MultiDict(kept)).state
    offered = filtering.choosable(session, rtype)
    return {
        "filter": state.filter(offered),
        "q": state.q,
        "sort": [each for each in state.sort.split(",") if each],
        "columns": list(state.columns),
        "kind": state.kind,
        "group": state.group,
    }


def _audience() -> dict[str, Any]:
    """`private`, `everyone`, or `role:<key>`, as the form has it."""
    given = request.form.get("audience")
    if given is None:
        return {}
    kind, _colon, role = given.partition(":")
    return {"audience": kind, "role": role or None}


def _to(view: View) -> Response:
    return make_response(redirect(with_query(f"/{view.path}", [("view", view.key)]), 303))


@blueprint.post("/<rtype:rtype>/views")
@policy(RECORDS)
def save_view(rtype: RecordType) -> Response:
    """Save this list as a new view."""
    session = db()
    service.require(session, rtype, "view")
    data = {"name": request.form.get("name", ""), "state": _sent_state(session, rtype)}
    made = views.create(session, rtype.path, data | _audience())
    if request.form.get("first") == "true":
        views.set_default(session, rtype.path, made)
    flash.tell(_("The view “%(name)s” is saved.") % {"name": made.name}, "good")
    return _to(made)


@blueprint.post("/<rtype:rtype>/views/<key>")
@policy(RECORDS)
def change_view(rtype: RecordType, key: str) -> Response:
    """Save the list under the view (`save`), or rename and share it."""
    session = db()
    view = views.find(session, key)
    if request.form.get("action") == "save":
        view = views.change(session, view, {"state": _sent_state(session, rtype)})
    else:
        data = {"name": request.form.get("name", view.name), **_audience()}
        view = views.change(session, view, data)
    flash.tell(_("Saved."), "good")
    return _to(view)


@blueprint.post("/<rtype:rtype>/views/<key>/first")
@policy(RECORDS)
def open_first(rtype: RecordType, key: str) -> Response:
    """Open this view first, or (`off`) the whole list; for oneself, or for a `role`."""
    session = db()
    view = views.find(session, key)
    off, role = request.values.get("off") == "1", request.form.get("role") or None
    views.set_default(session, rtype.path, None if off else view, role)
    flash.tell(_("Saved."), "good")
    return _to(view)


@blueprint.post("/<rtype:rtype>/views/<key>/delete")
@policy(RECORDS)
def delete_view(rtype: RecordType, key: str) -> Response:
    """Delete a view; the undo brings it back."""
    session = db()
    view = views.find(session, key)
    views.remove(session, view)
    text = _("The view “%(name)s” is deleted.") % {"name": view.name}
    flash.tell(text, "good", f"/{rtype.path}/views/{view.key}/restore")
    return make_response(redirect(f"/{rtype.path}", 303))


@blueprint.post("/<rtype:rtype>/views/<key>/restore")
@policy(RECORDS)
def restore_view(rtype: RecordType, key: str) -> Response:
    """Bring a deleted view back."""
    session = db()
    return _to(views.restore(session, views.find(session, key, deleted=True)))
