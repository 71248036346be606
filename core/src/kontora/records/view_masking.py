"""What a reader is told of a view that somebody else made: nothing of fields that he may not see.

A condition that cannot be applied for him counts, but is not named, and neither is its value; so
it does not tell whether the field is hidden from him or gone. Who made the view knows its words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kontora.access.session import ScopedSession
from kontora.records import views
from kontora.records.schema import readable_fields
from kontora.records.views import Problem, View
from kontora.registry.records import RecordType
from kontora.text import _

HIDDEN: Mapping[str, Any] = {"hidden": True}


def knows(session: ScopedSession, view: View) -> bool:
    """Whether the principal may read the very words of a view."""
    me = session.principal
    return me.is_system or (me.user_id is not None and view.owner_id == me.user_id)


def told(session: ScopedSession, rtype: RecordType, view: View) -> dict[str, Any]:
    """The state of a view as the principal may read it: conditions that cannot be applied for him
    are `{"hidden": true}`, columns and orders left out."""
    if knows(session, view):
        return dict(view.state)
    tree = view.state.get("filter")
    unfit = {each.index for each in views.problems(session, rtype, tree)}
    readable = {each.name for each in readable_fields(rtype, session.principal.rights)}
    return {
        **view.state,
        "filter": _masked(tree, unfit, iter(range(10**6))),
        "sort": views.fitting_sort(session, rtype, view.state),
        "columns": [each for each in view.state.get("columns") or () if each in readable],
        **({"group": _group(readable, view)} if "group" in view.state else {}),
    }


def _group(readable: set[str], view: View) -> str:
    group = str(view.state["group"])
    return group if group in readable else ""


def _masked(tree: Any, unfit: set[int], numbers: Any) -> Any:
    if not tree:
        return tree
    for word in ("and", "or"):
        if word in tree:
            return {word: [_masked(each, unfit, numbers) for each in tree[word]]}
    if "not" in tree:
        return {"not": _masked(tree["not"], unfit, numbers)}
    return dict(HIDDEN) if next(numbers) in unfit else tree


def fits(session: ScopedSession, rtype: RecordType, view: View, part: Any) -> bool:
    """Whether a part of a view's filter may be told: all its conditions can be applied."""
    return knows(session, view) or not views.problems(session, rtype, part)


def problems(session: ScopedSession, view: View, found: Iterable[Problem]) -> tuple[Problem, ...]:
    """What of a view cannot be applied, in words for this reader."""
    if knows(session, view):
        return tuple(found)
    reason = str(_("it uses a field that is not there for you."))
    return tuple(replace(each, field="…", reason=reason) for each in found)


def missing(session: ScopedSession, view: View, names: Iterable[str]) -> tuple[str, ...]:
    """Columns and orders that are left out, by name for who chose them."""
    return tuple(names) if knows(session, view) else ()


def names(session: ScopedSession, rtype: RecordType, view: View, name: str) -> bool:
    """Whether a field of a view may be named to this reader: `points.value` is of `points`."""
    if knows(session, view):
        return True
    readable = {each.name for each in readable_fields(rtype, session.principal.rights)}
    own = name.startswith("custom.")
    return name in readable or (not own and name.partition(".")[0] in readable)
