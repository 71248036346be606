"""A list in groups: the counts, and the rows of the one group that is open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from babel.dates import format_skeleton

from kontora.access.session import ScopedSession
from kontora.records import grouping, service
from kontora.records.query import Page, Query
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web import formats
from kontora.web.records.listing import ListState

SPECIAL: dict[str, Text] = {
    grouping.NONE: _("none"),
    grouping.EARLIER: _("earlier"),
    grouping.LATER: _("later"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """The groups as the template takes them, and the rows of the open one."""

    field: Field
    items: list[dict[str, Any]]
    page: Page


def of(session: ScopedSession, rtype: RecordType, state: ListState, query: Query) -> Grouped:
    """The groups of a list; the first is open unless another is asked for. Raises Invalid."""
    field, found = grouping.groups(session, rtype, query, state.group)
    opened = state.within or (found[0].key if found else "")
    items = [
        {
            "key": each.key,
            "label": _label(field, each),
            "count": each.count,
            "open": each.key == opened,
            "url": replace(state, cursor="", trail=(), at=0).url(("within", each.key)),
        }
        for each in found
    ]
    page = Page(items=[])
    if opened:
        inside = grouping.condition(session, field, opened)
        both = {"and": [query.filter, inside]} if query.filter else inside
        page = service.list_records(session, rtype, replace(query, filter=both, total=False))
    total = None if field.collection else sum(each.count for each in found)
    return Grouped(field=field, items=items, page=replace(page, total=total))


def _label(field: Field, group: grouping.Group) -> str:
    if group.key in SPECIAL:
        return str(SPECIAL[group.key])
    if group.label is not None:
        return group.label
    if field.type in grouping.DATED:
        first = date.fromisoformat(f"{group.key}-01")
        text = format_skeleton("yMMMM", first, locale=formats.locale())
        return text[:1].upper() + text[1:]
    if field.type is FieldType.BOOLEAN:
        return str(_("yes") if group.key == "true" else _("no"))
    inner = field.collection.fields[0] if field.collection else field
    labels = {each.value: str(each.label) for each in inner.choices}
    return labels.get(group.key, group.key)


def choices(session: ScopedSession, rtype: RecordType, state: ListState) -> list[dict[str, Any]]:
    """The fields by which this list can be grouped, as a menu."""
    plain = replace(state, cursor="", trail=(), at=0, within="", edited=bool(state.view))
    found: list[dict[str, Any]] = [
        {
            "label": each.label,
            "url": replace(plain, group=each.name).url(),
            "icon": "check" if each.name == state.group else "layout-list",
            "active": each.name == state.group,
        }
        for each in grouping.groupable(session, rtype)
    ]
    if state.group:
        whole = {"label": _("No groups"), "url": replace(plain, group="").url(), "icon": "x"}
        found = [*found, {"divider": True}, whole]
    return found
