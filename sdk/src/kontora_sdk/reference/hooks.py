"""The page of the hooks, from the specifications and their docstrings."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import FunctionType

from kontora_sdk.reference.markdown import table

KINDS = {
    "declare": "asked once at start, gives declarations",
    "collect": "asked at run time, gives values",
    "notify": "told at run time, gives nothing",
}
FAILURES = {
    "abort": "the caller's transaction rolls back",
    "skip": "it is logged, the others go on",
    "quarantine": "the plugin is taken out",
}
TRANSACTIONS = {
    "none": "no database",
    "read": "may read in the caller's transaction",
    "in": "may read and write in the caller's transaction",
    "own": "opens its own session",
}


INTRODUCTION = """# Hooks

A plugin implements a hook by a function of the same name, marked with `hookimpl`; it takes any
subset of the arguments. Plugins are called in one order: dependencies first, then name.
"""


def hooks_page() -> str:
    """All hooks with their arguments, failure policy and transaction rule, by module."""
    parts = [INTRODUCTION]
    for title, functions in _modules():
        parts.append(f"## {title}\n")
        parts += [_entry(function) for function in functions]
    return "\n".join(parts)


def _modules() -> Iterator[tuple[str, list[FunctionType]]]:
    from kontora import hookspecs

    for found in pkgutil.iter_modules(hookspecs.__path__):
        module = importlib.import_module(f"kontora.hookspecs.{found.name}")
        functions = [
            value
            for value in vars(module).values()
            if inspect.isfunction(value)
            and value.__module__ == module.__name__
            and hookspecs.meta(value) is not None
        ]
        if functions:
            yield (inspect.getdoc(module) or found.name).splitlines()[0].rstrip("."), functions


def _entry(function: object) -> str:
    from kontora import hookspecs

    details = hookspecs.meta(function)
    assert details is not None, function
    facts = table(
        ("", ""),
        [
            ("kind", f"{details.kind}: {KINDS[details.kind]}"),
            ("failure", f"{details.failure}: {FAILURES[details.failure]}"),
            ("transaction", f"{details.tx}: {TRANSACTIONS[details.tx]}"),
            ("since", f"{details.since}, {details.stability}"),
        ],
    )
    signature = f"{details.name}({', '.join(details.arguments)})"
    return f"### `{signature}`\n\n{facts}\n{_paragraphs(details.doc)}\n"


def _paragraphs(doc: str) -> str:
    """Give each labelled line of a docstring (`Returns: ...`) a paragraph of its own."""
    lines = []
    for line in doc.splitlines():
        label, colon, _rest = line.partition(":")
        if colon and label in {"Arguments", "Returns", "Failure", "Transaction", "First user"}:
            lines.append("")
            line = f"**{label}**{line[len(label) :]}"
        lines.append(line)
    return "\n".join(lines)
