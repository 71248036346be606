"""Addresses of all pages, made from the routes themselves: a new page is tested by existing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# What stands for a converter that is neither a record type nor an id.
WORDS = {
    "entity": ("party", "activity", "user", "branch"),
    "panel_id": ("hello.greetings", "core.files"),
    "widget_id": ("hello.greetings",),
    "report_id": ("parties-by-role", "counterparties-by-owner", "activities-by-user", "no-such"),
    "token": ("no-such-token",),
    "name": ("hello", "no-such"),
    "key": ("manager", "no-such"),
    "address": ("none/none.css",),
}
_PLACE = re.compile(r"<(?:(\w+)(?:\(([^)]*)\))?:)?(\w+)>")


def rules(app: Any, methods: Iterable[str]) -> Iterator[tuple[Any, str]]:
    """The routes of pages with each of the methods that they take."""
    wanted = set(methods)
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/"):
            for method in sorted((rule.methods or set()) & wanted):
                yield rule, method


def filled(rule: str, paths: Mapping[str, Sequence[object]]) -> list[str]:
    """The addresses of a route: each record type (`paths`) with each of its ids."""
    found: list[str] = []
    for path, ids in paths.items() if "<rtype:" in rule else [("", _all(paths))]:
        start = rule.replace("<rtype:rtype>", path)
        places = list(_PLACE.finditer(start))
        addresses = [start]
        for match in places:
            values = ids if match[1] == "uuid" else _words(match)
            addresses = [
                address.replace(match[0], str(value), 1)
                for address in addresses
                for value in values
            ]
        found += addresses
    return list(dict.fromkeys(found))


def _all(paths: Mapping[str, Sequence[object]]) -> list[object]:
    return [each for ids in paths.values() for each in ids]


def _words(match: re.Match[str]) -> Sequence[object]:
    if match[1] == "int":
        return (1, 999_999)
    if match[1] == "any":
        return tuple(each.strip() for each in match[2].split(","))
    return WORDS.get(match[3], ("x",))
