"""Each member builds a wheel, holds what it needs, and works where no other member is."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, members

FOLDERS = (*members(), ROOT)


def project(folder: Path) -> dict[str, object]:
    """The `[project]` table of a member."""
    table = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    assert isinstance(table, dict)
    return table


def package(folder: Path) -> str:
    """The name under which a member is imported; the meta distribution has none."""
    return next((path.parent.name for path in (folder / "src").glob("*/__init__.py")), "")


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Path]:
    """The wheel of each member, built once."""
    target = tmp_path_factory.mktemp("wheels")
    built = {}
    for folder in FOLDERS:
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        stem = str(project(folder)["name"]).replace("-", "_") + "-"
        built[folder] = next(path for path in target.glob("*.whl") if path.name.startswith(stem))
    return built


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_wheel_holds_the_whole_package(folder: Path, wheels: dict[Path, Path]) -> None:
    with zipfile.ZipFile(wheels[folder]) as archive:
        held = set(archive.namelist())
    assert any(entry.endswith("/licenses/LICENSE") for entry in held)
    assert not [entry for entry in held if entry.startswith("tests/")]
    source = folder / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted <= held, f"left out of the wheel: {sorted(wanted - held)[:10]}"


@pytest.mark.parametrize("folder", members(), ids=lambda folder: folder.name)
def test_a_member_can_be_imported_alone(
    folder: Path, wheels: dict[Path, Path], tmp_path: Path
) -> None:
    needs = {str(line).split(">")[0] for line in project(folder)["dependencies"]}
    for other in members():
        if other == folder or project(other)["name"] in needs:
            with zipfile.ZipFile(wheels[other]) as archive:
                archive.extractall(tmp_path)
    others = [package(other) for other in members() if not (tmp_path / package(other)).exists()]
    probe = (
        f"import sys\nfor other in {others!r}: sys.modules[other] = None\n"
        f"import {package(folder)} as it\nprint(it.__file__)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", probe],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert answer.stdout.startswith(str(tmp_path)), answer.stdout


@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_member_installs_alone_with_pip(
    folder: Path, wheels: dict[Path, Path], tmp_path: Path
) -> None:
    """With nothing but its own wheel, those of our members that it requires, and the registry."""
    python = tmp_path / "venv" / "bin" / "python"
    # The pip of this environment installs into the new one, which needs none of its own.
    make = [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")]
    subprocess.run(make, check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    found = str(wheels[folder].parent)
    quiet = ["--quiet", "--disable-pip-version-check", "--no-compile", "--find-links", found]
    subprocess.run([*pip, "install", *quiet, wheels[folder]], check=True)
    subprocess.run([*pip, "check"], check=True)
    subprocess.run([python, "-c", f"import {package(folder) or 'kontora'}"], check=True)
