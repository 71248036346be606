"""The declarative base, shared by core and plugins."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, MetaData, event
from sqlalchemy.orm import DeclarativeBase

from kontora.db.fold import postgresql_ddl

# SQLite can only drop a constraint that has a name, so every one has a name from the first day.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every mapped class. Tables of core bear plain names, a plugin's its prefix."""

    metadata = MetaData(naming_convention=NAMING)


@event.listens_for(Base.metadata, "before_create")
def _create_fold(_metadata: MetaData, connection: Connection, **_given: Any) -> None:
    """Tests may use `create_all` in place of migrations: give them `kontora_fold` too."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(postgresql_ddl())
