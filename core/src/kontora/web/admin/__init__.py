"""Administration: users, branches, roles, plugins, settings, audit, health."""

from __future__ import annotations

from flask import Flask

from kontora.lifecycle.site import Site


def register(app: Flask, site: Site) -> None:
    """Add the pages of administration."""
    from kontora.web.admin.blueprint import blueprint

    app.register_blueprint(blueprint)
