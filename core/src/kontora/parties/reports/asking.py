"""What a report asks of a list: conditions as the list itself has them, so that the address of the
list shows exactly what was counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from kontora.records import related, views
from kontora.records.query import Query, conditions_of
from kontora.registry.records import RecordType

BESIDE = {"beside": "search"}
Leaf = tuple[str, str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """The records that a report is about: `leaves` are conditions (field, operator, value), `role`
    what one current role of a party must be, `view` the key of a saved view."""

    session: Any
    rtype: RecordType
    leaves: tuple[Leaf, ...] = ()
    role: Mapping[str, Any] = field(default_factory=dict)
    view: str | None = None

    def all_leaves(
        self, more: Sequence[Leaf] = (), role: Mapping[str, Any] | None = None
    ) -> list[Leaf]:
        """The conditions, with further ones: one on the same field in the same way is narrower,
        and stands in place of the other. Those on the role are one."""
        parts = {**self.role, **(role or {})}
        held = [("roles", related.OP, related.text(parts, now=True))] if parts else []
        narrower = {each[:2]: each for each in (*self.leaves, *more)}
        return [*narrower.values(), *held]

    def conditions(self, *more: Leaf) -> list[Any]:
        """All of them as expressions. Raises Invalid for a field that the reader does not see."""
        leaves = self.all_leaves(more)
        tree = {"and": [_node(each) for each in leaves]} if leaves else None
        found = conditions_of(self.session, self.rtype, Query(filter=tree))
        if self.view:
            found.append(views.condition(self.session, self.view, self.rtype.entity))
        return found

    def link(self, *more: Leaf, role: Mapping[str, Any] | None = None) -> str | None:
        """The address of the list of these records; None where none can say it."""
        if self.view:
            return None
        pairs = [(f"{name}[{op}]", _text(value)) for name, op, value in self.all_leaves(more, role)]
        query = urlencode(pairs, safe="[],:;")
        return f"/{self.rtype.path}?{query}" if query else f"/{self.rtype.path}"


def asked(session: Any, path: str, *leaves: Leaf, **more: Any) -> Asked:
    """The records of a list. Conditions without a value are left out."""
    rtype = session.registry.record_type(path)
    kept = tuple(each for each in leaves if each[2] is not None and each[2] != "")
    return Asked(session, rtype, kept, **more)


def _node(leaf: Leaf) -> dict[str, Any]:
    name, op, value = leaf
    return {"field": name, "op": op, "value": _text(value)}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
