"""Compares models with the database, each owner seeing only its own tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, inspect, text

from kontora.db import script, types
from kontora.db.engine import Database
from kontora.db.owner import VERSION_TABLE_END, Owner
from kontora.errors import Conflict
from kontora.text import _

# Indexes that administrators make at run time (custom fields) begin so; no model has them.
RUN_TIME_INDEX = "ixr_"

OwnsTable = Callable[[str], bool]


def drift(
    database: Database, owner: Owner, metadata: MetaData, *, prefixes: tuple[str, ...] = ()
) -> list[Any]:
    """What differs between the models of `owner` and its tables; [] when they are equal.

    `metadata` may be shared with others: tables of other owners are left out by the prefixes of
    those in the database and by `prefixes`. Entries are Alembic's (verb, object ...) tuples.
    CHECK constraints are compared by name; server defaults are not compared.
    """
    with script.one_at_a_time, database.read_engine.connect() as connection, script.quietly():
        options = _options(connection, owner, metadata, prefixes)
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))


def make_migration(
    database: Database, owner: Owner, metadata: MetaData, message: str
) -> Path | None:
    """Write the next migration file of `owner` by comparing; None when nothing differs.

    The file is `<owner>_<number>_<message>.py`. Raises `Conflict` when the database is not at
    the newest revision: the comparison would be wrong.
    """
    owner.versions.mkdir(parents=True, exist_ok=True)
    with script.one_at_a_time, database.read_engine.connect() as connection, script.quietly():
        newest = script.heads(owner)
        if (script.applied(connection, owner),) != (newest or (None,)):
            raise Conflict(
                _("The database is not at the newest migration of “%(owner)s”.")
                % {"owner": owner.name},
                _("Run the upgrade first, then make the migration."),
            )
        made = command.revision(
            script.config(owner, connection=connection, **_options(connection, owner, metadata)),
            message=message,
            autogenerate=True,
            rev_id=_next_revision(owner, message),
            process_revision_directives=_nothing_when_empty,
        )
    return Path(made.path) if made and not isinstance(made, list) else None


def _next_revision(owner: Owner, message: str) -> str:
    number = sum(1 for _one in script.scripts(owner).walk_revisions()) + 1
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:40]
    return f"{owner.name}_{number:04d}_{slug or 'change'}"


def _nothing_when_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    if directives[0].upgrade_ops.is_empty():
        directives[:] = []


def _options(
    connection: Connection, owner: Owner, metadata: MetaData, prefixes: tuple[str, ...] = ()
) -> dict[str, Any]:
    owns = _ownership(connection, owner, metadata, prefixes)
    package = "kontora.db.types" if owner.prefix is None else "kontora.api"

    def include_name(name: str | None, kind: str, _parents: Any) -> bool:
        return kind != "table" or (name is not None and owns(name))

    def include_object(
        thing: Any, name: str | None, kind: str, reflected: bool, _other: Any
    ) -> bool:
        if kind == "table":
            return name is not None and owns(name)
        return not (kind == "index" and reflected and str(name).startswith(RUN_TIME_INDEX))

    def render_item(kind: str, thing: Any, context: AutogenContext) -> str | bool:
        if kind != "type" or type(thing).__module__ != types.__name__:
            return False
        name = type(thing).__name__
        context.imports.add(f"from {package} import {name}")
        return f"{name}()"

    return {
        "version_table": owner.version_table,
        "target_metadata": metadata,
        "include_name": include_name,
        "include_object": include_object,
        "render_item": render_item,
        "render_as_batch": True,
        "compare_type": True,
        "dont_mutate": True,
        "autogenerate_plugins": ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    }


def _ownership(
    connection: Connection, owner: Owner, metadata: MetaData, prefixes: tuple[str, ...]
) -> OwnsTable:
    names = inspect(connection).get_table_names()
    others = {name.removesuffix(VERSION_TABLE_END) + "_" for name in names if _is_version(name)}
    others = (others | set(prefixes)) - {f"{owner.name}_"}
    own = owner.prefix or ""
    # A longer prefix wins: "hello_world_a" belongs to "hello_world", not to "hello".
    foreign = tuple(other for other in others if other.startswith(own) and other != own)
    virtual = _virtual_tables(connection)

    def owns(name: str) -> bool:
        if _is_version(name) or name.startswith(foreign) or name in virtual:
            return False
        return name in metadata.tables if owner.prefix is None else name.startswith(own)

    return owns


def _is_version(name: str) -> bool:
    return name.endswith(VERSION_TABLE_END)


def _virtual_tables(connection: Connection) -> set[str]:
    """FTS5 tables and the shadow tables behind them: no model describes them."""
    if connection.dialect.name != "sqlite":
        return set()
    rows = connection.execute(text("SELECT name FROM pragma_table_list WHERE type <> 'table'"))
    return {str(row[0]) for row in rows}
