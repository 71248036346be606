"""What passes through the doors, and what is turned away, in the logger `kontora.doors`.

A use is logged at DEBUG, a write through a rare door (`Door.rare`) at INFO, a refusal at WARNING.
`KONTORA_LOG_LEVEL=info,kontora.doors=debug` switches all of them on. A line has the fields `door`,
`statement` (select, insert, update, delete, other), `tables`, `principal`, `principal_id` and
`request_id`; never the values of a statement.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import ORMExecuteState

from kontora.access.doors import Door
from kontora.access.principal import Principal

_log = logging.getLogger("kontora.doors")


def used(principal: Principal, door: Door, state: ORMExecuteState, tables: Iterable[str]) -> None:
    """Log that a statement went through a door."""
    level = logging.INFO if door.rare and not state.is_select else logging.DEBUG
    if _log.isEnabledFor(level):
        facts = _facts(principal, door.name, state, tables)
        _log.log(level, "%(statement)s through the door %(door)s", facts, extra=facts)


def refused(
    principal: Principal, door: str | None, state: ORMExecuteState | None, tables: Iterable[str]
) -> None:
    """Log that a statement, or (without a state) a change of an object, was turned away."""
    if _log.isEnabledFor(logging.WARNING):
        facts = _facts(principal, door or "", state, tables)
        _log.warning("%(statement)s refused, door: %(door)s", facts, extra=facts)


def _facts(
    principal: Principal, door: str, state: ORMExecuteState | None, tables: Iterable[str]
) -> dict[str, Any]:
    found = {
        "door": door,
        "statement": _kind(state),
        "tables": sorted(tables),
        "principal": principal.kind,
        "principal_id": str(principal.user_id) if principal.user_id else principal.name,
    }
    # Without one the line keeps the id that the web face has bound.
    return found | ({"request_id": principal.request_id} if principal.request_id else {})


def _kind(state: ORMExecuteState | None) -> str:
    if state is None:
        return "flush"
    kinds = {"select": state.is_select, "insert": state.is_insert, "update": state.is_update}
    kinds["delete"] = state.is_delete
    return next((kind for kind, it_is in kinds.items() if it_is), "other")
