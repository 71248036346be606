"""The reference is written from the code and leaves nothing out."""

from __future__ import annotations

import inspect
from pathlib import Path

from kontora import hookspecs
from kontora_sdk.reference import write_reference
from kontora_sdk.reference.hooks import hooks_page
from kontora_sdk.reference.markdown import table


def test_every_hook_is_described_with_its_policy() -> None:
    page = hooks_page()
    for module in (hookspecs.records, hookspecs.web, hookspecs.work):  # type: ignore[attr-defined]
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if hookspecs.meta(function) and function.__module__ == module.__name__:
                assert f"### `{name}(" in page
    assert page.count("**Failure**") == page.count("\n### ")


def test_a_second_writing_leaves_the_files_alone(tmp_path: Path) -> None:
    first = {path: path.stat().st_mtime_ns for path in write_reference(tmp_path)}
    assert first == {path: path.stat().st_mtime_ns for path in write_reference(tmp_path)}


def test_a_cell_stays_one_cell() -> None:
    assert table(("a",), [("one | two\nthree",)]).splitlines()[-1] == "| one \\| two three |"
