"""JSON that comes in: read strictly, so that what is stored is what was sent.

Refused are doubled keys (parsers differ on which one counts), numbers that other programs
cannot hold, deep nesting, and characters that no text can have.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from flask import request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from kontora import limits
from kontora.errors import Invalid
from kontora.text import _

MAX_DIGITS = 18
MEDIA_TYPES = ("application/json", "application/merge-patch+json")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def body() -> Any:
    """The JSON value that was sent. Raises UnsupportedMediaType, BadRequest or Invalid."""
    if request.mimetype not in MEDIA_TYPES:
        raise UnsupportedMediaType(str(_("Send JSON, and say so in Content-Type.")))
    return parse(request.get_data(cache=True))


def parse(data: bytes | str) -> Any:
    """Parse and check one JSON document."""
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        reason = getattr(error, "msg", "") or str(error)
        raise BadRequest(str(_("This is no JSON: %(reason)s.") % {"reason": reason})) from None
    _check(value)
    return value


class _Unusable(ValueError):
    """JSON that is well-formed, but that programs understand differently."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unusable(str(_("a key stands twice in one object")))
    return found


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise Invalid({"": [_("A number is too large.")]})
    return int(text)


def _float(text: str) -> float:
    if not math.isfinite(found := float(text)):
        raise Invalid({"": [_("A number is too large.")]})
    return found


def _constant(name: str) -> NoReturn:
    raise _Unusable(f"{name} is no JSON value")


def _too_deep() -> Invalid:
    message = _("The document is nested too deeply: at most %(n)s levels.")
    return Invalid({"": [message % {"n": limits.current().json_depth}]})


def _check(value: Any) -> None:
    """Walk through the document level by level, for a recursion would end at the deep ones."""
    level: list[tuple[str, Any]] = [("", value)]
    for _depth in range(limits.current().json_depth + 1):
        following: list[tuple[str, Any]] = []
        for path, each in level:
            if isinstance(each, str):
                check_text(path, each)
            elif isinstance(each, list):
                following += [(_join(path, str(n)), item) for n, item in enumerate(each)]
            elif isinstance(each, dict):
                for key in each:
                    check_text(path, key)
                following += [(_join(path, key), item) for key, item in each.items()]
        if not following:
            return
        level = following
    raise _too_deep()


def check_text(path: str, text: str) -> None:
    """Refuse a text that the database cannot keep."""
    if UNSTORABLE.search(text):
        raise Invalid({path: [_("The value holds characters that no text can have.")]})


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
