"""Routes of the application: rules that start quickly, and what a number in an address may be."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import IntegerConverter, Rule


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


class RowNumber(IntegerConverter):
    """The number of a row. No database compares one of more than 64 bits: a longer number is the
    address of nothing, instead of an error of the driver."""

    regex = r"\d{1,18}"
