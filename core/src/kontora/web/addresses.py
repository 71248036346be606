"""Addresses within this site, and nowhere else."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import request


def own_path(given: str | None) -> str | None:
    """`given` when it is a path of this site, with its query; None for anything else.

    Browsers read `\\` as `/` and skip control characters, so neither may stand in it.
    """
    if not given or not given.startswith("/") or given.startswith("//") or "\\" in given:
        return None
    if any(ord(char) < 33 or ord(char) == 127 for char in given):
        return None
    parts = urlsplit(given)
    return given if not parts.scheme and not parts.netloc else None


def here() -> str:
    """The path and query of this request."""
    return request.full_path.rstrip("?")


def came_from(default: str) -> str:
    """The page of this site from which the request was sent, or `default`."""
    referrer = urlsplit(request.referrer or "")
    if referrer.netloc != request.host:
        return default
    path = referrer.path + (f"?{referrer.query}" if referrer.query else "")
    return own_path(path) or default


def with_query(path: str, pairs: list[tuple[str, str]]) -> str:
    """`path` with these parameters; brackets stay readable, as the API documents them."""
    query = urlencode([(name, value) for name, value in pairs if value], safe="[],")
    return f"{path}?{query}" if query else path


def before() -> int | None:
    """The `before` of a list that is read from page to page: the id of its last row. None at the
    beginning, and for what cannot be an id: no database compares a row with more than 64 bits."""
    given = request.args.get("before", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def is_fragment() -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"
