"""The blueprint of administration; the modules imported at the end add their routes to it."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

from kontora.web.admin import (  # noqa: E402
    audit,
    branches,
    health,
    plugins,
    roles,
    site_settings,
    users,
)

__all__ = ["audit", "blueprint", "branches", "health", "plugins", "roles", "site_settings", "users"]
