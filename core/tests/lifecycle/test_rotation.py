"""Backups make room for themselves, and one that is restored is compared."""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pysqlite3
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from kontora import clock
from kontora.access.principal import system
from kontora.cli.main import cli
from kontora.db import digests, throwaway
from kontora.errors import Conflict, KontoraError, NotFound
from kontora.lifecycle import archive, doctor, drill, nightly, remembered, rotation, site_settings
from kontora.lifecycle import backup as backups
from kontora.lifecycle.rotation import Keep
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.work.runner import run_pending

TODAY = datetime(2026, 3, 15, 2, 30, tzinfo=UTC)


def days(number: int) -> list[datetime]:
    return [TODAY - timedelta(days=day) for day in range(number)]


def test_a_year_of_nights_leaves_seven_days_four_weeks_and_three_months() -> None:
    """Run night by night: what a rotation deletes is gone for the next one."""
    there: set[datetime] = set()
    for night in reversed(days(365)):
        there = rotation.staying({*there, night}, Keep())
    assert set(days(7)) <= there
    weeks = {each.isocalendar()[:2] for each in there}
    assert {each.isocalendar()[:2] for each in days(28)} <= weeks
    assert {(each.year, each.month) for each in there} >= {(2026, 3), (2026, 2), (2026, 1)}
    assert len(there) <= 7 + 4 + 3


def test_the_newest_stays_whatever_the_settings_say() -> None:
    assert rotation.staying(days(5), Keep(daily=0, weekly=0, monthly=0)) == {TODAY}
    assert rotation.staying([], Keep()) == set()


@pytest.fixture
def night(site: Site, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`night(7)`: a rotation seven days later, keeping two days."""
    folder = site.settings.home / "backups"

    def run(day: int) -> rotation.Rotated:
        monkeypatch.setattr(clock, "now", lambda: TODAY + timedelta(days=day))
        return rotation.rotate(site.settings, folder, Keep(daily=2, weekly=0, monthly=0))

    return run


def test_only_files_of_ours_go(site: Site, night: Any) -> None:
    first = night(0)
    folder = first.file.parent
    strange = [folder / "kontora-20200101T000000Z.tar.gz", folder / "mine.tar.gz"]
    for each in strange:
        each.write_bytes(b"not a backup of ours, though one is called so" * 20)
    assert night(1).deleted == ()
    assert night(2).deleted == (first.file.name,)
    assert all(each.exists() for each in strange)
    assert not list(folder.glob("*.part"))
    assert rotation.newest(folder) == folder / "kontora-20260317T023000Z.tar.gz"


def test_a_failed_backup_deletes_nothing_and_is_shown(
    site: Site, night: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {night(day).file for day in range(2)}

    def fail(*_given: object) -> None:
        raise KontoraError("The disk is full.")

    monkeypatch.setattr(backups.dump, "dump", fail)
    with pytest.raises(KontoraError, match="disk is full"):
        night(9)
    assert all(each.exists() for each in made)
    (check,) = nightly.backups(site)
    assert not check.ok
    assert "disk is full" in check.message
    facts = remembered.recall(site.database, remembered.BACKUP)
    assert facts["good_at"].startswith("2026-03-16")


def test_the_job_of_the_night_obeys_the_setting(site: Site) -> None:
    def runs() -> None:
        with site.write(system("test")) as session:
            from kontora.work import jobs

            jobs.enqueue(session, nightly.JOB)
        assert run_pending(site.work_site()) == {"done": 1}

    runs()
    assert rotation.newest(rotation.folder_of(site.settings)) is None
    with site.write(system("test")) as session:
        site_settings.save(session, {nightly.NIGHTLY: True, nightly.DAILY: 3})
        assert nightly.keep_of(site, session) == Keep(daily=3)
    assert not next(nightly.backups(site)).ok, "on, and none was made: that is worth a look"
    runs()
    assert rotation.newest(rotation.folder_of(site.settings)) is not None
    assert next(nightly.backups(site)).ok


# The drill


@pytest.fixture
def kept(site: Site, tmp_path: Path) -> Path:
    with site.write(system("test")) as session:
        rtype = session.registry.record_type("counterparties")
        for name in ("One Ltd", "ООО «Два»"):
            service.create_record(session, rtype, {"display_name": name})
    (site.settings.files / "ab").mkdir(parents=True)
    (site.settings.files / "ab" / "letter.txt").write_bytes(b"Dear friend")
    target = tmp_path / "kept.tar.gz"
    backups.backup(site.settings, target)
    return target


MINE = secrets.token_hex(6)  # others on this server may drill at the same time


@pytest.fixture(autouse=True)
def drills_of_mine(monkeypatch: pytest.MonkeyPatch) -> None:
    named = SimpleNamespace(token_hex=lambda _bytes: f"{MINE}_{secrets.token_hex(2)}")
    monkeypatch.setattr(throwaway, "secrets", named)


def leftovers(site: Site) -> list[str]:
    if site.database.path is not None:
        return [each.name for each in site.settings.home.glob(".kontora-*")]
    with site.database.read_engine.connect() as connection:
        found = connection.execute(
            text("SELECT datname FROM pg_database WHERE starts_with(datname, :mine)"),
            {"mine": f"kontora_drill_{MINE}"},
        )
        return list(found.scalars())


def test_a_whole_backup_passes_and_leaves_nothing_behind(site: Site, kept: Path) -> None:
    done = drill.drill(site.settings, kept)
    assert done.ok, done
    assert done.files == 1
    assert done.files_changed == 0
    assert all(line.same for line in done.lines)
    assert all(line.live for line in done.lines), "nothing has changed since"
    assert {line.table: line.rows for line in done.lines}["party"] == 2
    assert leftovers(site) == []
    assert [each.ok for each in nightly.drills(site)] == [True]


def test_what_changed_since_is_told_and_is_no_difference(site: Site, kept: Path) -> None:
    with site.write(system("test")) as session:
        rtype = session.registry.record_type("counterparties")
        service.create_record(session, rtype, {"display_name": "Later Ltd"})
    (site.settings.files / "ab" / "letter.txt").unlink()
    done = drill.drill(site.settings, kept)
    assert done.ok
    assert done.files_changed == 1
    assert "party" in {line.table for line in done.lines if not line.live}
    assert "user_account" not in {line.table for line in done.lines if not line.live}


def forged(site: Site, kept: Path, folder: Path) -> Path:
    """A well-formed archive in which one name was altered after the digests were taken."""
    folder.mkdir()
    manifest = archive.unpack(kept, folder)
    file = folder / backups.dump.NAMES[site.database.dialect]
    before = file.read_bytes()
    if site.database.path is not None:
        with closing(pysqlite3.connect(str(file))) as connection, connection:
            connection.execute("UPDATE branch SET version = version + 1")
        assert file.read_bytes() != before
    facts = {
        "version": manifest.version,
        "engine": manifest.engine,
        "created_at": manifest.created_at,
        "tables": manifest.tables,
        "revisions": manifest.revisions,
        "digests": {**manifest.digests}
        if site.database.path is not None
        else {**manifest.digests, "branch": "1"},
    }
    target = folder.with_suffix(".tar.gz")
    writer = archive.Writer(target)
    writer.add(file.name, file)
    writer.finish(facts)
    return target


def test_rows_that_differ_from_the_manifest_fail_the_drill(
    site: Site, kept: Path, tmp_path: Path
) -> None:
    done = drill.drill(site.settings, forged(site, kept, tmp_path / "forged"))
    assert not done.ok
    assert [line.table for line in done.lines if not line.ok] == ["branch"]
    (check,) = nightly.drills(site)
    assert not check.ok
    assert "branch" in check.message
    assert leftovers(site) == []


def test_a_damaged_archive_is_refused_and_remembered(site: Site, kept: Path) -> None:
    data = bytearray(kept.read_bytes())
    data[len(data) // 2] ^= 4
    kept.write_bytes(data)
    with pytest.raises(Conflict, match="damaged"):
        drill.drill(site.settings, kept)
    assert [each.ok for each in nightly.drills(site)] == [False]
    assert leftovers(site) == []


def test_without_a_backup_there_is_no_drill(site: Site) -> None:
    with pytest.raises(NotFound, match="--rotate"):
        drill.drill(site.settings)


def test_digests_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    for name, rows in (("a", "(1, 'x'), (2, 'y')"), ("b", "(2, 'y'), (1, 'x')"), ("c", "(1, 'y'), (2, 'x')")):  # fmt: skip  # noqa: E501
        with closing(pysqlite3.connect(str(tmp_path / name))) as connection, connection:
            connection.execute("CREATE TABLE t (id INTEGER, name TEXT)")
            connection.execute(f"INSERT INTO t VALUES {rows}")
    one, same, other = (digests.of_sqlite(tmp_path / name) for name in "abc")
    assert one == same != other


def test_the_commands(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KONTORA_HOME", str(site.settings.home))
    monkeypatch.setenv("KONTORA_DATABASE_URL", site.settings.database_url)

    def run(*words: str) -> Any:
        return CliRunner().invoke(cli, words)

    assert run("backup").exit_code == 2
    assert run("backup", "a", "b").exit_code == 2
    made = run("backup", "--rotate", "--json")
    assert made.exit_code == 0, made.stderr
    assert json.loads(made.stdout)["kept"] == 1
    tried = run("backup", "drill", "--json")
    assert tried.exit_code == 0, tried.output
    assert json.loads(tried.stdout)["ok"]
    assert "is whole" in run("backup", "drill", json.loads(made.stdout)["file"]).stdout
    file = tmp_path / "one.tar.gz"
    assert run("backup", str(file)).exit_code == 0
    spoilt = forged(site, file, tmp_path / "forged")
    failed = run("backup", "drill", str(spoilt))
    assert failed.exit_code == 1
    assert "DIFFERENT" in failed.stdout
    shutil.rmtree(tmp_path / "forged")


def test_doctor_names_both(site: Site) -> None:
    names = {each.name for each in doctor.examine(site.settings)}
    assert "backup" in names
    assert "drill" not in names
