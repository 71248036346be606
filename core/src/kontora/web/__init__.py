"""The pages: a face of Flask blueprints, rendered on the server, generic over the registry."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

from kontora.lifecycle.site import Site
from kontora.web.errors import error_page

__all__ = ["error_page", "register"]

# Each has `blueprint`, or `register(app, site)` for routes that depend on the site.
PAGES = (
    "kontora.web.sign_in",
    "kontora.web.account_links",
    "kontora.web.confirm",
    "kontora.web.home",
    "kontora.web.records",
    "kontora.web.files",
    "kontora.web.bin",
    "kontora.web.search",
    "kontora.web.reports",
    "kontora.web.imports",
    "kontora.web.notices",
    "kontora.web.live",
    "kontora.web.palette",
    "kontora.web.menu",
    "kontora.web.brand",
    "kontora.web.installed",
    "kontora.web.mentions",
    "kontora.web.once",
    "kontora.web.squeeze",
    "kontora.web.profile",
    "kontora.web.setup",
    "kontora.web.admin",
)


def register(app: Flask, site: Site) -> None:
    """Add all pages to the application."""
    from kontora.web import assets, environment, plugin_pages

    # Sent only when it changes: answers that overtake each other must not bring an old one back.
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    plugin_pages.register(app, site)
    environment.register(app, site)
    assets.register(app, site)
    for name in PAGES:
        module = import_module(name)
        if hasattr(module, "register"):
            module.register(app, site)
        else:
            app.register_blueprint(module.blueprint)
