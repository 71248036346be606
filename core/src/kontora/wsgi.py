"""The web application: both HTTP faces, and the pages of plugins, in one Flask object."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, request

from kontora.http import context, failures, operation, policy, security
from kontora.lifecycle.site import Site
from kontora.settings import Settings


def create_app(site: Site | None = None, *, safe_mode: bool = False) -> Flask:
    """Build the application of a site; without one, of the site that the environment names.

    Raises KontoraError when a route declares no policy.
    """
    from kontora import rest, web

    site = site or Site(Settings.from_env(), safe_mode=safe_mode)
    app = Flask("kontora", static_folder=None)
    app.extensions["kontora"] = site
    app.json.sort_keys = False  # type: ignore[attr-defined]
    # Who asks is known first: then a refused CSRF token is told in his language and shell.
    context.install(app)
    security.configure(app, site.settings)
    app.before_request(policy.enforce)
    operation.register(app)
    rest.register(app, site)
    web.register(app, site)
    app.register_error_handler(Exception, _answer(rest.problem, web.error_page))
    policy.check_all(app)
    return app


def _answer(problem: Any, page: Any) -> Any:
    """Errors below /api/ are problem documents, all others are pages."""

    def handle(error: Exception) -> Response:
        failure = failures.describe(error)
        face = problem if request.path.startswith("/api/") else page
        response: Response = face(failure)
        for name, value in failure.headers.items():
            response.headers[name] = value
        return response

    return handle
