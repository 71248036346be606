"""Alembic, driven from memory: no alembic.ini, one env.py, one configuration per owner."""

from __future__ import annotations

import threading
import warnings
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, String, Table, inspect

from kontora.db.owner import Owner

# `alembic.op` and `alembic.context` are global: one migration at a time in a process.
one_at_a_time = threading.RLock()
_HOME = Path(__file__).parent / "migrations"


def config(owner: Owner, **options: Any) -> Config:
    """Alembic's configuration for `owner`; `options` reach `context.configure` in env.py."""
    made = Config(cmd_opts=Namespace(quiet=True), attributes={"options": options})
    for name, value in {
        "script_location": str(_HOME),
        "version_locations": str(owner.versions),
        "path_separator": "newline",
        "file_template": "%%(rev)s",
    }.items():
        # The configuration expands "%": a folder may have one in its name.
        made.set_main_option(name, value if "%%" in value else value.replace("%", "%%"))
    return made


def scripts(owner: Owner) -> ScriptDirectory:
    """The migration files of `owner`; loading them runs their code and may raise anything."""
    return ScriptDirectory.from_config(config(owner))


def heads(owner: Owner) -> tuple[str, ...]:
    """The newest revisions, () when the owner has no migrations."""
    if not owner.versions.is_dir():
        return ()
    return tuple(scripts(owner).get_heads())


def applied(connection: Connection, owner: Owner) -> str | None:
    """The revision that the database is at, None when nothing was applied."""
    options = {"version_table": owner.version_table}
    found = MigrationContext.configure(connection, opts=options).get_current_heads()
    return found[0] if found else None


def ensure_version_table(connection: Connection, owner: Owner) -> None:
    """Make the version table ourselves: Alembic's own holds 32 characters, too few for us."""
    if not inspect(connection).has_table(owner.version_table):
        name = owner.version_table
        key = Column("version_num", String(255), primary_key=True)
        Table(name, MetaData(naming_convention={"pk": "pk_%(table_name)s"}), key).create(connection)


def drop_version_table(connection: Connection, owner: Owner) -> None:
    """Forget that `owner` was ever here."""
    Table(owner.version_table, MetaData()).drop(connection, checkfirst=True)


@contextmanager
def quietly() -> Iterator[None]:
    """SQLAlchemy warns of each index on an expression that it cannot read; we expect them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*expression-based index.*")
        yield
