"""One request: who asks, in which language, and its one transaction."""

from __future__ import annotations

import re
import secrets
import time
from contextlib import AbstractContextManager, suppress
from typing import Any, cast
from zoneinfo import ZoneInfo

import structlog
from flask import Flask, Response, current_app, g, request
from flask import session as cookie

from kontora import text
from kontora.access import identity
from kontora.access.principal import Principal, system
from kontora.access.session import ScopedSession
from kontora.lifecycle.site import Site

log = structlog.get_logger("kontora.http")
QUIET = ("static", "healthz", "readyz", "metrics")
DEVICE = "device"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
SAFE = ("GET", "HEAD", "OPTIONS")


def site() -> Site:
    """The site of this application."""
    return cast(Site, current_app.extensions["kontora"])


def principal() -> Principal:
    """Who asks. Only for routes whose policy demands somebody."""
    return cast(Principal, g.principal)


def db() -> ScopedSession:
    """The session of this request, opened when it is first needed: for reading on GET, for
    writing else. It is committed when the answer is no error, and rolled back otherwise."""
    if "session" not in g:
        opener = site().read if request.method in SAFE else site().write
        actor = g.principal or system("visitor")
        if g.principal is None:
            raise RuntimeError("A public route opens its session as a named system principal.")
        g.session_block = opener(actor)
        g.session = g.session_block.__enter__()
    return cast(ScopedSession, g.session)


def zone() -> ZoneInfo:
    """The time zone of who asks."""
    name = g.principal.timezone if g.get("principal") else "UTC"
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def install(app: Flask) -> None:
    """Hook the request's beginning and end into the application."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_close)


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.began = time.perf_counter()
    g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id, path=request.path)
    g.principal = _identify()
    language = g.principal.locale if g.principal else _wanted_language()
    g.language_block = text.use_locale(language)
    g.language_block.__enter__()


def _identify() -> Principal | None:
    """An API path knows only tokens, every other path only the cookie."""
    api = request.path.startswith("/api/")
    scheme, _blank, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token.strip() if scheme.casefold() == "bearer" else ""
    device = cookie.get(DEVICE) if not api and not request.path.startswith("/static/") else None
    if api or (bearer and request.path in ("/readyz", "/metrics")):
        device = None
    else:
        bearer = ""
    if not bearer and not device:
        return None
    with site().read(system("sign-in")) as session:
        if bearer:
            return identity.principal_of_token(session, bearer, g.request_id)
        return identity.principal_of_device(session, str(device), g.request_id)


def _wanted_language() -> str:
    return request.accept_languages.best_match(text.LANGUAGES, default="en") or "en"


def _end(response: Response) -> Response:
    """Commit, or roll back, before the answer leaves."""
    block: AbstractContextManager[Any] | None = g.pop("session_block", None)
    if block is not None:
        session = g.pop("session", None)
        if response.status_code < 400:
            if request.method not in SAFE and g.principal is not None:
                identity.note_use(session, g.principal)
            block.__exit__(None, None, None)
        else:
            _roll_back(block)
    response.headers["X-Request-ID"] = g.get("request_id", "")
    _note(response)
    return response


def _note(response: Response) -> None:
    """One line for each request; the addresses of static files and of probes are not worth one."""
    if request.endpoint in QUIET:
        return
    who = g.get("principal")
    log.info(
        "request",
        method=request.method,
        status=response.status_code,
        ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
        user=str(who.user_id) if who is not None else None,
    )


class _Refused(Exception):
    """Rolls a session back."""


def _roll_back(block: AbstractContextManager[Any]) -> None:
    with suppress(_Refused):
        block.__exit__(_Refused, _Refused(), None)


def _close(error: BaseException | None) -> None:
    block: AbstractContextManager[Any] | None = g.pop("session_block", None)
    if block is not None:
        _roll_back(block)
    language: AbstractContextManager[Any] | None = g.pop("language_block", None)
    if language is not None:
        language.__exit__(None, None, None)
