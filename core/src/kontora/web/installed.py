"""Kontora as an app of the device: manifest, service worker, the page that tells of no line.

The service worker keeps our static files and that one page; it never sees an answer with data.
Its text changes with the version of the files, so an upgrade brings a new one, which throws the
old files away.
"""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, current_app, g, jsonify, render_template, request
from flask_wtf.csrf import generate_csrf

from kontora import text
from kontora.http.policy import PUBLIC, policy
from kontora.text import _
from kontora.web import shell
from kontora.web.assets import CORE, NAME, Assets

blueprint = Blueprint("installed", __name__)
OFFLINE = "/offline"
# What the page without a line needs; everything else is kept when it is first used.
_NEEDED = (
    "vendor/tabler.css",
    "vendor/icons.svg",
    "css/tokens.css",
    "css/parts.css",
    "css/shell.css",
    "js/theme.js",
    "js/offline.js",
    "icon.svg",
)
_ICONS = (
    ("icon.svg", "any", "image/svg+xml", "any"),
    ("icons/192.png", "192x192", "image/png", "any"),
    ("icons/512.png", "512x512", "image/png", "any"),
    ("icons/maskable.png", "512x512", "image/png", "maskable"),
)


def _assets() -> Assets:
    return cast(Assets, current_app.extensions[NAME])


@blueprint.get("/manifest.webmanifest")
@policy(PUBLIC)
def manifest() -> Response:
    """What the device shows of us, in the language of the asker."""
    given = request.args.get("language", "")
    with text.use_locale(given if given in text.LANGUAGES else text.locale()):
        name = shell.company()
        body: dict[str, Any] = {
            "id": "/",
            "name": name if name == "Kontora" else f"{name} · Kontora",
            "short_name": name[:12],
            "description": str(_("Clients, partners and everything agreed with them.")),
            "lang": text.locale(),
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#ffffff",
            "theme_color": shell.look()["accent"],
            "icons": [
                {"src": _assets().url(path), "sizes": sizes, "type": kind, "purpose": purpose}
                for path, sizes, kind, purpose in _ICONS
            ],
            "shortcuts": [
                {"name": str(label), "url": url}
                for label, url in (
                    (_("My day"), "/"),
                    (_("Contacts"), "/contacts"),
                    (_("New contact"), "/contacts/new"),
                    (_("Log a call"), "/activities/new?kind=call"),
                )
            ],
        }
    response = jsonify(body)
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@blueprint.get("/worker.js")
@policy(PUBLIC)
def worker() -> Response:
    """The service worker. It must lie at the root to see the whole site."""
    assets = _assets()
    versions = ".".join(assets.versions[name] for name in sorted(assets.versions))
    head = {
        "VERSION": f"kontora-{versions}",
        "OFFLINE": OFFLINE,
        "NEEDED": [assets.url(each) for each in _NEEDED],
    }
    lines = [f"const {name} = {current_app.json.dumps(value)};" for name, value in head.items()]
    body = "\n".join([*lines, (CORE / "js" / "worker.js").read_text(encoding="utf-8")])
    response = Response(body, mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get(OFFLINE)
@policy(PUBLIC)
def offline() -> str:
    """The page that stands in when no other can be had. It names nobody."""
    g.principal, g.shell_facts = None, {**shell.plain(), "company": "Kontora"}
    return render_template("core/pages/offline.html", page={"title": _("No connection")})


@blueprint.get("/signed-in")
@policy(PUBLIC)
def signed_in() -> Response:
    """Whether the browser is signed in, and as whom the page may go on; asked before a form is
    sent, so that nothing typed runs into a sign-in page. With it comes a fresh CSRF token."""
    who = g.get("principal")
    return jsonify(user=str(who.user_id) if who is not None else None, csrf=generate_csrf())


@blueprint.get("/back")
@policy(PUBLIC)
def back() -> str:
    """Where a sign-in in a second tab ends: this tab can be closed."""
    g.shell_facts = g.get("shell_facts") or shell.plain()
    return render_template("core/pages/back.html", page={"title": _("Signed in")})
