"""Panels of a record page and widgets of the home page: each fails alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import structlog
from flask import Response, g, make_response, redirect, render_template, request
from markupsafe import Markup
from sqlalchemy.orm import Session

from kontora.access.session import ScopedSession
from kontora.db.engine import is_connection_lost
from kontora.db.limits import time_limit
from kontora.errors import NotFound
from kontora.http.context import db, site
from kontora.http.policy import RECORDS, policy
from kontora.plugins.errorlog import one_line
from kontora.records import service
from kontora.records.owners import has_owner
from kontora.registry.faces import Panel
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web import preferences
from kontora.web.addresses import came_from
from kontora.web.records.blueprint import blueprint

SECONDS = 3.0
# Parts of the right column that core draws itself: id, title, for which kinds of parties (None:
# for every record that has an owner).
OWN: tuple[tuple[str, Text, tuple[str | None, ...]], ...] = (
    ("people", _("People"), ("organisation",)),
    ("positions", _("Positions"), ("person",)),
    ("holding", _("Holding"), ("organisation",)),
    ("relations", _("Relations"), ("person", "organisation")),
    ("owners", _("Owners"), (None,)),
)
log = structlog.get_logger("kontora.web")


def panels_of(session: ScopedSession, rtype: RecordType, kind: str | None) -> list[Panel]:
    """The plugins' panels that this user sees on a record of this kind."""
    rights = session.principal.rights
    return [
        each
        for each in session.registry.panels
        if each.entity in (rtype.entity, "*")
        and (each.permission is None or rights.has(each.permission))
        and (not each.kinds or kind is None or kind in each.kinds)
    ]


def arranged(session: ScopedSession, rtype: RecordType, kind: str | None) -> list[dict[str, Any]]:
    """The parts of the right column in the order that this user gave them; new ones come last.

    Those of core's own stand in the page (`panel` is None), the others load by themselves.
    """
    offered = panels_of(session, rtype, kind)
    found: list[dict[str, Any]] = [
        {"id": name, "title": title, "panel": None}
        for name, title, kinds in OWN
        if (has_owner(rtype) if None in kinds else kind in kinds)
    ]
    found += [{"id": each.id, "title": each.title, "panel": each} for each in offered]
    user_id = session.principal.user_id
    kept = preferences.get(session, user_id, key_of(rtype)) if user_id is not None else None
    places = {name: place for place, name in enumerate(kept or ())}
    return sorted(found, key=lambda each: places.get(each["id"], len(places)))


def key_of(rtype: RecordType) -> str:
    """Under which the order of panels is kept, for each user and type."""
    return f"panels:{rtype.path}"


@blueprint.post("/<rtype:rtype>/panels")
@policy(RECORDS)
def arrange(rtype: RecordType) -> Response:
    """Keep the order of panels (`panels`, repeated) on pages of this type, for this user."""
    session = db()
    service.require(session, rtype, "view")
    known = {each.id for each in session.registry.panels} | {name for name, *_rest in OWN}
    wanted = [name for name in dict.fromkeys(request.form.getlist("panels")) if name in known]
    if session.principal.user_id is not None:
        preferences.put(session, session.principal.user_id, key_of(rtype), wanted or None)
    return make_response(redirect(came_from(f"/{rtype.path}"), 303))


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
    told = (rtype.entity,) if panel.entity == "*" else ()
    body = contained(
        session,
        panel.id,
        panel.title,
        panel.template,
        lambda: panel.load(session, record_id, *told),
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
        if is_connection_lost(error):
            raise
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
