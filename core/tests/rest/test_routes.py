"""Addresses are put together as Werkzeug does it, only later."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import Map, Rule

from kontora.http.routes import QuickRule

CASES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/a/<int:n>", {"n": 7}),
    ("/a/<int:n>", {"n": 7, "more": "ä b"}),
    ("/<path:name>/x", {"name": "one/two three"}),
    ("/plain", {}),
)


def test_rules_build_addresses_as_before() -> None:
    for text, values in CASES:
        found = [
            Map([kind(text, endpoint="it")]).bind("host").build("it", values)
            for kind in (Rule, QuickRule)
        ]
        assert found[0] == found[1]


def test_nothing_is_compiled_before_it_is_needed() -> None:
    rule: Any = QuickRule("/a/<int:n>", endpoint="it")
    Map([rule])
    assert rule._build.__func__.__name__ == "build"
