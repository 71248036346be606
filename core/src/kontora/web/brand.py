"""The accent and the logo of the company: what the pages load, and the page that changes them."""

from __future__ import annotations

import base64
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    g,
    make_response,
    redirect,
    render_template,
    request,
)

from kontora.access.principal import system
from kontora.errors import Invalid
from kontora.http.context import db, site
from kontora.http.policy import PUBLIC, needs, policy
from kontora.lifecycle import brand
from kontora.text import _
from kontora.web import flash
from kontora.web.assets import FOREVER

blueprint = Blueprint("brand", __name__)
SETTINGS = needs("admin.settings")
USUAL = "#2f5fd0"
# Colours that pass in both themes, to begin with.
OFFERED = (USUAL, "#0f766e", "#15803d", "#7c3aed", "#be185d", "#c2410c", "#b91c1c", "#475569")


def links(kept: Any) -> dict[str, Any]:
    """What templates need: where the sheet and the logo are, if there are any."""
    version = kept.get("version", "")
    return {
        "sheet": f"/brand/{version}.css" if kept.get("accent") else None,
        "logo": f"/brand/{version}/logo" if kept.get("logo") else None,
        "accent": kept.get("accent") or USUAL,
    }


def _kept() -> dict[str, Any]:
    with site().read(system("shell")) as session:
        return dict(brand.read(session))


@blueprint.get("/brand/<version>.css")
@policy(PUBLIC)
def sheet(version: str) -> Response:
    """The accent as a style sheet, beside ours: no page has a style of its own."""
    kept = _kept()
    if not kept.get("accent") or kept.get("version") != version:
        abort(404)
    found = brand.palette(kept["accent"])
    text = (
        f":root{{--k-accent:{found.accent};--k-on-accent:{found.on}}}"
        f':root,[data-bs-theme="light"]{{--k-accent-text:{found.link}}}'
        f'[data-bs-theme="dark"]{{--k-accent-text:{found.link_dark}}}'
    )
    return _kept_for_ever(Response(text, mimetype="text/css"))


@blueprint.get("/brand/<version>/logo")
@policy(PUBLIC)
def logo(version: str) -> Response:
    """The logo; it stands on the sign-in page too."""
    kept = _kept()
    if not kept.get("logo") or kept.get("version") != version:
        abort(404)
    return _kept_for_ever(Response(base64.b64decode(kept["logo"]), mimetype=kept["kind"]))


def _kept_for_ever(response: Response) -> Response:
    response.headers["Cache-Control"] = FOREVER
    return response


@blueprint.get("/admin/appearance")
@policy(SETTINGS)
def appearance() -> Response:
    """The page of accent and logo."""
    return _page(brand.read(db()).get("accent") or "", {})


@blueprint.post("/admin/appearance")
@policy(SETTINGS)
def save() -> Response:
    """Store both; they hold from the next page on."""
    session = db()
    accent = request.form.get("own_accent", "").strip() or request.form.get("accent", "")
    picture = request.files.get("logo")
    try:
        brand.save_accent(session, "" if accent == USUAL else accent)
        if request.form.get("no_logo"):
            brand.save_logo(session, None)
        elif picture is not None and picture.filename:
            brand.save_logo(session, picture.stream.read(brand.LOGO_BYTES + 1))
    except Invalid as error:
        return _page(accent, error.errors)
    flash.tell(_("Saved."), "good")
    return make_response(redirect("/admin/appearance", 303))


def _page(accent: str, errors: Any) -> Response:
    chosen = accent or USUAL
    found = None if errors.get("accent") else brand.palette(chosen)
    body = render_template(
        "core/pages/admin/appearance.html",
        page={"title": _("Appearance")},
        accent=chosen,
        usual=USUAL,
        offered=OFFERED,
        found=found,
        ratio=brand.contrast(found.accent, found.on) if found else None,
        has_logo=bool(brand.read(g.session).get("logo")),
        errors=errors,
    )
    return make_response(body, 422 if errors else 200)
