"""Import in the browser: upload, look at what the rows would become, start, watch, download."""

from __future__ import annotations

from flask import Flask, request
from flask import session as cookie

from kontora import limits
from kontora.http.context import DEVICE
from kontora.lifecycle.site import Site
from kontora.web.imports import pages, starting
from kontora.web.imports.blueprint import blueprint

__all__ = ["pages", "register", "starting"]

# What stands round the file in the body of the request.
_FRAME = 64 * 1024


def register(app: Flask, site: Site) -> None:
    """Add the pages of the import; only their upload may be larger than other requests."""
    app.register_blueprint(blueprint)
    # Before the protection against other sites, which reads the whole form.
    app.before_request_funcs.setdefault(None, []).insert(0, _allow_files)


def _allow_files() -> None:
    if request.path == "/import/upload" and request.method == "POST" and cookie.get(DEVICE):
        request.max_content_length = limits.current().upload_bytes + _FRAME
