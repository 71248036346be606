"""Headers that browsers enforce, and requests from other sites."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect

from kontora import limits
from kontora.errors import Forbidden
from kontora.settings import Settings
from kontora.text import _

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
}
csrf = CSRFProtect()


def configure(app: Flask, settings: Settings) -> None:
    """Set cookies, limits, trusted hosts, CSRF protection and headers."""
    https = (settings.base_url or "").startswith("https://")
    most = limits.current()
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-kontora" if https else "kontora",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        # The database decides when a sign-in ends; the cookie only has to outlive it.
        PERMANENT_SESSION_LIFETIME=timedelta(days=366),
        MAX_CONTENT_LENGTH=most.body_bytes,
        MAX_FORM_MEMORY_SIZE=most.form_bytes,
        MAX_FORM_PARTS=most.form_parts,
        TRUSTED_HOSTS=trusted_hosts(settings),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=https,
    )
    csrf.init_app(app)
    app.before_request(refuse_other_sites)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if https:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def trusted_hosts(settings: Settings) -> list[str]:
    """The names under which the site answers: those set, that of the base URL, this machine."""
    named: list[Any] = [*settings.trusted_hosts]
    if settings.base_url:
        named.append(urlsplit(settings.base_url).hostname)
    own = ["localhost", "127.0.0.1", "[::1]", socket.gethostname()]
    return [name for name in (*named, *own) if name]


def refuse_other_sites() -> None:
    """An unsafe request that a browser sends on behalf of another site is refused, whatever
    token it carries."""
    if request.method in ("GET", "HEAD", "OPTIONS") or request.path.startswith("/api/"):
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        g.setdefault("principal", None)
        raise Forbidden("same_origin", _("This request comes from another site."))
