"""What an erasure would do, looked up beforehand; nothing is changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, select

from kontora.access.session import ScopedSession
from kontora.privacy import erase, sweep, tables
from kontora.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an erasure would do: rows to be blanked or deleted by table, files, and what stays."""

    party_id: UUID
    name: str
    rows: dict[str, int]
    files: int
    import_files: int
    kept: dict[str, tuple[int, Text]]


def plan(session: ScopedSession, party_id: UUID) -> Plan:
    """Look at everything and change nothing."""
    him = erase.subject(session, party_id)
    connection = tables.connection_of(session)
    rows: Counter[str] = Counter({"party": 1})
    kept: dict[str, tuple[int, Text]] = {}
    for each in him.places:
        number = _count(connection, each.table, each.rows(party_id))
        name = each.table.name
        if name in erase.KEPT:
            before = kept[name][0] if name in kept else 0
            if number + before:
                kept[name] = (number + before, erase.KEPT[name])
        elif number and each.on_delete != "RESTRICT":
            rows[name] += number
    own = set(erase.own_changes(connection, party_id))
    for found in sweep.find(connection, him.tables, party_id, him.texts):
        if found.table.name != "change" or found.key[0] not in own:
            rows[found.table.name] += 1
    rows["change"] += len(own)
    rows["activity"] = max(rows["activity"], len(him.alone))
    files = rows.pop("file", 0)
    return Plan(
        party_id=party_id,
        name=him.name,
        rows={name: number for name, number in sorted(rows.items()) if number},
        files=files,
        import_files=sum(1 for _each in sweep.files(erase.home_of(session), him.texts)),
        kept=kept,
    )


def _count(connection: Connection, table: Any, here: Any) -> int:
    return int(
        connection.execute(select(sa.func.count()).select_from(table).where(here)).scalar_one()
    )
