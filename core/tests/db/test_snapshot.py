"""Before the schema of a SQLite file changes there is a copy of it."""

from __future__ import annotations

import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from kontora.db import runner, snapshot
from kontora.db.engine import Database
from kontora.errors import KontoraError

from .migrations import core_and_hello, run, scalar, write


@pytest.fixture
def site(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path}/a.sqlite3", home=tmp_path / "home")


def test_the_copy_has_what_was_there_and_the_last_three_are_kept(
    site: Database, tmp_path: Path
) -> None:
    core, hello = core_and_hello(tmp_path)
    runner.upgrade(site, [core])
    run(site, "INSERT INTO party (id, name) VALUES (1, 'Анна')")
    copies = [runner.upgrade(site, [core, hello]).backup]
    for number in range(2, 6):
        write(core, f"core_000{number}", "pass", after=f"core_000{number - 1}")
        copies.append(runner.upgrade(site, [core, hello]).backup)
    kept = sorted((site.home / "backups").iterdir())
    assert kept == copies[-3:]
    assert stat.S_IMODE(kept[0].stat().st_mode) == 0o600
    copy = Database(f"sqlite:///{kept[0]}")
    assert scalar(copy, "SELECT name FROM party") == "Анна"
    assert runner.current(copy, core) == "core_0002"
    copy.dispose()
    site.dispose()


def test_no_copy_is_made_when_nothing_is_pending(site: Database, tmp_path: Path) -> None:
    owners = core_and_hello(tmp_path)
    assert runner.upgrade(site, owners).backup is None, "a new database has nothing to copy"
    assert runner.upgrade(site, owners).backup is None
    assert not (site.home / "backups").exists()
    site.dispose()


def test_a_full_disk_stops_the_upgrade_before_it_begins(
    site: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    core, hello = core_and_hello(tmp_path)
    runner.upgrade(site, [core])
    full = SimpleNamespace(free=0)
    monkeypatch.setattr("kontora.db.snapshot.shutil.disk_usage", lambda _path: full)
    with pytest.raises(KontoraError, match="no room"):
        runner.upgrade(site, [core, hello])
    assert runner.current(site, hello) is None
    site.dispose()


def test_a_copy_that_fails_leaves_no_half_file(site: Database, tmp_path: Path) -> None:
    site.check()
    folder = tmp_path / "backups"
    folder.mkdir()
    target = folder / "copy.sqlite3"
    target.mkdir()
    with pytest.raises(KontoraError, match="could not be copied"):
        snapshot.write_copy(site, target)
    assert list(folder.iterdir()) == [target]
    site.dispose()
