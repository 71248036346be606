"""Plugins made for one test, in a folder that other processes can be given too."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import pytest

from kontora.db.base import Base

MANIFEST = """
from kontora.plugins.manifest import Manifest

plugin = Manifest(name="{name}", label="{name}", requires={requires!r})
"""
PERMISSIONS = """
from kontora.hookspecs import hookimpl
from kontora.registry.faces import Permission

@hookimpl
def register_permissions():
    return [Permission(name="{name}.wave", label="Wave", roles=("manager", "administrator"))]
"""
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "{name}_0001_first"
down_revision = None
branch_labels = None
depends_on = None

def upgrade():
    op.create_table("{name}_note", sa.Column("id", sa.Integer, primary_key=True))

def downgrade():
    op.drop_table("{name}_note")
"""
MODELS = """
from sqlalchemy import ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from kontora.access.guard import SYSTEM
from kontora.db.base import Base
from kontora.hookspecs import hookimpl

class Note(Base):
    __tablename__ = "{name}_note"
    __guard__ = SYSTEM
    id: Mapped[int] = mapped_column(Integer, primary_key=True)

@hookimpl
def register_models():
    return [Note]
"""


RUN = """
import json, sys
from click.testing import CliRunner
from kontora.cli.main import cli
done = [CliRunner().invoke(cli, each) for each in json.loads(sys.argv[1])]
print(json.dumps([[each.exit_code, each.stdout, each.stderr] for each in done]))
"""


class Done(NamedTuple):
    """What became of one command."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        assert self.status == 0, self.stderr
        return json.loads(self.stdout)


class Shelf:
    """Plugins in `folder`, as pip would have installed them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(
        self, name: str, *, requires: tuple[str, ...] = (), broken: str = "", table: bool = False
    ) -> None:
        """Install a plugin with one permission; `broken` is code that spoils its module."""
        home = self.folder / f"kontora_{name}"
        home.mkdir()
        (home / "__init__.py").write_text(MANIFEST.format(name=name, requires=requires))
        text = PERMISSIONS.replace("{name}", name) + broken
        (home / "permissions.py").write_text(dedent(text))
        if table:
            versions = home / "migrations" / "versions"
            versions.mkdir(parents=True)
            file = versions / f"{name}_0001_first.py"
            file.write_text(MIGRATION.replace("{name}", name))
            (home / "models.py").write_text(MODELS.replace("{name}", name))
        info = self.folder / f"kontora_{name}-1.0.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: kontora-{name}", "Version: 1.0"]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        entry = f"[kontora.plugins]\n{name} = kontora_{name}:plugin\n"
        (info / "entry_points.txt").write_text(entry)
        importlib.invalidate_caches()

    def kontora(self, home: Path, url: str, *commands: tuple[str, ...]) -> list[Done]:
        """Run commands, one after the other, in a process of its own that sees these plugins."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("KONTORA_")}
        more = {"KONTORA_HOME": str(home), "KONTORA_DATABASE_URL": url}
        done = subprocess.run(
            [sys.executable, "-c", RUN, json.dumps(commands)],
            env={**kept, **more, "PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=170,
        )
        assert done.returncode == 0, done.stderr
        return [Done(*each) for each in json.loads(done.stdout)]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """A folder of plugins on the path, empty at first."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    before, tables = set(sys.modules), set(Base.metadata.tables)
    sys.path.insert(0, str(folder))
    yield Shelf(folder)
    sys.path.remove(str(folder))
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]
    assert set(Base.metadata.tables) == tables, "use another process for plugins with models"
    importlib.invalidate_caches()


@pytest.fixture
def again() -> Iterator[Callable[..., object]]:
    """`again(site)` opens the same site anew, as the next process would."""
    from kontora.lifecycle.site import Site

    made: list[Site] = []

    def open_again(site: Site) -> Site:
        made.append(Site(site.settings))
        return made[-1]

    yield open_again
    for each in made:
        each.close()
