"""An archive writes below its folder only, whatever the names of its members say."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontora.errors import Conflict
from kontora.lifecycle import archive

FACTS = {"version": "0.1.0", "engine": "sqlite", "made_at": "2026-11-22T00:00:00+00:00"}
AWAY = [
    "../evil",
    "/tmp/evil",
    "files/../../evil",
    "files/./evil",
    "files//evil",
    "files\\evil",
    "etc/evil",
]


def packed(folder: Path, name: str) -> Path:
    source = folder / "source"
    source.write_text("evil")
    writer = archive.Writer(folder / "made.tar.gz")
    writer.add(name, source)
    writer.finish(facts())
    return folder / "made.tar.gz"


def facts() -> dict[str, object]:
    """All that a manifest needs, empty where nothing is said."""
    fields = archive.Manifest.__dataclass_fields__
    given = {name: FACTS.get(name, {}) for name in fields if name not in ("format", "members")}
    return dict(given)


@pytest.mark.parametrize("name", AWAY)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    path, folder = packed(tmp_path, name), tmp_path / "inner" / "folder"
    folder.mkdir(parents=True)
    with pytest.raises(Conflict, match="strange name"):
        archive.unpack(path, folder)
    assert list(tmp_path.rglob("evil")) == []
    assert list(folder.iterdir()) == []


def test_a_plain_name_is_unpacked(tmp_path: Path) -> None:
    path, folder = packed(tmp_path, "files/ab/good"), tmp_path / "folder"
    folder.mkdir()
    archive.unpack(path, folder)
    assert (folder / "files/ab/good").read_text() == "evil"
