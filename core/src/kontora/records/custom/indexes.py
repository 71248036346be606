"""Indexes of custom fields: made and dropped while the site runs.

An index stands on the very expression that filters use. Its name begins with `ixr_`, which the
comparison of models and tables passes over, and ends with a hash of the expression, so that a
field whose type changes gets a new one. `kontora.db.run_time_indexes` makes and drops them.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Column, Index, MetaData, Table
from sqlalchemy.schema import CreateIndex

from kontora.db.autogenerate import RUN_TIME_INDEX
from kontora.db.types import JSONType
from kontora.records.custom.columns import JsonColumn
from kontora.records.custom.definition import INDEXED, field_of
from kontora.records.models import CustomField
from kontora.registry.build import Registry


def wanted(registry: Registry, catalogue: list[CustomField], dialect: Any) -> dict[str, str]:
    """The statements that make the indexes of the catalogue, by name."""
    found: dict[str, str] = {}
    for row in catalogue:
        rtype = registry.of_entity(row.entity)
        if rtype is None or not row.indexed or row.archived_at is not None:
            continue
        if field_of(row).type in INDEXED and hasattr(rtype.model, "custom"):
            table = rtype.model.__table__.name
            name, statement = _statement(table, row, dialect)
            found[name] = statement
    return found


def _statement(table_name: str, row: CustomField, dialect: Any) -> tuple[str, str]:
    # A table of its own: an index on the mapped one would become part of the model.
    table = Table(table_name, MetaData(), Column("custom", JSONType()))
    expression = JsonColumn(dialect.name, table.c, field_of(row)).value()
    written = _written(dialect, Index("name", expression))
    if dialect.name == "postgresql":  # an expression stands in parentheses of its own
        head, _parenthesis, rest = written.partition(" (")
        written = f"{head} (({rest})"
    digest = hashlib.sha256(f"{table_name} {written}".encode()).hexdigest()[:12]
    name = f"{RUN_TIME_INDEX}{row.key[:32]}_{digest}"
    return name, written.replace(" name ", f" {name} ", 1)


def _written(dialect: Any, index: Index) -> str:
    return str(CreateIndex(index).compile(dialect=dialect)).strip()
