"""My profile: who I am, how I sign in, what I may do."""

from __future__ import annotations

from flask import Flask

from kontora.lifecycle.site import Site


def register(app: Flask, site: Site) -> None:
    """Add the pages of the profile."""
    from kontora.web.profile import factors, pages

    app.register_blueprint(pages.blueprint)
    app.register_blueprint(factors.blueprint)
