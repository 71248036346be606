"""One request: who asks, in which language, and its one transaction."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, cast
from zoneinfo import ZoneInfo

import structlog
from flask import Flask, Response, current_app, g, request
from flask import session as cookie
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from kontora import clock, text
from kontora.access import identity
from kontora.access.principal import Principal, system
from kontora.access.session import ScopedSession
from kontora.db import maintenance
from kontora.db.engine import is_database_away
from kontora.errors import Maintenance, Unreachable, Unsure
from kontora.http import watching
from kontora.lifecycle.site import Site
from kontora.text import _

log = structlog.get_logger("kontora.http")
QUIET = ("static", "healthz", "readyz", "metrics")
# A browser asks for these by itself: a page left open is no use of it.
UNATTENDED = ("live.count", "live.live")
DEVICE = "device"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
SAFE = ("GET", "HEAD", "OPTIONS")


def site() -> Site:
    """The site of this application."""
    return cast(Site, current_app.extensions["kontora"])


def principal() -> Principal:
    """Who asks. Only for routes whose policy demands somebody."""
    return cast(Principal, g.principal)


def db(*, copy: bool = False) -> ScopedSession:
    """The session of this request, opened when it is first needed: for reading on GET, for
    writing else. It is committed when the answer is no error, and rolled back otherwise.

    With `copy` a reading one may show what is some seconds old: for reports."""
    if "session" not in g:
        if g.principal is None:
            raise RuntimeError("A public route opens its session as a named system principal.")
        if request.method not in SAFE:
            g.session_block = site().write(g.principal)
        elif copy:
            g.session_block = site().read_copy(g.principal)
        else:  # on the connection, and in the transaction, that has shown who he is
            g.session_block = site().read(g.principal, g.get("connection"))
        g.session = g.session_block.__enter__()
    return cast(ScopedSession, g.session)


def zone() -> ZoneInfo:
    """The time zone of who asks."""
    return clock.zone(g.principal.timezone if g.get("principal") else "UTC")


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
    route = _route()
    structlog.contextvars.bind_contextvars(request_id=g.request_id, path=request.path, route=route)
    watching.begin(route)
    g.principal = None
    if request.endpoint not in QUIET and maintenance.under_way(site().database):
        raise Maintenance(_("The tables are being changed."))
    g.principal = _identify()
    language = g.principal.locale if g.principal else _wanted_language()
    g.language_block = text.use_locale(language)
    g.language_block.__enter__()


def _route() -> str:
    """The template of the address, which names no record; "-" for what no route answers."""
    return request.url_rule.rule if request.url_rule is not None else "-"


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
    with _connection() as connection, site().read(system("sign-in"), connection) as session:
        if bearer:
            return identity.principal_of_token(session, bearer, g.request_id)
        found = identity.principal_of_device(session, str(device), g.request_id)
        attended = found is not None and request.endpoint not in UNATTENDED
        late = attended and identity.seen_long_ago(session, cast(Principal, found))
    if found is not None and late:
        _note_use(found)
    return found


@contextmanager
def _connection() -> Iterator[Connection]:
    """One to find out who asks; a request that reads goes on with it."""
    connection = site().database.read_engine.connect()
    try:
        yield connection
    except BaseException:
        connection.close()
        raise
    if request.method in SAFE:
        g.connection = connection
    else:
        connection.close()


def _note_use(who: Principal) -> None:
    """A device that only reads is in use too; without this it would be signed out as idle."""
    with suppress(SQLAlchemyError), site().database.write_engine.begin() as connection:
        identity.note_use(connection, who)


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
            _commit(block)
        else:
            _roll_back(block)
    _give_back()
    response.headers["X-Request-ID"] = g.get("request_id", "")
    watching.answered(_route(), response.status_code)
    _note(response)
    return response


def _commit(block: AbstractContextManager[Any]) -> None:
    """Raises Unsure when the answer to the COMMIT did not come."""
    try:
        block.__exit__(None, None, None)
    except Exception as error:
        if request.method not in SAFE and is_database_away(error):
            raise Unsure(_("The connection to the database was lost while saving.")) from error
        raise


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
    # A connection that broke has nothing left to roll back.
    with suppress(_Refused, DBAPIError, Unreachable):
        block.__exit__(_Refused, _Refused(), None)


def _give_back() -> None:
    connection: Connection | None = g.pop("connection", None)
    if connection is not None:
        with suppress(DBAPIError, Unreachable):
            connection.close()


def _close(error: BaseException | None) -> None:
    block: AbstractContextManager[Any] | None = g.pop("session_block", None)
    if block is not None:
        _roll_back(block)
    _give_back()
    language: AbstractContextManager[Any] | None = g.pop("language_block", None)
    if language is not None:
        language.__exit__(None, None, None)
    watching.end()
