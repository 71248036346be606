"""Which plugins are wanted, and the line in the change log when that changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import select

from kontora.access.models import PluginRow
from kontora.access.session import ScopedSession
from kontora.records import changes
from kontora.registry.records import Change

DOOR = {"door": "administration"}
_plugin: Any = PluginRow.__table__


def wanted(session: ScopedSession) -> dict[str, str]:
    """The stored state of each plugin by name: what the next processes will load."""
    rows = session.execute(select(_plugin.c.name, _plugin.c.state), execution_options=DOOR)
    return {row.name: row.state for row in rows}


def log_switch(session: ScopedSession, names: Iterable[str], verb: str) -> None:
    """Note who has switched plugins on or off; `verb` is enable or disable."""
    for name in names:
        change = Change(
            entity="plugin",
            record_id=uuid5(NAMESPACE_OID, f"plugin:{name}"),
            kind=None,
            verb=verb,
            before={},
            after={"plugin": name},
        )
        changes.write(session, change, 0)
