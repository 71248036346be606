"""Panels of a record page and widgets of the home page: each fails alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import structlog
from flask import Response, g, make_response, render_template
from markupsafe import Markup
from sqlalchemy.orm import Session

from kontora.access.session import ScopedSession
from kontora.db.limits import time_limit
from kontora.errors import NotFound
from kontora.http.context import db, site
from kontora.http.policy import RECORDS, policy
from kontora.plugins.errorlog import one_line
from kontora.records import service
from kontora.registry.faces import Panel
from kontora.registry.records import RecordType
from kontora.text import Text
from kontora.web.records.blueprint import blueprint

SECONDS = 3.0
log = structlog.get_logger("kontora.web")


def panels_of(session: ScopedSession, rtype: RecordType, kind: str | None) -> list[Panel]:
    """The plugins' panels that this user sees on a record of this kind."""
    rights = session.principal.rights
    return [
        each
        for each in session.registry.panels
        if each.entity == rtype.entity
        and (each.permission is None or rights.has(each.permission))
        and (not each.kinds or kind is None or kind in each.kinds)
    ]


@blueprint.get("/<rtype:rtype>/<uuid:record_id>/panels/<panel_id>")
@policy(RECORDS)
def show_panel(rtype: RecordType, record_id: UUID, panel_id: str) -> Response:
    """The inside of one panel; a failing one answers with its own box and the number of the
    error."""
    session = db()
    record = service.get_record(session, rtype, record_id, fields=())
    offered = panels_of(session, rtype, record.get("kind"))
    panel = next((each for each in offered if each.id == panel_id), None)
    if panel is None:
        raise NotFound()
    body = contained(
        session, panel.id, panel.title, panel.template, lambda: panel.load(session, record_id)
    )
    response = make_response(body or "")
    if body is None:
        response.headers["HX-Reswap"] = "delete"
    return response


def contained(
    session: ScopedSession,
    name: str,
    title: Text,
    template: str,
    load: Callable[[], Mapping[str, Any] | None],
) -> Markup | None:
    """Run code of a plugin in a savepoint and with a time limit, and render its template.

    None when it has nothing to show. A failure is logged and becomes the text that says so.
    """
    # The session refuses its raw connection to plugins; the limit has to be set on it all the same.
    connection = Session.connection(session)
    try:
        with time_limit(connection, SECONDS), session.begin_nested():
            found = load()
            if found is None:
                return None
            return _markup(render_template(template, **{"title": title, **found}))
    except Exception as error:  # a plugin may raise anything; it costs only its own box
        return _failed(name, title, error)


def _failed(name: str, title: Text, error: Exception) -> Markup:
    plugin = name.partition(".")[0]
    entry = site().manager.errors.add(plugin, name, one_line(error), error)
    log.error(
        "panel failed",
        panel=name,
        error_id=entry.error_id,
        request_id=g.get("request_id"),
        exc_info=error,
    )
    page = render_template("core/pages/panel_failed.html", title=title, error_id=entry.error_id)
    return _markup(page)


def _markup(rendered: str) -> Markup:
    """What a template made, with its values escaped already."""
    return Markup(rendered)  # noqa: S704
