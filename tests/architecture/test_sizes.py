"""Files and functions fit the eye (design, section 9)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.sources import name, python_files, tree

FILE_LINES = 450
FUNCTION_LINES = 60
# Path → why this one may be longer.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


def long_functions(module: ast.Module, limit: int) -> Iterator[tuple[str, int]]:
    """Name each function of more than `limit` lines, its decorators not counted.

    One that only returns a list of declarations is data, and as long as its data.
    """
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_data(node):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > limit:
                yield node.name, lines


def _is_data(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    statement = function.body[-1]
    rest = function.body[:-1]
    return (
        isinstance(statement, ast.Return)
        and isinstance(statement.value, ast.List | ast.Tuple | ast.Dict)
        and all(isinstance(each, ast.Expr | ast.Import | ast.ImportFrom) for each in rest)
    )


def test_files_fit_the_head() -> None:
    faults = []
    for path in python_files(tests=True):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        generated = "versions" in path.parts
        if lines > FILE_LINES and not generated and name(path) not in LONG_FILES:
            faults.append(f"{name(path)} has {lines} lines; find the border by meaning in it")
    assert not faults, "\n".join(faults)


def test_functions_fit_the_eye() -> None:
    faults = [
        f"{name(path)}: {function} has {lines} lines"
        for path in python_files()
        if "versions" not in path.parts
        for function, lines in long_functions(tree(path), FUNCTION_LINES)
        if f"{name(path)}:{function}" not in LONG_FUNCTIONS
    ]
    assert not faults, "\n".join(faults)


def test_exceptions_that_are_no_longer_needed_are_taken_out() -> None:
    known = {name(path) for path in python_files(tests=True)}
    assert set(LONG_FILES) <= known
    assert {entry.partition(":")[0] for entry in LONG_FUNCTIONS} <= known


def test_a_long_function_is_seen() -> None:
    source = "def long():\n" + "    pass\n" * 60
    assert list(long_functions(ast.parse(source), FUNCTION_LINES)) == [("long", 61)]


def test_a_list_of_declarations_is_no_long_function() -> None:
    source = "def declared():\n    return [\n" + "        1,\n" * 80 + "    ]\n"
    assert not list(long_functions(ast.parse(source), FUNCTION_LINES))
