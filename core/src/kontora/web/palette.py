"""The command palette: what a user can open and do, as an index that his browser searches.

Pages and actions come in one answer, the same for everybody with the same rights and language, so
the browser keeps it and asks only whether it is still good. Records that he starred or opened
last come apart and are never kept. Names stand there in all languages: who thinks in Russian
finds “Контакты” in an English face too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, jsonify, render_template, request

from kontora import text
from kontora.access.principal import Principal
from kontora.errors import NotFound
from kontora.http.context import db, principal, site
from kontora.http.policy import RECORDS, SIGNED_IN, policy
from kontora.lifecycle.site import Site
from kontora.records import favourites
from kontora.records.favourites import AtHand
from kontora.registry.faces import Action, MenuItem
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web import menu
from kontora.web.records import words as record_words

blueprint = Blueprint("palette", __name__)
PROFILE: tuple[tuple[str, Text, str], ...] = (
    ("/profile", _("My profile"), "user-circle"),
    ("/profile/security", _("Password and devices"), "lock"),
    ("/profile/tokens", _("API tokens"), "key"),
    ("/notices", _("Notices"), "bell"),
    ("/notices/settings", _("How I hear of what"), "bell"),
)
THEMES: tuple[tuple[str, Text, str], ...] = (
    ("light", _("Switch to light"), "sun"),
    ("dark", _("Switch to dark"), "moon"),
    ("auto", _("Theme as the system"), "device-desktop"),
)
# What the page itself does; `js/palette.js` knows them by their names.
OWN: tuple[tuple[str, Text, str, str, Text], ...] = (
    ("keys", _("Show the keys"), "keyboard", "?", _("shortcuts help")),
    ("fold", _("Fold the menu"), "layout-sidebar", "", _("side bar icons")),
    ("star", _("Star this record"), "star", "s", _("favourite bookmark")),
    ("sign-out", _("Sign out"), "logout", "", _("log out leave")),
)
NATIVE = {"en": "English", "ru": "Русский", "uk": "Українська"}


def register(app: Flask, site: Site) -> None:
    """Add the routes, and `star_of` of templates."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals["star_of"] = star_for


def star_for(entity: str, record_id: object) -> dict[str, Any]:
    """The star of a record, for `core/star.html`."""
    on = favourites.is_starred(db(), entity, UUID(str(record_id)))
    return {"entity": entity, "id": record_id, "on": on}


@blueprint.get("/palette")
@policy(SIGNED_IN)
def index() -> Response:
    """Pages, actions and help; the browser asks with the tag of what it has."""
    body = json.dumps(
        {"items": entries(principal())}, ensure_ascii=False, separators=(",", ":")
    ).encode()
    response = Response(body, mimetype="application/json")
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Vary"] = "Cookie"
    response.set_etag(hashlib.sha256(body).hexdigest()[:20], weak=True)
    response.make_conditional(request)
    return response


@blueprint.get("/palette/records")
@policy(RECORDS)
def records() -> Response:
    """The records at hand: starred ones, and those opened last."""
    session = db()
    stars = favourites.starred(session)
    keys = {(each.entity, each.id) for each in stars}
    opened = [each for each in favourites.recent(session) if (each.entity, each.id) not in keys]
    return jsonify(
        starred=[_record(each) for each in stars], recent=[_record(each) for each in opened]
    )


@blueprint.route("/favourites/<entity>/<uuid:record_id>", methods=["GET"])
@policy(RECORDS)
def star_of(entity: str, record_id: UUID) -> str:
    """The star of a record, as its page shows it."""
    return _star(entity, record_id, favourites.is_starred(db(), entity, record_id))


@blueprint.post("/favourites/<entity>/<uuid:record_id>")
@policy(RECORDS)
def put_star(entity: str, record_id: UUID) -> str:
    """Star a record, or take the star off (`on=` empty)."""
    session = db()
    if session.registry.of_entity(entity) is None:
        raise NotFound()
    on = bool(request.form.get("on"))
    favourites.star(session, entity, record_id, on)
    return _star(entity, record_id, on)


def _star(entity: str, record_id: UUID, on: bool) -> str:
    star = {"entity": entity, "id": record_id, "on": on}
    return render_template("core/star.html", star=star)


def _record(each: AtHand) -> dict[str, Any]:
    return {
        "label": each.name,
        "url": each.url,
        "icon": each.rtype.icon,
        "hint": str(each.rtype.label),
        "kind": each.kind,
    }


def entries(who: Principal) -> list[dict[str, Any]]:
    """Everything but records, in the language in force, with the names of the others beside."""
    registry = site().registry
    types = list(registry.record_types.values())
    found: list[dict[str, Any]] = []
    for item in registry.menu:
        if menu.may_open(who, item):
            found.append(_page(item))
    found += [
        _entry("page", label, icon, url=url, hint=_("For me")) for url, label, icon in PROFILE
    ]
    if any(
        each.group == menu.ADMINISTRATION and menu.may_open(who, each) for each in registry.menu
    ):
        found.append(_entry("page", _("Administration"), "settings", url="/admin", keys=["G", "S"]))
    for rtype in menu.creatable(who, types):
        label = _new(rtype)
        found.append(_entry("action", label, rtype.icon, url=f"/{rtype.path}/new"))
    shown = (each for each in registry.actions.values() if _may(who, each))
    found += [_action(each) for each in sorted(shown, key=lambda each: (each.order, each.id))]
    found += _of_the_face()
    return found


def _new(rtype: RecordType) -> Text:
    return record_words.NEW.get(rtype.path) or _("New: %(what)s") % {"what": rtype.label}


def _page(item: MenuItem) -> dict[str, Any]:
    key = menu.KEYS.get(item.id)
    keys = ["G", key.upper()] if key else None
    hint = _("Administration") if item.group == menu.ADMINISTRATION else ""
    return _entry("page", item.label, item.icon, url=item.url, keys=keys, hint=hint)


def _action(action: Action) -> dict[str, Any]:
    return _entry(
        "action", action.label, action.icon, url=action.url, words=action.words, asks=action.asks
    )


def _may(who: Principal, action: Action) -> bool:
    if action.permission is not None and not who.rights.has(action.permission):
        return False
    if action.create_entity is None:
        return True
    return who.rights.scope(action.create_entity, "create") is not None


def _of_the_face() -> list[dict[str, Any]]:
    found = [
        _entry("action", label, icon, does=f"theme:{value}", words=_("theme colours"))
        for value, label, icon in THEMES
    ]
    for code, native in NATIVE.items():
        if code != text.locale():
            name = _("Language: %(name)s") % {"name": native}
            found.append(_entry("action", name, "language", does=f"language:{code}"))
    for does, label, icon, key, words in OWN:
        keys = [key.upper()] if key else None
        found.append(_entry("action", label, icon, does=does, keys=keys, words=words))
    return found


def _entry(
    sort: str,
    label: Text,
    icon: str,
    *,
    url: str | None = None,
    does: str | None = None,
    keys: list[str] | None = None,
    words: Text = "",
    asks: str | None = None,
    hint: Text = "",
) -> dict[str, Any]:
    given = {"url": url, "does": does, "keys": keys, "asks": asks, "hint": str(hint)}
    also = _others([label, words])
    return {
        "sort": sort,
        "label": str(label),
        "icon": icon,
        **({"also": also} if also else {}),
        **{name: value for name, value in given.items() if value},
    }


def _others(texts: Iterable[Text]) -> str:
    """The same in the other languages, and its further words in all of them."""
    label, words = texts
    found = [str(words)] if words else []
    for language in text.LANGUAGES:
        if language != text.locale():
            with text.use_locale(language):
                found += [str(label), str(words)]
    own = str(label)
    return " ".join(dict.fromkeys(each for each in found if each and each != own))
