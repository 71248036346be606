"""What SQLite leaves in its files of what was deleted, and how it goes."""

from __future__ import annotations

from sqlalchemy import Connection

from kontora.db.engine import Database


def overwrite_deleted(connection: Connection) -> None:
    """From now on this connection overwrites in the file what it deletes."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def empty_log(database: Database) -> None:
    """Bring the log beside the database into it, and cut it to nothing; readers may delay that."""
    if database.dialect == "sqlite":
        with database.write_engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
