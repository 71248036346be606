"""The engines: settings of every connection, who may write, and what is said when it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kontora.db import sqlite
from kontora.db.engine import Database, is_database_busy
from kontora.errors import SettingsError, Unreachable

SETTINGS: dict[str, object] = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "trusted_schema": 0,
    "mmap_size": 0,
    "query_only": 1,
}


def _pragmas(database: Database, *, write: bool) -> dict[str, object]:
    engine = database.write_engine if write else database.read_engine
    with engine.connect() as connection:
        return {name: connection.scalar(text(f"PRAGMA {name}")) for name in SETTINGS}


@pytest.mark.parametrize("write", [False, True])
def test_every_sqlite_connection_has_our_settings(tmp_path: Path, write: bool) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.sqlite3")
    assert _pragmas(database, write=write) == SETTINGS | {"query_only": 0 if write else 1}
    assert database.problems() == []
    database.dispose()


def test_postgresql_connections_have_time_limits(postgresql_url: str) -> None:
    database = Database(postgresql_url, statement_timeout=600)
    with database.write_engine.connect() as connection:
        shown = {
            name: connection.scalar(text(f"SHOW {name}"))
            for name in (
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "transaction_isolation",
                "timezone",
            )
        }
    assert shown == {
        "statement_timeout": "10min",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "30s",
        "transaction_isolation": "read committed",
        "timezone": "UTC",
    }
    # A server for tests may well run without fsync.
    assert [said for said in database.problems() if "fsync" not in said] == []
    database.dispose()


def test_a_read_engine_cannot_write(database: Database) -> None:
    with database.write_engine.begin() as connection:
        connection.execute(text("CREATE TABLE one (id INTEGER)"))
    with database.read_engine.connect() as connection, pytest.raises(DBAPIError, match="read"):
        connection.execute(text("INSERT INTO one VALUES (1)"))
    with database.write_engine.begin() as connection:
        connection.execute(text("INSERT INTO one VALUES (1)"))


def test_a_savepoint_keeps_the_rest_of_the_transaction(database: Database) -> None:
    with database.write_engine.begin() as connection:
        connection.execute(text("CREATE TABLE one (id INTEGER)"))
        savepoint = connection.begin_nested()
        connection.execute(text("INSERT INTO one VALUES (1)"))
        with pytest.raises(DBAPIError):
            connection.execute(text("INSERT INTO missing VALUES (1)"))
        savepoint.rollback()
        connection.execute(text("INSERT INTO one VALUES (2)"))
    with database.read_engine.connect() as connection:
        assert connection.scalars(text("SELECT id FROM one")).all() == [2]


def test_after_autocommit_a_connection_locks_at_begin_again(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.sqlite3")
    engine = database.write_engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE TABLE one (id INTEGER)"))
        connection.execute(text("VACUUM"))
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        driver = connection.connection.dbapi_connection
        assert driver is not None
        assert driver.isolation_level is None
        assert driver.in_transaction
    database.dispose()


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 6, 23), True),
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
    ],
)
def test_releases_with_the_wal_reset_bug_are_known(version: tuple[int, ...], safe: bool) -> None:
    assert sqlite.wal_is_safe(version) is safe


def test_an_affected_library_means_a_rollback_journal_and_a_sentence_for_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wal = Database(f"sqlite:///{tmp_path}/a.sqlite3")
    wal.check()
    wal.dispose()
    monkeypatch.setattr(sqlite, "wal_is_safe", lambda version: False)
    database = Database(f"sqlite:///{tmp_path}/a.sqlite3")
    assert not database.wal_safe
    assert _pragmas(database, write=True)["journal_mode"] == "delete"
    assert _pragmas(database, write=False)["journal_mode"] == "delete"
    [sentence] = database.problems()
    assert "rollback journal" in sentence
    database.dispose()


def test_only_one_sqlite_library_is_in_the_process(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from sqlalchemy import text\n"
        "from kontora.db import engine, base, types, fold, runner\n"
        f"database = engine.Database('sqlite:///{tmp_path}/a.sqlite3')\n"
        "with database.write_engine.begin() as c: c.execute(text('CREATE TABLE a (b)'))\n"
        "runner.drift\n"
        "loaded = [m for m in ('sqlite3', '_sqlite3', 'sqlite3.dbapi2') if m in sys.modules]\n"
        "assert not loaded, loaded\n"
        "assert 'pysqlite3._sqlite3' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_standard_sqlite_beside_ours_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "_sqlite3", sys)
    database = Database(f"sqlite:///{tmp_path}/a.sqlite3")
    assert any("two libraries" in sentence for sentence in database.problems())
    database.dispose()


@pytest.mark.parametrize(
    "scheme", ["postgresql://", "postgres://", "postgresql+psycopg://", "postgresql+psycopg2://"]
)
def test_every_spelling_of_a_postgresql_url_is_accepted(scheme: str) -> None:
    database = Database(f"{scheme}someone:secret@127.0.0.1:1/x")
    assert database.dialect == "postgresql"
    assert database.read_engine.driver == "psycopg"
    assert "secret" not in repr(database)


@pytest.mark.parametrize(
    "url", ["mysql://localhost/x", "nonsense", "sqlite://", "sqlite:///:memory:"]
)
def test_an_unusable_url_is_refused_with_a_remedy(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Database(url)
    assert caught.value.remedy


def test_an_unreachable_database_says_what_to_do_and_keeps_the_password() -> None:
    database = Database("postgresql://someone:secret@127.0.0.1:1/x")
    with pytest.raises(Unreachable) as caught:
        database.check()
    assert "KONTORA_DATABASE_URL" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert len(database.problems()) == 1


def test_a_file_that_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite3").mkdir()
    database = Database(f"sqlite:///{tmp_path}/a.sqlite3")
    with pytest.raises(Unreachable, match="cannot be reached"):
        database.check()


def test_an_old_server_is_refused(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kontora.db.postgresql.OLDEST_SERVER", 99)
    database = Database(postgresql_url)
    with pytest.raises(SettingsError, match="too old"):
        database.check()
    database.dispose()


def test_a_lock_that_does_not_come_is_recognised(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    other = Database(database_url, home=tmp_path)
    with database.write_engine.begin() as connection:
        connection.execute(text("CREATE TABLE one (id INTEGER)"))
    with database.write_engine.begin() as first:
        first.execute(text("UPDATE one SET id = 1"))
        if other.dialect == "postgresql":
            first.execute(text("LOCK TABLE one"))
        with pytest.raises(DBAPIError) as caught:
            _update_impatiently(other)
    assert is_database_busy(caught.value)
    assert not is_database_busy(ValueError("database is locked"))
    other.dispose()


def _update_impatiently(database: Database) -> None:
    with database.write_engine.begin() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = '50ms'"))
        connection.execute(text("UPDATE one SET id = 2"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork exists on POSIX only")
def test_a_forked_child_makes_its_own_connections(database: Database) -> None:
    with database.write_engine.begin() as connection:
        connection.execute(text("CREATE TABLE one (id INTEGER)"))
    child = os.fork()
    if child == 0:
        try:
            with database.write_engine.begin() as connection:
                connection.execute(text("INSERT INTO one VALUES (1)"))
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    with database.write_engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM one")) == 1
