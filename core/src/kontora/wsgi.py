"""The web application: both HTTP faces, and the pages of plugins, in one Flask object."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from kontora.db.engine import is_database_away
from kontora.http import context, failures, operation, policy, quota, security
from kontora.http.routes import QuickRule, RowNumber
from kontora.lifecycle.site import Site
from kontora.settings import Settings


def create_app(site: Site | None = None, *, safe_mode: bool = False) -> Flask:
    """Build the application of a site; without one, of the site that the environment names.

    Raises KontoraError when a route declares no policy.
    """
    from kontora import rest, web

    site = site or Site(Settings.from_env(), safe_mode=safe_mode)
    app = Flask("kontora", static_folder=None)
    app.url_rule_class = QuickRule
    app.url_map.converters["int"] = RowNumber
    app.extensions["kontora"] = site
    app.json.sort_keys = False  # type: ignore[attr-defined]
    # Who asks is known first: then a refused CSRF token is told in his language and shell.
    context.install(app)
    security.configure(app, site.settings)
    quota.install(app)
    app.before_request(policy.enforce)
    operation.register(app)
    rest.register(app, site)
    web.register(app, site)
    app.register_error_handler(Exception, _answer(rest.problem, web.error_page))
    policy.check_all(app)
    if proxies := site.settings.proxies:
        # Without a proxy these headers are the caller's own words, and would name any address.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0
        )
    return app


def _answer(problem: Any, page: Any) -> Any:
    """Errors below /api/ are problem documents, all others are pages."""

    def handle(error: Exception) -> Response:
        failure = failures.describe(error)
        face = problem if request.path.startswith("/api/") else page
        try:
            response: Response = face(failure)
        except Exception as second:  # a page shows more than the failure, and that may be away
            if not is_database_away(second):
                raise
            failure = failures.describe(second)
            response = face(failure)
        for name, value in failure.headers.items():
            response.headers[name] = value
        return response

    return handle
