"""The blueprint of administration; the modules imported at the end add their routes to it."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

from kontora.web.admin import (  # noqa: E402
    audit,
    audit_files,
    branches,
    fields,
    handover,
    health,
    mails,
    plugins,
    privacy,
    purposes,
    reading,
    roles,
    site_settings,
    stages,
    tokens,
    users,
    webhooks,
)

__all__ = [
    "audit",
    "audit_files",
    "blueprint",
    "branches",
    "fields",
    "handover",
    "health",
    "mails",
    "plugins",
    "privacy",
    "purposes",
    "reading",
    "roles",
    "site_settings",
    "stages",
    "tokens",
    "users",
    "webhooks",
]
