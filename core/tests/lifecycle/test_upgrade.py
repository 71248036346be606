"""After a new version of a plugin: it waits, the rest works, and `upgrade` brings it back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SECOND = """
import sqlalchemy as sa
from alembic import op

revision = "wheel_0002_colour"
down_revision = "wheel_0001_first"
branch_labels = None
depends_on = None

def upgrade():
    op.add_column("wheel_note", sa.Column("colour", sa.String(20)))
    {more}

def downgrade():
    op.drop_column("wheel_note", "colour")
"""


LIST, UPGRADE = ("plugin", "list", "--json"), ("upgrade", "--json")
WAITS = "Its tables wait for 1 migration(s). Run `kontora upgrade`."


def second_migration(shelf: Any, more: str = "pass") -> None:
    folder = shelf.folder / "kontora_wheel" / "migrations" / "versions"
    (folder / "wheel_0002_colour.py").write_text(SECOND.format(more=more))


def wheel(listed: Any) -> tuple[str, str]:
    (found,) = (each for each in listed.json["plugins"] if each["name"] == "wheel")
    return found["state"], found["cause"]


@pytest.fixture
def installed(shelf: Any, tmp_path: Path, database_url: str) -> Any:
    """Runs commands where the plugin `wheel` is enabled, with its first migration."""
    shelf.put("wheel", table=True)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    done = shelf.kontora(home, database_url, ("init",), ("plugin", "enable", "wheel"))
    assert [each.status for each in done] == [0, 0]
    return lambda *commands: shelf.kontora(home, database_url, *commands)


def test_a_plugin_with_new_migrations_waits_for_upgrade(shelf: Any, installed: Any) -> None:
    second_migration(shelf)
    before, doctor, plan, upgraded, after = installed(
        LIST, ("doctor",), ("upgrade", "--plan", "--json"), UPGRADE, LIST
    )
    assert wheel(before) == ("quarantined", WAITS)
    assert doctor.status == 1
    assert "tables of wheel" in doctor.stdout
    assert plan.json["wheel"]["revisions"] == ["wheel_0002_colour"]
    assert upgraded.json["applied"] == {"wheel": ["wheel_0002_colour"]}
    assert wheel(after) == ("enabled", "")


def test_a_failed_migration_is_named_and_leaves_the_plugin_off(shelf: Any, installed: Any) -> None:
    second_migration(shelf, "raise RuntimeError('out of paint')")
    failed, listed = installed(UPGRADE, LIST)
    assert failed.status == 1
    assert "Traceback" not in failed.stderr
    assert "out of paint" in json.loads(failed.stdout)["failed"]["wheel"]
    assert wheel(listed)[0] == "quarantined"
    second_migration(shelf)
    upgraded, listed = installed(("upgrade",), LIST)
    assert upgraded.status == 0
    assert wheel(listed) == ("enabled", "")
