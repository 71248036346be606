"""Kinds of view on one list: core's table and cards, and what plugins add."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from markupsafe import Markup

from kontora.access.session import ScopedSession
from kontora.records.query import Query
from kontora.registry.faces import ViewKind
from kontora.registry.records import RecordType
from kontora.web.records.listing import ListState
from kontora.web.records.panels import contained


def offered(session: ScopedSession, rtype: RecordType) -> list[ViewKind]:
    """The kinds in which this list can be seen: those whose needs it meets."""
    types = {each.type for each in rtype.fields}
    names = {each.name for each in rtype.fields}
    rights = session.principal.rights
    return [
        each
        for each in session.registry.view_kinds.values()
        if (not each.entities or rtype.entity in each.entities)
        and (each.permission is None or rights.has(each.permission))
        and all(need in names or need in types for need in each.needs)
    ]


def chosen(session: ScopedSession, rtype: RecordType, key: str) -> ViewKind:
    """The kind of this key, or the table when it is not offered (any more)."""
    found = {each.key: each for each in offered(session, rtype)}
    return found.get(key) or found["table"]


def choices(
    session: ScopedSession, rtype: RecordType, state: ListState, kind: ViewKind
) -> list[dict[str, Any]]:
    """The kinds as buttons; nothing when there is no choice."""
    plain = replace(state, cursor="", trail=(), at=0, within="", edited=bool(state.view))
    found = [
        {
            "key": each.key,
            "label": each.label,
            "icon": each.icon,
            "url": replace(plain, kind=each.key).url(),
            "active": each.key == kind.key,
        }
        for each in offered(session, rtype)
    ]
    return found if len(found) > 1 else []


def drawn(session: ScopedSession, rtype: RecordType, kind: ViewKind, query: Query) -> Markup | None:
    """What the plugin of a kind makes of the list; a failing one says so in its own place."""
    load = kind.load
    assert load is not None
    return contained(
        session, kind.key, kind.label, kind.template, lambda: load(session, rtype, query)
    )
