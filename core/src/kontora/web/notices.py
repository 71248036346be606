"""The user's notices: the panel of the bell, a page with all, and how he wants to hear of what."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request

from kontora.errors import Invalid
from kontora.http.context import db, principal, site
from kontora.http.policy import SIGNED_IN, policy
from kontora.records import notice_wishes, notices
from kontora.records.notice_wishes import BELL, MAIL, NONE, WAYS, Wishes
from kontora.records.notices import NoticeEntry
from kontora.text import Text, _
from kontora.web import flash, preferences
from kontora.web.addresses import before, came_from, is_fragment, own_path, with_query

blueprint = Blueprint("notices", __name__)
LIMIT, IN_PANEL = 50, 12
WAY_LABELS: tuple[tuple[str, Text], ...] = (
    (NONE, _("not at all")),
    (BELL, _("by the bell")),
    (MAIL, _("by the bell and by mail")),
)


def _shown(entries: list[NoticeEntry]) -> list[dict[str, Any]]:
    kinds = site().registry.notice_kinds
    return [
        {
            "id": each.id,
            "text": each.text,
            "created_at": each.created_at,
            "read_at": each.read_at,
            "icon": notice_wishes.kind_of(kinds, each.kind).icon,
        }
        for each in entries
    ]


@blueprint.get("/notices")
@policy(SIGNED_IN)
def show() -> str:
    """What was told to the user, newest first."""
    session = db()
    found = notices.listing(session, before=before(), limit=LIMIT)
    older = None
    if len(found) == LIMIT:
        older = with_query("/notices", [("before", str(found[-1].id))])
    return render_template(
        "core/pages/notices.html",
        page={"title": _("Notices"), "hint": _("What Kontora has told you.")},
        tabs=_tabs("/notices"),
        notices=_shown(found),
        unread=notices.unread(session),
        older=older,
    )


@blueprint.get("/notices/panel")
@policy(SIGNED_IN)
def panel() -> str:
    """The inside of the panel under the bell: the latest ones."""
    session = db()
    found = notices.listing(session, limit=IN_PANEL)
    return render_template(
        "core/notice_panel.html", notices=_shown(found), unread=notices.unread(session)
    )


@blueprint.post("/notices/read")
@policy(SIGNED_IN)
def read_all() -> Response:
    """Mark all as read; the panel of the bell shows itself anew."""
    session = db()
    notices.mark_all(session)
    if is_fragment():
        found = _shown(notices.listing(session, limit=IN_PANEL))
        return make_response(render_template("core/notice_panel.html", notices=found, unread=0))
    return make_response(redirect(came_from("/notices"), 303))


@blueprint.post("/notices/<int:notice_id>/read")
@policy(SIGNED_IN)
def read(notice_id: int) -> Response:
    """Mark one as read, and go where it leads."""
    session = db()
    notices.mark_read(session, notice_id)
    (entry,) = notices.listing(session, before=notice_id + 1, limit=1)
    return make_response(redirect(own_path(entry.link) or "/notices", 303))


@blueprint.get("/notices/settings")
@policy(SIGNED_IN)
def settings() -> str:
    """Of what the user wants to hear, and how."""
    return _settings(_wish(), {})


@blueprint.post("/notices/settings")
@policy(SIGNED_IN)
def save_settings() -> Response:
    """Keep it; it holds from the next notice on."""
    session, me = db(), principal()
    form = request.form
    declared = notice_wishes.declared(site().registry.notice_kinds)
    chosen = {each.name: form.get(f"kind.{each.name}", each.default) for each in declared}
    wish = Wishes(
        hour=form.get("hour", default=notice_wishes.HOUR, type=int),
        kinds={name: way for name, way in chosen.items() if way in WAYS},
    )
    if not 0 <= wish.hour <= 23:
        raise Invalid({"hour": [_("Choose an hour from 0 to 23.")]})
    assert me.user_id is not None
    preferences.put(session, me.user_id, notice_wishes.KEY, notice_wishes.as_json(wish))
    flash.tell(_("Saved."), "good")
    return make_response(redirect("/notices/settings", 303))


def _wish() -> Wishes:
    return notice_wishes.from_json(preferences.get(db(), principal().user_id, notice_wishes.KEY))


def _settings(wish: Wishes, errors: Any) -> str:
    kinds = site().registry.notice_kinds
    rows = [
        {
            "name": each.name,
            "label": each.label,
            "icon": each.icon,
            "way": wish.way(kinds, each.name),
        }
        for each in notice_wishes.declared(kinds)
    ]
    return render_template(
        "core/pages/notice_settings.html",
        page={"title": _("Notices"), "hint": _("Of what you hear, and how.")},
        tabs=_tabs("/notices/settings"),
        rows=rows,
        ways=WAY_LABELS,
        hour=wish.hour,
        hours=[(hour, f"{hour}:00") for hour in range(24)],
        errors=errors,
    )


def _tabs(active: str) -> list[dict[str, Any]]:
    pages = (("/notices", _("All")), ("/notices/settings", _("How I hear of what")))
    return [{"label": label, "url": url, "active": url == active} for url, label in pages]
