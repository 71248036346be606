"""The hashed requirement files answer to what the members declare."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import ROOT, members, name

PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", re.MULTILINE)
REMEDY = "run `make lock` and commit requirements/"


def pins(file: str) -> dict[str, set[str]]:
    """The pinned versions by distribution; several where they differ by Python version."""
    found: dict[str, set[str]] = {}
    for project, version in PINNED.findall((ROOT / "requirements" / file).read_text("utf-8")):
        found.setdefault(canonicalize_name(project), set()).add(version)
    return found


def _project(folder: Path) -> dict[str, object]:
    return tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))


def _own() -> set[str]:
    return {str(_project(folder)["project"]["name"]) for folder in (*members(), ROOT)}


def _missing(requirements: list[str], pinned: dict[str, set[str]]) -> list[str]:
    own = _own()
    faults = []
    for line in requirements:
        wanted = Requirement(line)
        project = canonicalize_name(wanted.name)
        if project not in own and not any(
            wanted.specifier.contains(version) for version in pinned.get(project, ())
        ):
            faults.append(line)
    return faults


@pytest.mark.parametrize("folder", [*members(), ROOT], ids=lambda folder: folder.name)
def test_what_a_member_needs_is_pinned(folder: Path) -> None:
    project = _project(folder)["project"]
    assert isinstance(project, dict)
    wanted = [*project.get("dependencies", ())]
    for extra in project.get("optional-dependencies", {}).values():
        wanted += extra
    assert not _missing(wanted, pins("run.txt")), REMEDY


def test_what_development_needs_is_pinned() -> None:
    groups = _project(ROOT)["dependency-groups"]
    assert isinstance(groups, dict)
    wanted = [line for group in groups.values() for line in group if isinstance(line, str)]
    assert not _missing(wanted, pins("dev.txt")), REMEDY


def test_both_files_pin_the_same_versions() -> None:
    development = pins("dev.txt")
    assert {
        project for project, pinned in pins("run.txt").items() if development[project] != pinned
    } == set()


@pytest.mark.parametrize("file", ["run.txt", "dev.txt"])
def test_each_pin_has_a_hash(file: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements" / file).read_text("utf-8"))
    assert not [
        entry.split("\n")[0] for entry in entries if entry and "--hash=sha256:" not in entry
    ]


def test_a_dependency_without_a_pin_is_seen() -> None:
    assert _missing(["flask>=99", "no-such-thing"], pins("run.txt")) == [
        "flask>=99",
        "no-such-thing",
    ]


@pytest.mark.parametrize("folder", members(), ids=lambda folder: folder.name)
def test_each_member_has_the_same_shape(folder: Path) -> None:
    for needed in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "src", "tests"):
        assert (folder / needed).exists(), f"{name(folder / needed)} is missing"
    assert list((folder / "src").glob("*/py.typed")), f"{folder.name} says nothing of its types"
