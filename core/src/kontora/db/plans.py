"""How PostgreSQL plans the statements of a transaction."""

from __future__ import annotations

from sqlalchemy import Connection


def plan_anew(connection: Connection) -> None:
    """Plan every statement of this transaction by the tables as they are now.

    The driver prepares what comes often, and after five times the server keeps one plan for it.
    A plan made while a table was empty reads the table from end to end, and stays: for an import
    into an empty database the time grew with the square of the rows.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")
