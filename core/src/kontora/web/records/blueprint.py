"""The blueprint of record pages; the modules imported at the end add their routes to it."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("records", __name__)

from kontora.web.records import (  # noqa: E402
    bulk,
    list_page,
    lookup,
)

__all__ = ["blueprint", "bulk", "list_page", "lookup"]
