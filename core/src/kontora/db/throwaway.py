"""A PostgreSQL database beside the one of the site, made and dropped again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from kontora.errors import Forbidden
from kontora.text import _


@contextmanager
def own_database(url: URL) -> Iterator[str]:
    """The URL of an empty database on the same server, dropped after the block.

    Raises Forbidden when the user of `url` may make none.
    """
    name = f"kontora_drill_{secrets.token_hex(6)}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        _make(server, name)
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            with server.connect() as connection:
                connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    finally:
        server.dispose()


def _make(server: Engine, name: str) -> None:
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
    except DBAPIError as error:
        cause = str(error.orig).strip().splitlines()[0]
        raise Forbidden(
            "database",
            _("No database can be made for the drill: %(cause)s.") % {"cause": cause},
            _("Let the user of KONTORA_DATABASE_URL make databases (ALTER ROLE ... CREATEDB)."),
        ) from error
