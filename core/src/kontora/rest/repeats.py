"""Idempotency-Key: a POST that is sent again has one effect, and gives the first answer."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, request

from kontora.errors import Invalid
from kontora.http.context import db, principal
from kontora.records import idempotency
from kontora.records.idempotency import Answer
from kontora.rest.bodies import body
from kontora.text import _

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")


def once(view: Callable[..., Response]) -> Callable[..., Response]:
    """Wrap a view: with an Idempotency-Key its first answer is kept beside its effect."""

    @wraps(view)
    def answer(**arguments: Any) -> Response:
        key = _key()
        if key is None:
            return view(**arguments)
        sent = body() if request.get_data(cache=True) else None
        return _once(key, sent, lambda: view(**arguments))

    return answer


def once_for(
    meaning: object, effect: Callable[[], Response], repeated: Callable[[], None]
) -> Response:
    """The same for a body that is no JSON and is read already: `meaning` is what of it makes two
    requests the same. `repeated` tidies up when the first answer is given again."""
    key = _key()
    return effect() if key is None else _once(key, meaning, effect, repeated)


def _key() -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise Invalid({HEADER: [_("A key has 1 to 255 visible characters.")]})
    return key


def _once(
    key: str,
    meaning: object,
    effect: Callable[[], Response],
    repeated: Callable[[], None] = lambda: None,
) -> Response:
    owner = _owner()
    first = idempotency.claim(db(), owner, key, _fingerprint(meaning))
    if first is not None:
        repeated()
        return _replay(first)
    response = effect()
    idempotency.keep(db(), owner, key, _kept(response))
    return response


def _owner() -> str:
    me = principal()
    return str(me.token_id or me.user_id)


def _fingerprint(meaning: object) -> str:
    """What makes two requests the same: address and meaning of the body, not its blanks."""
    sent = json.dumps(meaning, sort_keys=True) if meaning is not None else ""
    text = "\n".join((request.full_path, sent))
    return hashlib.sha256(text.encode()).hexdigest()


def _kept(response: Response) -> Answer:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Answer(
        status=response.status_code, body=response.get_data(as_text=True), headers=headers
    )


def _replay(first: Answer) -> Response:
    response = Response(first.body, first.status)
    for name, value in {**first.headers, REPLAYED: "true"}.items():
        response.headers[name] = value
    return response
