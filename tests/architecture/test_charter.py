"""The charter of tests names each suite once, and only what is there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.seeded.bugs import load

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "reliability.md"
STATES = {"each change", "nightly", "partly", "not yet"}
_PATH = re.compile(r"`((?:core|tests|sdk|contrib|docs)/[\w./-]+|pyproject\.toml)`")


def rows() -> list[list[str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "| T-" in line]


def test_every_suite_stands_there_once() -> None:
    assert [row[0] for row in rows()] == [f"T-{number:02}" for number in range(1, 41)]


def test_every_row_has_a_state_and_a_place() -> None:
    for row in rows():
        assert len(row) == 6, row[0]
        assert row[2] in STATES, row[0]
        assert _PATH.search(row[3]), row[0]
        assert row[4], row[0]
        assert row[5] or row[2] == "each change", f"{row[0]}: what is missing?"


def test_every_path_is_there() -> None:
    named = _PATH.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 80
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_the_number_of_seeded_bugs_is_right() -> None:
    bugs = load()
    assert f"{len(bugs)} bugs" in PAGE.read_text(encoding="utf-8")
    classes = {bug.row for bug in bugs}
    assert {bug.suite for bug in bugs} <= {row[0] for row in rows()}
    absent = {f"R{number}" for number in range(1, 31)} - classes
    part = PAGE.read_text(encoding="utf-8").partition("Classes without a bug of their own")[2]
    assert absent <= set(re.findall(r"R\d+", part.partition("\n\n")[0]))
