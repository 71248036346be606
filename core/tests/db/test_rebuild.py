"""A SQLite table that is built anew keeps its children, triggers and indexes."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from kontora.db import rebuild, runner
from kontora.db.engine import Database
from kontora.db.owner import Owner
from kontora.errors import MigrationFailed

from .migrations import REBUILD, core_and_hello, run, scalar, write


def _with_a_card(database: Database, folder: Path) -> tuple[Owner, Owner]:
    core, hello = core_and_hello(folder)
    runner.upgrade(database, [core, hello])
    run(
        database,
        "INSERT INTO party (id, name) VALUES (1, 'Anna')",
        "INSERT INTO hello_card (party_id, score) VALUES (1, 5)",
    )
    return core, hello


def test_extension_rows_survive_the_rebuild_of_a_core_table(
    database: Database, tmp_path: Path
) -> None:
    core, hello = _with_a_card(database, tmp_path)
    write(core, "core_0002", REBUILD, after="core_0001")
    assert runner.upgrade(database, [core, hello]).applied == {"core": ["core_0002"]}
    assert scalar(database, "SELECT count(*) FROM hello_card") == 1
    run(database, "DELETE FROM party")
    assert scalar(database, "SELECT count(*) FROM hello_card") == 0, "the cascade still works"


def test_without_our_guard_the_rows_are_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: if this ever fails, the test above proves nothing."""
    database = Database(f"sqlite:///{tmp_path}/a.sqlite3", home=tmp_path)
    core, hello = _with_a_card(database, tmp_path)
    write(core, "core_0002", REBUILD, after="core_0001")
    monkeypatch.setattr(rebuild, "_foreign_keys_off", lambda connection: nullcontext())
    runner.upgrade(database, [core, hello])
    assert scalar(database, "SELECT count(*) FROM hello_card") == 0
    database.dispose()


def test_foreign_keys_are_on_again_afterwards(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.sqlite3", home=tmp_path)
    core, hello = _with_a_card(database, tmp_path)
    write(core, "core_0002", "raise RuntimeError('no')", after="core_0001")
    with pytest.raises(MigrationFailed):
        runner.upgrade(database, [core, hello])
    with database.write_engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.dispose()


def test_a_migration_that_breaks_references_is_undone(database: Database, tmp_path: Path) -> None:
    core, hello = _with_a_card(database, tmp_path)
    orphan = 'op.execute("INSERT INTO hello_card (party_id, score) VALUES (99, 1)")'
    write(hello, "hello_0002", orphan, after="hello_0001")
    report = runner.upgrade(database, [core, hello])
    assert "hello_card" in report.failed["hello"]
    assert scalar(database, "SELECT count(*) FROM hello_card") == 1


def test_references_that_were_broken_before_are_not_blamed_on_the_migration(
    tmp_path: Path,
) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.sqlite3", home=tmp_path)
    core, hello = _with_a_card(database, tmp_path)
    with database.write_engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.execute("PRAGMA foreign_keys=OFF")
        driver.execute("DELETE FROM party")
        driver.execute("PRAGMA foreign_keys=ON")
    write(hello, "hello_0002", "pass", after="hello_0001")
    report = runner.upgrade(database, [core, hello])
    assert "already" in report.failed["hello"]
    database.dispose()


def test_triggers_and_expression_indexes_survive_a_rebuild(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.sqlite3", home=tmp_path)
    core, hello = _with_a_card(database, tmp_path)
    run(
        database,
        "CREATE TABLE noticed (id INTEGER)",
        "CREATE TRIGGER party_noticed AFTER INSERT ON party"
        " BEGIN INSERT INTO noticed VALUES (new.id); END",
        "CREATE TRIGGER party_old AFTER INSERT ON party BEGIN SELECT 1; END",
        "CREATE INDEX ixr_upper ON party (upper(name))",
        "CREATE INDEX ixr_gone ON party (lower(name))",
    )
    drops = 'op.execute("DROP TRIGGER party_old")\nop.execute("DROP INDEX IF EXISTS ixr_gone")\n'
    write(core, "core_0002", drops + REBUILD, after="core_0001")
    runner.upgrade(database, [core, hello])
    names = "SELECT group_concat(name) FROM (SELECT name FROM sqlite_master WHERE type = '{}'"
    assert scalar(database, names.format("trigger") + " ORDER BY name)") == "party_noticed"
    assert scalar(database, names.format("index") + " AND sql <> '')") == "ixr_upper"
    run(database, "INSERT INTO party (id, name) VALUES (2, 'Ivan')")
    assert scalar(database, "SELECT id FROM noticed") == 2
    database.dispose()
