"""`init` sets a site up, once, and makes nothing that was not asked for."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, select

from kontora.db.engine import Database
from kontora.db.owner import CORE
from kontora.db.runner import current
from kontora.lifecycle import sample


def contents(url: str, home: Path) -> dict[str, list[str]]:
    """All rows of all tables, in an order of their own."""
    database = Database(url, home=home)
    metadata = MetaData()
    with database.read_engine.connect() as connection:
        metadata.reflect(connection)
        found = {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            for table in metadata.tables.values()
        }
    database.dispose()
    return found


def test_a_second_init_changes_nothing(
    inside: Callable[..., Any], database_url: str, home: Path
) -> None:
    admin = ("init", "--admin-email", "boss@example.org", "--admin-password", "correct horse 7")
    assert inside(*admin, KONTORA_DATABASE_URL=database_url).returncode == 0
    before = contents(database_url, home)
    assert inside(*admin[:3], KONTORA_DATABASE_URL=database_url).returncode == 0
    assert inside(*admin, KONTORA_DATABASE_URL=database_url).returncode == 0
    assert inside("init", KONTORA_DATABASE_URL=database_url).returncode == 0
    assert contents(database_url, home) == before
    assert len(before["branch"]) == len(before["user_account"]) == 1
    assert before["party"] == before["activity"] == before["plugin"] == []
    assert len(before["role"]) == 6


def test_the_random_password_is_told_once(inside: Callable[..., Any]) -> None:
    first = json.loads(inside("init", "--admin-email", "a@example.org", "--json").stdout)
    second = json.loads(inside("init", "--admin-email", "a@example.org", "--json").stdout)
    assert len(first["admin_password"]) >= 12
    assert second["admin_password"] is None


@pytest.fixture
def small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole one takes seconds."""
    monkeypatch.setattr(sample, "add_sample", partial(sample.add_sample, size=sample.SMALL))


@pytest.mark.usefixtures("small_sample")
def test_the_sample_is_added_once_and_removed_in_one_step(inside: Callable[..., Any]) -> None:
    more = ("--sample-locale", "ru", "--admin-email", "a@example.org")
    made = json.loads(inside("init", "--sample", *more, "--json").stdout)
    assert made["sample_records"] == 8 + 16 + 30 + 15
    assert len(made["sample_password"]) >= 12
    assert len(made["sample_users"]) == 8
    assert "irina.belousova@sample.example.org" in made["sample_users"]
    assert "sample records" not in inside("init", "--sample").stdout
    gone = json.loads(inside("sample", "remove", "--json").stdout)
    assert gone == {"records": made["sample_records"] - 8, "kept": 0, "users": 8}
    assert "0 record(s)" in inside("sample", "remove").stdout
    again = inside("init", "--sample", "--sample-password", "Correct horse 77").stdout
    assert "sample records were added" in again
    assert "Their password" not in again


def test_options_of_the_sample_need_it(inside: Callable[..., Any]) -> None:
    assert inside("init", "--sample-locale", "ru").returncode == 2
    assert inside("init", "--sample", "--sample-locale", "fr").returncode == 2


def test_others_on_the_machine_cannot_read_the_data(inside: Callable[..., Any], home: Path) -> None:
    inside("init")
    for path in (home / "kontora.sqlite3", home / "secret_key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_weak_password_is_refused_in_one_sentence(inside: Callable[..., Any]) -> None:
    done = inside("init", "--admin-email", "a@example.org", "--admin-password", "short")
    assert done.returncode == 1
    assert done.stderr == "Error: password: Use at least 10 characters.\n"


def test_upgrade_has_nothing_to_do_after_init(inside: Callable[..., Any], home: Path) -> None:
    inside("init")
    plan = json.loads(inside("upgrade", "--plan", "--json").stdout)
    assert plan["core"]["revisions"] == []
    assert "up to date" in inside("upgrade").stdout
    database = Database(f"sqlite:///{home / 'kontora.sqlite3'}")
    assert current(database, CORE) == plan["core"]["head"]
    database.dispose()
