"""Running tests against a copy of the code, with a bug in it or without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from xml.etree import ElementTree

from tests.seeded.bugs import ROOT, TREES, Bug, DoesNotApply

SERVER = "KONTORA_TEST_DATABASE_URL"
LONGEST = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`state` is caught, not caught, untried (its engine is not there) or error."""

    name: str
    state: str
    seconds: float
    by: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What pytest said: the tests that failed by an assertion or an exception of their own, the
    ones that could not begin, and how many passed."""

    failed: tuple[str, ...]
    broken: tuple[str, ...]
    passed: int
    output: str


def attempt(bug: Bug) -> Outcome:
    """Put a bug into a fresh copy and see whether its tests fail."""
    if bug.engine == "postgresql" and not os.environ.get(SERVER):
        return Outcome(name=bug.name, state="untried", seconds=0, why=f"{SERVER} is not set")
    start = monotonic()
    with tempfile.TemporaryDirectory(prefix="kontora-seeded-") as folder:
        copy = copied(Path(folder))
        try:
            bug.plant(copy)
            report = run(bug.tests, copy, engine=bug.engine)
        except (DoesNotApply, subprocess.TimeoutExpired) as error:
            return Outcome(
                name=bug.name, state="error", seconds=monotonic() - start, why=str(error)
            )
    state, why = judged(report)
    seconds = round(monotonic() - start, 1)
    return Outcome(name=bug.name, state=state, seconds=seconds, by=report.failed, why=why)


def judged(report: Report) -> tuple[str, str]:
    """Only a test that ran and failed catches a bug; one that could not begin proves nothing."""
    if report.failed:
        return "caught", ""
    if report.broken or not report.passed:
        return "error", report.output[-2_000:]
    return "not caught", ""


def copied(folder: Path) -> Path:
    """A copy of the code, in which bugs may be put."""
    for tree in TREES:
        shutil.copytree(ROOT / tree, folder / tree)
    return folder


def run(tests: Iterable[str], copy: Path, *, engine: str = "any", stop: bool = True) -> Report:
    """Run tests of the work tree against the code of a copy."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(copy / t) for t in TREES)}
    environment.pop("PYTEST_ADDOPTS", None)
    for name in [each for each in environment if each.startswith("PYTEST_XDIST")]:
        environment.pop(name)
    if engine != "postgresql":
        environment.pop(SERVER, None)
    xml = copy / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    command += [f"--junitxml={xml}", f"--basetemp={copy / 'temp'}", *(["-x"] if stop else [])]
    done = subprocess.run(
        [*command, *tests], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=LONGEST if stop else None,
    )  # fmt: skip
    output = done.stdout + done.stderr
    if not xml.exists():
        return Report(failed=(), broken=("pytest",), passed=0, output=output)
    return _read(xml, output)


def _read(xml: Path, output: str) -> Report:
    failed, broken, passed = [], [], 0
    for case in ElementTree.parse(xml).iter("testcase"):
        name = case.get("name", "")
        if case.find("failure") is not None:
            failed.append(name)
        elif case.find("error") is not None:
            broken.append(name)
        elif case.find("skipped") is None:
            passed += 1
    return Report(failed=tuple(failed), broken=tuple(broken), passed=passed, output=output)


def place_of_the_code(copy: Path) -> Path:
    """Where Python finds Kontora when tests run against a copy."""
    environment = {**os.environ, "PYTHONPATH": str(copy / TREES[0])}
    command = [sys.executable, "-c", "import kontora; print(kontora.__file__)"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return Path(done.stdout.strip())
