"""Pages go over the wire squeezed: a list of 50 rows takes a tenth.

A secret and a text of the asker in one squeezed page can be guessed from its length (BREACH), so
each answer is lengthened by some random bytes that say nothing: a file name in the gzip header.
"""

from __future__ import annotations

import gzip
import io
import secrets
import string

from flask import Flask, Response, request

from kontora.lifecycle.site import Site

LEAST = 1_000
LEVEL = 4
PADDING = 96
KINDS = frozenset({"text/html", "application/json", "application/manifest+json"})
_LETTERS = string.ascii_letters + string.digits


def register(app: Flask, site: Site) -> None:
    """Squeeze what the pages answer; the API answers as it is."""
    app.after_request(_squeeze)


def _squeeze(response: Response) -> Response:
    if request.path.startswith(("/api/", "/static/")) or response.mimetype not in KINDS:
        return response
    response.vary.add("Accept-Encoding")
    if (
        response.is_streamed
        or response.direct_passthrough
        or "Content-Encoding" in response.headers
        or request.accept_encodings["gzip"] <= 0
        or (response.content_length or 0) < LEAST
    ):
        return response
    response.set_data(squeezed(response.get_data()))
    response.headers["Content-Encoding"] = "gzip"
    return response


def squeezed(body: bytes) -> bytes:
    """The body in gzip, under a name of random length."""
    name = "".join(secrets.choice(_LETTERS) for _number in range(secrets.randbelow(PADDING) + 1))
    out = io.BytesIO()
    with gzip.GzipFile(name, "wb", LEVEL, out, mtime=0) as file:
        file.write(body)
    return out.getvalue()
