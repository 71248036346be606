"""The names that plugins rely on are pinned: adding one is a decision, dropping one a deprecation.

The pins stand in `public_names.txt`: the names of `kontora.api`, and the hooks with their
arguments. A change there belongs with a line in `core/CHANGELOG.md`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path

import kontora.api
from kontora import hookspecs

PINS = Path(__file__).with_name("public_names.txt")


def public_names() -> list[str]:
    """Every public name, a line each, as `public_names.txt` holds them."""
    names = [f"api {name}" for name in sorted(kontora.api.__all__)]
    for found in pkgutil.iter_modules(hookspecs.__path__):
        module = importlib.import_module(f"kontora.hookspecs.{found.name}")
        for function in vars(module).values():
            details = hookspecs.meta(function)
            if details is not None and details.module == module.__name__:
                names.append(f"hook {details.name}({', '.join(details.arguments)})")
    return sorted(names)


def test_the_public_names_are_those_that_are_pinned() -> None:
    pinned = set(PINS.read_text("utf-8").splitlines())
    found = set(public_names())
    difference = sorted(found ^ pinned)
    assert not difference, f"Change {PINS.name} too, with a line in the changelog: {difference}"


def test_every_public_name_exists_and_is_told_of() -> None:
    silent = []
    for name in kontora.api.__all__:
        value = getattr(kontora.api, name)
        if (inspect.isclass(value) or inspect.isfunction(value)) and not inspect.getdoc(value):
            silent.append(name)
    assert not silent, f"without a docstring: {silent}"


def test_every_hook_says_what_it_returns_and_how_it_fails() -> None:
    for found in pkgutil.iter_modules(hookspecs.__path__):
        module = importlib.import_module(f"kontora.hookspecs.{found.name}")
        for function in vars(module).values():
            details = hookspecs.meta(function)
            if details is not None:
                for label in ("Returns:", "Failure:", "Transaction:", "First user:"):
                    assert label in details.doc, f"{details.name} says nothing of {label[:-1]}"
