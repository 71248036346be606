"""Migrations: each owner for itself, all of one or nothing, and never a lost row."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontora.db import runner
from kontora.db.engine import Database
from kontora.errors import Locked, MigrationFailed

from .migrations import HELLO, REBUILD, core_and_hello, owner, run, scalar, tables, write


def test_an_upgrade_applies_the_core_first_and_then_the_plugins(
    database: Database, tmp_path: Path
) -> None:
    core, hello = core_and_hello(tmp_path)
    assert runner.pending(database, [hello, core]) == {
        "core": ["core_0001"],
        "hello": ["hello_0001"],
    }
    steps: list[tuple[str, str]] = []
    report = runner.upgrade(database, [hello, core], on_step=lambda *step: steps.append(step))
    assert report.applied == {"core": ["core_0001"], "hello": ["hello_0001"]}
    assert steps == [("core", "core_0001"), ("hello", "hello_0001")]
    assert report.failed == {}
    assert report.backup is None
    assert tables(database) == {
        "core_alembic_version",
        "hello_alembic_version",
        "hello_card",
        "party",
    }
    assert runner.current(database, hello) == runner.head(hello) == "hello_0001"


def test_a_second_upgrade_does_nothing(database: Database, tmp_path: Path) -> None:
    owners = core_and_hello(tmp_path)
    runner.upgrade(database, owners)
    report = runner.upgrade(database, owners)
    assert (report.applied, report.failed, report.backup) == ({}, {}, None)
    assert runner.pending(database, owners) == {}


def test_long_names_of_revisions_fit(database: Database, tmp_path: Path) -> None:
    core, _hello = core_and_hello(tmp_path)
    name = "core_0002_" + "x" * 90
    write(core, name, "pass", after="core_0001")
    runner.upgrade(database, [core])
    assert runner.current(database, core) == name


def test_a_failed_migration_of_a_plugin_leaves_nothing_and_the_others_go_on(
    database: Database, tmp_path: Path
) -> None:
    core, hello = core_and_hello(tmp_path)
    bad, other = owner(tmp_path, "bad"), owner(tmp_path, "other")
    write(bad, "bad_0001", 'op.create_table("bad_first", sa.Column("id", sa.Integer()))')
    write(
        bad,
        "bad_0002",
        """
        op.create_table("bad_second", sa.Column("id", sa.Integer()))
        op.execute("INSERT INTO bad_missing VALUES (1)")
        """,
        after="bad_0001",
    )
    write(other, "other_0001", 'op.create_table("other_one", sa.Column("id", sa.Integer()))')
    report = runner.upgrade(database, [core, bad, hello, other])
    assert set(report.applied) == {"core", "hello", "other"}
    assert "bad_missing" in report.failed["bad"]
    assert "\n" not in report.failed["bad"]
    assert not any(name.startswith("bad_") for name in tables(database))
    assert runner.current(database, bad) is None


def test_who_requires_a_failed_owner_waits(database: Database, tmp_path: Path) -> None:
    core, _hello = core_and_hello(tmp_path)
    bad, child = owner(tmp_path, "bad"), owner(tmp_path, "child", requires=("bad",))
    write(bad, "bad_0001", "raise RuntimeError('no')")
    write(child, "child_0001", 'op.create_table("child_one", sa.Column("id", sa.Integer()))')
    report = runner.upgrade(database, [core, bad, child])
    assert set(report.failed) == {"bad", "child"}
    assert "bad" in report.failed["child"]
    assert "child_one" not in tables(database)


def test_a_failed_migration_of_the_core_stops_everything(
    database: Database, tmp_path: Path
) -> None:
    core, hello = core_and_hello(tmp_path)
    write(
        core,
        "core_0002",
        """
        op.create_table("half", sa.Column("id", sa.Integer()))
        raise RuntimeError("the disk is made of cheese")
        """,
        after="core_0001",
    )
    with pytest.raises(MigrationFailed, match="cheese"):
        runner.upgrade(database, [core, hello])
    assert "half" not in tables(database)
    assert "hello_card" not in tables(database)


def test_a_plugin_whose_package_is_gone_hinders_nobody(database: Database, tmp_path: Path) -> None:
    core, hello = core_and_hello(tmp_path)
    runner.upgrade(database, [core, hello])
    run(
        database,
        "INSERT INTO party (id, name) VALUES (1, 'Anna')",
        "INSERT INTO hello_card (party_id, score) VALUES (1, 5)",
    )
    write(core, "core_0002", REBUILD, after="core_0001")
    report = runner.upgrade(database, [core])
    assert report.applied == {"core": ["core_0002"]}
    assert runner.current(database, core) == "core_0002"
    assert scalar(database, "SELECT score FROM hello_card") == 5


@pytest.mark.parametrize("body", ["x = (", "import a_module_that_is_not_there"])
def test_migration_files_that_cannot_be_read_fail_their_owner_alone(
    database: Database, tmp_path: Path, body: str
) -> None:
    core, hello = core_and_hello(tmp_path)
    (hello.versions / "broken.py").write_text(body, encoding="utf-8")
    assert runner.plan(database, [core, hello])["hello"].problem
    report = runner.upgrade(database, [core, hello])
    assert set(report.applied) == {"core"}
    assert set(report.failed) == {"hello"}


def test_two_newest_revisions_are_named(database: Database, tmp_path: Path) -> None:
    core, hello = core_and_hello(tmp_path)
    write(hello, "hello_0002a", "pass", after="hello_0001")
    write(hello, "hello_0002b", "pass", after="hello_0001")
    report = runner.upgrade(database, [core, hello])
    assert "hello_0002a" in report.failed["hello"]
    assert "one line" in report.failed["hello"]


def test_data_newer_than_the_code_is_refused(database: Database, tmp_path: Path) -> None:
    core, hello = core_and_hello(tmp_path)
    write(hello, "hello_0002", "pass", after="hello_0001")
    runner.upgrade(database, [core, hello])
    (hello.versions / "hello_0002.py").unlink()
    assert runner.pending(database, [core, hello]) == {}
    report = runner.upgrade(database, [core, hello])
    assert "hello_0002" in report.failed["hello"]
    assert "newer version" in report.failed["hello"]


def test_an_owner_without_migrations_is_no_trouble(database: Database, tmp_path: Path) -> None:
    core, _hello = core_and_hello(tmp_path)
    bare = runner.Owner(name="bare", package="bare", versions=tmp_path / "missing", prefix="bare_")
    report = runner.upgrade(database, [core, bare])
    assert report.failed == {}
    assert runner.head(bare) is None


def test_a_second_runner_is_told_to_wait(database: Database, tmp_path: Path) -> None:
    owners = core_and_hello(tmp_path)
    other = Database(database.url.render_as_string(hide_password=False), home=tmp_path)
    with runner.upgrade_lock(database):
        with pytest.raises(Locked) as caught:
            runner.upgrade(other, owners)
        assert "Wait" in str(caught.value)
    assert set(runner.upgrade(other, owners).applied) == {"core", "hello"}
    other.dispose()


def test_a_purge_goes_back_to_nothing(database: Database, tmp_path: Path) -> None:
    core, hello = core_and_hello(tmp_path)
    runner.upgrade(database, [core, hello])
    run(database, "INSERT INTO party (id, name) VALUES (1, 'Anna')")
    runner.downgrade_to_base(database, hello)
    assert tables(database) == {"core_alembic_version", "party"}
    assert scalar(database, "SELECT count(*) FROM party") == 1
    assert runner.upgrade(database, [core, hello]).applied == {"hello": ["hello_0001"]}


def test_a_failed_purge_keeps_everything(database: Database, tmp_path: Path) -> None:
    core, _hello = core_and_hello(tmp_path)
    stuck = owner(tmp_path, "stuck")
    down = 'op.drop_table("stuck_card")\nraise RuntimeError("no")'
    write(stuck, "stuck_0001", HELLO.replace("hello_", "stuck_"), downgrade=down)
    runner.upgrade(database, [core, stuck])
    with pytest.raises(MigrationFailed, match="stuck"):
        runner.downgrade_to_base(database, stuck)
    assert "stuck_card" in tables(database)
    assert runner.current(database, stuck) == "stuck_0001"
