"""ETags of records are their versions: `"7"`. Who changes a record says which one he has read."""

from __future__ import annotations

import re

from flask import request
from werkzeug.exceptions import PreconditionRequired

from kontora.text import _

_TAG = re.compile(r'(?:W/)?"?([0-9]{1,9})"?')


def etag(version: int) -> str:
    """The ETag of a version."""
    return f'"{version}"'


def is_known(version: int) -> bool:
    """Whether the client has this version already (If-None-Match)."""
    given = request.headers.get("If-None-Match")
    return given is not None and (given.strip() == "*" or version in _versions(given))


def expected(present: int) -> int | None:
    """The version that If-Match demands; None when any will do. Raises PreconditionRequired.

    Of several, the present one is taken if it is among them. What is no ETag of ours is version
    0, which no record has, so that it is told to be stale.
    """
    given = request.headers.get("If-Match")
    if given is None:
        raise PreconditionRequired(
            str(_('Say in If-Match which version you have read: its ETag, for example “"3"”.'))
        )
    if given.strip() == "*":
        return None
    named = _versions(given)
    return present if present in named else next(iter(named), 0)


def _versions(header: str) -> list[int]:
    """A proxy that compresses makes tags weak; they still name the same version."""
    parts = (_TAG.fullmatch(each.strip()) for each in header.split(","))
    return [int(found.group(1)) for found in parts if found]
