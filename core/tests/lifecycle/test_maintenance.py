"""While the tables change: pages say so, workers wait, and a killed upgrade leaves nobody out."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kontora.access.principal import system
from kontora.db import maintenance
from kontora.db.engine import Database
from kontora.lifecycle import archive, upgrade
from kontora.lifecycle.site import Site
from kontora.work import jobs
from kontora.work.lanes import Lane
from kontora.wsgi import create_app

from .test_upgrade import LIST, UPGRADE, second_migration, wheel

__all__ = ["installed"]
from .test_upgrade import installed  # a fixture

HOLD = """
import sys, time
from pathlib import Path
from kontora.db.engine import Database
from kontora.db.maintenance import maintenance
with maintenance(Database(sys.argv[1], home=Path(sys.argv[2]))):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask each time, so that no test has to wait."""
    monkeypatch.setattr(maintenance, "FRESH", 0.0)


@pytest.fixture
def upgrading(site: Site) -> Iterator[subprocess.Popen[str]]:
    """Another process that changes the tables of the site."""
    url = site.settings.database_url
    command = [sys.executable, "-c", HOLD, url, str(site.settings.home)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_pages_and_api_say_so_until_it_is_killed(
    site: Site, upgrading: subprocess.Popen[str]
) -> None:
    client = create_app(site).test_client()
    page, api = client.get("/sign-in"), client.get("/api/v1/me")
    assert (page.status_code, api.status_code) == (503, 503)
    assert page.headers["Retry-After"] == api.headers["Retry-After"] == "5"
    assert "Kontora is being upgraded." in page.text
    assert api.json["title"] == "Kontora is being upgraded."
    assert client.post("/sign-in", data={"email": "a"}).status_code == 503
    assert client.get("/healthz").status_code == 200
    assert client.get("/metrics").status_code == 200
    assert client.get("/readyz").status_code == 503
    upgrading.send_signal(signal.SIGKILL)
    upgrading.wait()
    while maintenance.under_way(site.database):
        pass  # PostgreSQL notices the end of a client within milliseconds
    assert client.get("/sign-in").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_workers_wait(site: Site, upgrading: subprocess.Popen[str]) -> None:
    import threading

    with site.write(system("test")) as session:
        job = jobs.enqueue(session, "core.forget_answers")
    work = site.work_site()
    lane = Lane(work, "test", work.handlers(), threading.Event())

    def state() -> str:
        with site.read(system("test")) as session:
            return jobs.status(session, job).state

    assert lane._step() is False
    assert state() == "queued"
    upgrading.kill()
    upgrading.wait()
    while maintenance.under_way(site.database):
        pass
    assert lane._step() is True
    assert state() == "done"


def test_an_answer_is_kept_for_a_moment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each request would ask the server once more."""
    monkeypatch.setattr(maintenance, "FRESH", 60.0)
    asked: list[object] = []
    monkeypatch.setattr(maintenance, "_look", lambda database: bool(asked.append(database)))
    assert not any(maintenance.under_way(site.database) for _time in range(5))
    assert len(asked) == 1


# The upgrade itself


def test_a_plan_says_what_is_needed(site: Site) -> None:
    found = upgrade.outlook(site)
    assert found.database_bytes > 10_000
    assert found.needed_bytes > found.database_bytes
    assert found.free_bytes > 0
    assert str(site.settings.home / "backups") in found.copy


def test_a_failed_plugin_leaves_core_and_the_copy(
    shelf: Any, installed: Any, tmp_path: Path, database_url: str
) -> None:
    """Core is taken back one step first, so that both have something to do."""
    database = Database(database_url, home=tmp_path / "home")
    back = _one_step_back(database)
    second_migration(shelf, "raise RuntimeError('out of paint')")
    plan, failed, listed = installed(("upgrade", "--plan", "--json"), UPGRADE, LIST)
    assert plan.json["core"]["revisions"] == [back]
    assert plan.json["wheel"]["revisions"] == ["wheel_0002_colour"]
    assert plan.json["copy-before"]["needed_bytes"] > 0
    assert failed.status == 1
    told = json.loads(failed.stdout)
    assert told["applied"] == {"core": [back]}
    assert "out of paint" in told["failed"]["wheel"]
    assert wheel(listed)[0] == "quarantined"
    copy = Path(told["backup"])
    assert copy.is_file()
    if database.path is None:
        folder = tmp_path / "unpacked"
        folder.mkdir()
        assert archive.unpack(copy, folder).engine == "postgresql"
    second_migration(shelf)
    (mended,) = installed(("upgrade", "--no-copy", "--json"))
    assert mended.status == 0
    assert "no copy is made" in mended.stderr
    assert json.loads(mended.stdout)["backup"] is None
    database.dispose()


def _one_step_back(database: Database) -> str:
    from alembic import command

    from kontora.db import runner, script
    from kontora.db.owner import CORE
    from kontora.db.rebuild import migrating

    newest = runner.head(CORE)
    assert newest is not None
    with migrating(database) as connection, script.quietly():
        command.downgrade(runner._config(connection, CORE), "-1")
    database.dispose()
    return newest
