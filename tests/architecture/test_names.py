"""Modules are named by what they hold."""

from __future__ import annotations

from tests.architecture.sources import name, python_files

EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "stuff", "tools"}


def test_no_module_is_named_by_nothing() -> None:
    faults = [
        name(path)
        for path in python_files(tests=True)
        if EMPTY_NAMES & {path.stem, *name(path).split("/")[1:-1]}
    ]
    assert not faults, f"say what they hold: {faults}"
