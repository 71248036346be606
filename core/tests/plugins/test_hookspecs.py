"""Every hook says what a plugin author and a caller must know."""

from __future__ import annotations

import pytest

from kontora.hookspecs.catalogue import specifications

HOOKS = list(specifications().values())


@pytest.mark.parametrize("hook", HOOKS, ids=lambda each: each.name)
def test_the_docstring_is_complete(hook):
    for part in ("Returns:", "Failure:", "Transaction:", "First user:"):
        assert part in hook.doc
    for argument in hook.arguments:
        assert f"`{argument}`" in hook.doc


@pytest.mark.parametrize("hook", HOOKS, ids=lambda each: each.name)
def test_the_policies_fit_together(hook):
    if hook.kind == "declare":
        assert (hook.failure, hook.tx) == ("quarantine", "none")
        assert not hook.arguments
    assert hook.failure != "quarantine" or hook.tx == "none"


def test_names_are_not_used_twice():
    assert len({each.name for each in HOOKS}) == len(HOOKS) == 21
