"""What makes tests quick and changes nothing they look at. Only fixtures call it.

Nothing of the product reads a switch for this: it cannot be left on by mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def make_quick() -> None:
    """Cheap password hashes and routes compiled once, in this process, from now on."""
    _passwords()
    _routes()


def _passwords() -> None:
    """Hash with the least work: nobody tries to break the passwords of tests."""
    from argon2 import PasswordHasher

    from kontora.access import passwords

    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._nobody.cache_clear()


def _routes() -> None:
    """Keep what Werkzeug makes of a rule: each application of a test has the same hundreds.

    The function that builds an address is made from the parts of the rule and its defaults, and
    gets the rule itself as an argument.
    """
    from werkzeug.routing.rules import Rule

    compiled: dict[Any, Callable[..., tuple[str, str]]] = {}
    compile_builder = Rule._compile_builder

    def kept(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    Rule._compile_builder = kept  # type: ignore[method-assign,assignment]
