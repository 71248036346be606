"""The doctor names what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kontora import clock
from kontora.access.principal import system
from kontora.lifecycle import doctor, generation, plugins
from kontora.lifecycle.site import Site
from kontora.registry.faces import Check
from kontora.work import jobs


def examined(site: Site) -> dict[str, Check]:
    return {check.name: check for check in doctor.examine(site.settings)}


def faults(site: Site) -> list[str]:
    return [name for name, check in examined(site).items() if not check.ok]


@pytest.fixture
def sound(site: Site) -> Site:
    """A site as `init` leaves it, in a folder of its own."""
    site.settings.home.chmod(0o700)
    return site


def test_a_new_site_is_sound(sound: Site) -> None:
    assert faults(sound) == []
    assert {"python", "home", "secret", "disk", "database", "tables", "worker"} <= set(
        examined(sound)
    )


def test_a_database_that_is_away_is_the_last_thing_looked_at(tmp_path: Path, site: Site) -> None:
    away = replace(site.settings, database_url="postgresql://nobody@127.0.0.1:1/none")
    checks = doctor.examine(away)
    assert checks[-1].name == "database"
    assert not checks[-1].ok
    assert "cannot be reached" in checks[-1].message
    assert "KONTORA_DATABASE_URL" in checks[-1].remedy


def test_a_home_without_a_database(tmp_path: Path, site: Site) -> None:
    if site.database.path is None:
        pytest.skip("a file is what is missing")
    empty = replace(
        site.settings, home=tmp_path, database_url=f"sqlite:///{tmp_path / 'x.sqlite3'}"
    )
    found = {check.name: check for check in doctor.examine(empty)}
    assert found["tables"].remedy == "Run `kontora init`."


def test_a_plugin_in_quarantine_is_named_with_its_cause(
    sound: Site, shelf: Any, again: Callable[[Site], Site]
) -> None:
    shelf.put("wheel")
    plugins.enable(again(sound), "wheel")
    (shelf.folder / "kontora_wheel" / "permissions.py").write_text("1 / 0\n")
    import sys

    del sys.modules["kontora_wheel.permissions"]
    check = examined(sound)["plugin wheel"]
    assert not check.ok
    assert "division by zero" in check.message


def test_overdue_jobs_mean_that_no_worker_lives(sound: Site) -> None:
    with (
        sound.database.write_engine.begin() as connection,
        clock.frozen(clock.now() - timedelta(hours=1)),
    ):
        jobs.enqueue(connection, "core.refresh_reach", {})
    assert faults(sound) == ["worker"]


def test_a_clock_that_was_set_back_is_seen(sound: Site) -> None:
    with clock.frozen(clock.now() + timedelta(days=2)), sound.write(system("test")) as session:
        generation.advance(session)
    assert faults(sound) == ["clock"]


def test_files_that_others_may_read_or_write(sound: Site) -> None:
    home = sound.settings.home
    home.chmod(0o777)
    assert "home" in faults(sound)
    home.chmod(0o755)
    if sound.database.path is not None:
        sound.database.path.chmod(0o644)
        assert faults(sound) == ["file"]
        sound.database.path.chmod(0o600)
    assert faults(sound) == []
    (home / "secret_key").write_text(sound.settings.secret_key)
    (home / "secret_key").chmod(0o644)
    assert faults(sound) == ["secret"]
    home.chmod(0o700)
