"""Copies of a PostgreSQL database, used again: to put one back as it was takes milliseconds, to
drop it and make another makes the server write all it has to disk."""

from __future__ import annotations

from typing import Any, LiteralString

from kontora_sdk.testing.databases import drop_database, make_database, url_of

# Any change of a table, index, constraint, trigger or function gives its row in the catalogue a
# new `xmin`; statistics do not.
SHAPE: LiteralString = """
SELECT count(*), sum(hashtext(kind || each.oid::text || '/' || each.xmin::text)) FROM (
  SELECT 'c' AS kind, oid, xmin FROM pg_class WHERE oid >= 16384
  UNION ALL SELECT 'a', attrelid, xmin FROM pg_attribute WHERE attrelid >= 16384
  UNION ALL SELECT 'd', oid, xmin FROM pg_attrdef
  UNION ALL SELECT 'k', oid, xmin FROM pg_constraint
  UNION ALL SELECT 'i', indexrelid, xmin FROM pg_index WHERE indexrelid >= 16384
  UNION ALL SELECT 't', oid, xmin FROM pg_trigger
  UNION ALL SELECT 'p', oid, xmin FROM pg_proc WHERE oid >= 16384
  UNION ALL SELECT 'n', oid, xmin FROM pg_namespace
  UNION ALL SELECT 'e', oid, xmin FROM pg_extension
  UNION ALL SELECT 'o', oid, xmin FROM pg_largeobject_metadata
) AS each"""
# Those that never held a row have no page.
TABLES: LiteralString = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), (
  SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.oid >= 16384 AND pg_relation_size(c.oid) > 0"""
SEQUENCES: LiteralString = """
SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename), start_value, last_value
FROM pg_sequences"""
LEAVE: LiteralString = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""


class Original:
    """A database that nobody changes, and copies of it for one test at a time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._free: list[str] = []
        self._shape: Any = None
        self._rows: dict[str, bytes] = {}
        self._counters = ""

    def take(self) -> str:
        """The name of a database that is like the original."""
        if self._shape is None:
            self._read()
        return self._free.pop() if self._free else make_database(self.name)

    def give_back(self, name: str) -> None:
        """Make a copy like the original again, or drop it when more than rows has changed."""
        if self._restored(name):
            self._free.append(name)
        else:
            drop_database(name)

    def close(self) -> None:
        """Drop the original and what nobody has taken."""
        for name in (*self._free, self.name):
            drop_database(name)

    def _read(self) -> None:
        """Note the shape, the rows and the counters; they are those of a new site: a few."""
        with _connection(self.name) as connection:
            self._shape = connection.execute(SHAPE).fetchone()
            for table, columns in connection.execute(TABLES).fetchall():
                with connection.cursor().copy(f"COPY {table} ({columns}) TO STDOUT") as rows:
                    self._rows[f"{table} ({columns})"] = b"".join(bytes(each) for each in rows)
            counters = (
                f"setval('{name}', {first if last is None else last}, {last is not None})"
                for name, first, last in connection.execute(SEQUENCES)
            )
            self._counters = ", ".join(counters)

    def _restored(self, name: str) -> bool:
        import psycopg

        try:
            with _connection(name) as connection:
                return self._restore(connection)
        except psycopg.Error:
            return False

    def _restore(self, connection: Any) -> bool:
        connection.execute("SET LOCAL lock_timeout = '5s'")
        connection.execute(LEAVE)
        if connection.execute(SHAPE).fetchone() != self._shape:
            return False
        # Neither foreign keys nor our triggers fire: the order of tables does not matter.
        connection.execute("SET LOCAL session_replication_role = replica")
        tables = [table for table, _columns in connection.execute(TABLES)]
        connection.execute("; ".join(f"DELETE FROM {table}" for table in tables))  # noqa: S608
        for target, rows in self._rows.items():
            if rows:
                with connection.cursor().copy(f"COPY {target} FROM STDIN") as copy:
                    copy.write(rows)
        if self._counters:
            connection.execute(f"SELECT {self._counters}")
        return True


def _connection(name: str) -> Any:
    """A connection whose block is one transaction."""
    import psycopg
    from sqlalchemy import make_url

    url = make_url(url_of(name)).set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False))
