"""Which rows of which tables belong to a party, read from the database itself.

Foreign keys to `party`, and pairs of columns `entity` and `record_id`, say it; so tables of
plugins that are off, or gone, are found as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from kontora.access.session import ScopedSession
from kontora.db.types import UTCDateTime, UUIDType
from kontora.errors import Forbidden

BY_ENTITY = "entity"
# Columns that name a party, or any record, without a foreign key.
_BESIDE = {
    "mail_message": "party_id",
    "webhook_delivery": "record_id",
    "privacy_request": "party_id",
}
# Numbers of the index, and the request itself, tell nothing of a person.
_NOT_DATA = frozenset({"search_posting", "party_scope", "privacy_request", "party_stage"})


@dataclass(frozen=True, slots=True)
class Place:
    """A column by which rows of a table belong to a party. `on_delete` is what the foreign key
    says (CASCADE, SET NULL), or `entity` for a pair of entity and id, or empty."""

    table: Any
    column: str
    on_delete: str

    def rows(self, party_id: UUID) -> Any:
        """The condition for the rows of a party."""
        here = self.table.c[self.column] == party_id
        if self.on_delete == BY_ENTITY:
            return here & (self.table.c.entity == "party")
        return here


def connection_of(session: ScopedSession) -> Connection:
    """The connection below the session, for the program itself alone: what belongs to a person
    lies in tables that no session knows, too. Raises Forbidden for anybody else."""
    if not session.principal.is_system:
        raise Forbidden("privacy.erase")
    session.flush()
    return Session.connection(session)


def all_tables(connection: Connection, registry: Any) -> dict[str, Any]:
    """Every table: as its class declares it, or, of a plugin that is off, as it is there."""
    declared = {name: model.__table__ for name, model in registry.models.items()}
    found: dict[str, Any] = {}
    metadata = sa.MetaData()
    for name in sorted(sa.inspect(connection).get_table_names()):
        found[name] = declared[name] if name in declared else _read(connection, metadata, name)
    return found


def _read(connection: Connection, metadata: sa.MetaData, name: str) -> Any:
    """A table that nobody declares now, with our types where ids and moments are."""
    inspector = sa.inspect(connection)
    columns = []
    for each in inspector.get_columns(name):
        kind: Any = each["type"]
        if isinstance(kind, (sa.LargeBinary, sa.Uuid)):
            kind = UUIDType()
        elif isinstance(kind, sa.DateTime):
            kind = UTCDateTime()
        columns.append(sa.Column(each["name"], kind, nullable=each["nullable"]))
    table = sa.Table(name, metadata, *columns)
    key = inspector.get_pk_constraint(name)["constrained_columns"]
    if key:
        table.append_constraint(sa.PrimaryKeyConstraint(*key))
    return table


def places(connection: Connection, tables: dict[str, Any]) -> Iterator[Place]:
    """All columns by which rows belong to a party."""
    inspector = sa.inspect(connection)
    for name, table in tables.items():
        if name in _NOT_DATA:
            continue
        for key in inspector.get_foreign_keys(name):
            if key["referred_table"] == "party" and len(key["constrained_columns"]) == 1:
                rule = str(key.get("options", {}).get("ondelete", "")).upper()
                yield Place(table, key["constrained_columns"][0], rule)
        if {"entity", "record_id"} <= set(table.c.keys()):
            yield Place(table, "record_id", BY_ENTITY)
        elif name in _BESIDE:
            yield Place(table, _BESIDE[name], "")
