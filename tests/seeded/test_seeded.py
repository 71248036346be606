"""The seeded bugs fit the code, and a few of them are caught in each run of the tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.seeded.bugs import ROOT, Bug, DoesNotApply, load
from tests.seeded.runs import attempt, copied, place_of_the_code, run

BUGS = {bug.name: bug for bug in load()}
QUICK = [bug for bug in BUGS.values() if bug.quick]


def test_every_bug_fits_the_code_as_it_is() -> None:
    assert len(BUGS) == len(load()), "two bugs have one name"
    for bug in BUGS.values():
        source = (ROOT / bug.file).read_text(encoding="utf-8")
        assert bug.planted(source) != source, bug.name
        for node in bug.tests:
            file, _colons, function = node.partition("::")
            text = (ROOT / file).read_text(encoding="utf-8")
            assert f"def {function}(" in text, f"{bug.name}: {node} is not there"


def test_a_place_that_is_gone_is_an_error() -> None:
    bug = next(iter(BUGS.values()))
    with pytest.raises(DoesNotApply, match="found 0 times"):
        bug.planted("nothing = 1")
    outcome = attempt(replace(bug, old="words that stand nowhere"))
    assert outcome.state == "error"


def test_the_work_tree_itself_is_never_changed() -> None:
    bug = next(iter(BUGS.values()))
    with pytest.raises(ValueError, match="copies only"):
        bug.plant(ROOT)


@pytest.mark.parametrize("bug", QUICK, ids=lambda bug: bug.name)
def test_it_is_caught(bug: Bug) -> None:
    outcome = attempt(bug)
    assert outcome.state == "caught", outcome.why


def test_a_bug_that_is_none_is_not_caught(tmp_path: Path) -> None:
    """Negative control: all quick tests pass on a copy without a bug, and the copy is what runs."""
    copy = copied(tmp_path)
    assert place_of_the_code(copy).is_relative_to(tmp_path.resolve())
    nodes = [node for bug in QUICK for node in bug.tests]
    report = run(nodes, copy, stop=False)
    assert (report.failed, report.broken) == ((), ()), report.output
    assert report.passed >= len(QUICK)
    empty = replace(QUICK[0], new=QUICK[0].old)
    assert attempt(empty).state == "not caught"
