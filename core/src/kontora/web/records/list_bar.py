"""What stands over a list: tabs of views, chips in words, the editor of filters, the columns."""

from __future__ import annotations

from typing import Any

from kontora.access.session import ScopedSession
from kontora.records import views
from kontora.registry.fields import Field
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web.records import filtering, saved_views
from kontora.web.records.filtering import Choosable, Condition
from kontora.web.records.layout import Layout
from kontora.web.records.listing import WHOLE, ListState, listable


def context(
    session: ScopedSession,
    rtype: RecordType,
    state: ListState,
    offered: list[Choosable],
    shown: list[Field],
) -> dict[str, Any]:
    """Chips, the editor's fields and its tree, and all columns there are."""
    chosen = [each.name for each in shown]
    rest = [each for each in listable(session, rtype) if each.name not in chosen]
    whole = [
        *({"field": e.field, "op": e.op, "value": e.value} for e in state.conditions),
        *filtering.parts(state.tree),
    ]
    return {
        "chips": _chips(session, state, offered),
        "filter_fields": offered,
        "filter_tree": filtering.labelled(session, {"and": whole}, offered),
        "all_columns": [
            {"name": each.name, "label": each.label, "shown": each.name in chosen}
            for each in [*shown, *rest]
        ],
    }


def _chips(
    session: ScopedSession, state: ListState, offered: list[Choosable]
) -> list[dict[str, Any]]:
    """Each part of the filter in words; a click opens the editor at it."""
    found: list[dict[str, Any]] = [
        {
            "text": filtering.sentence(session, each, offered),
            "remove_url": state.url(without=each),
            "field": each.field,
        }
        for each in state.conditions
    ]
    for number, part in enumerate(filtering.parts(state.tree)):
        text = filtering.in_words(session, part, offered)
        found.append({"text": text, "remove_url": state.without_part(number), "field": None})
    return found


def views_of(
    session: ScopedSession,
    rtype: RecordType,
    state: ListState,
    layout: Layout,
    first: views.View | None,
) -> list[dict[str, Any]]:
    """Ready-made views as tabs, for types whose records have an owner; then the saved ones.
    `first` is the saved view that opens instead of the whole list."""
    own = state.view not in ("", WHOLE)
    home = WHOLE if first else ""
    if session.principal.user_id is None:
        return []
    saved = saved_views.tabs(session, rtype, state, layout.order)
    if not any(each.name == "owner" for each in rtype.fields):
        whole = ListState(path=state.path, view=home).url()
        return [{"label": _("All"), "url": whole, "active": not own}, *saved] if saved else []
    found = []
    for label, sort, wanted in _ready(rtype):
        view = ListState(path=state.path, sort=sort, conditions=wanted, view=home)
        same = set(wanted) == set(state.conditions) and not state.q and not state.tree
        found.append({"label": label, "url": view.url(), "active": same and not own})
    return found + saved


def _ready(rtype: RecordType) -> list[tuple[Text, str, tuple[Condition, ...]]]:
    mine = Condition(field="owner", op="eq", value="me")
    found: list[tuple[Text, str, tuple[Condition, ...]]] = [
        (_("All"), "", ()),
        (_("Mine"), "", (mine,)),
    ]
    if rtype.entity == "activity":
        planned = Condition(field="state", op="eq", value="planned")
        found.append((_("My plans"), "due_at", (mine, planned)))
        found.append((_("All plans"), "due_at", (planned,)))
    if rtype.entity == "party":
        silent = Condition(field="last_contact", op="ne", value="last_90_days")
        found.append((_("Neglected"), "last_contact", (mine, silent)))
    return found
