"""Routes whose addresses are put together by code that is made when it is first needed."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import Rule


class QuickRule(Rule):
    """A rule that starts quickly: Werkzeug compiles two functions for each, which is a second of
    the start for some hundreds of routes, and most are never built by a process.

    `test_rules_build_addresses_as_before` guards this override of a private method.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        made: Any = None

        def build(rule: Any, **values: Any) -> Any:
            nonlocal made
            if made is None:
                made = super(QuickRule, self)._compile_builder(append_unknown)
            return made(rule, **values)

        return build
