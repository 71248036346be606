"""My second factors: the authenticator app, recovery codes, passkeys."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import segno
from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask import session as cookie

from kontora.access import passkeys, second_factor, steps
from kontora.access.principal import system
from kontora.errors import Invalid, NotFound
from kontora.http.context import db, principal, site
from kontora.http.policy import PROVING, SIGNED_IN, policy
from kontora.lifecycle import factors as service
from kontora.lifecycle import sign_in
from kontora.text import _
from kontora.web import confirm, flash, shell, visitors

blueprint = Blueprint("factors", __name__)
_ADDING = "passkey_add"


@blueprint.get("/second-factor")
@policy(PROVING)
def choose() -> Response:
    """Choose a second factor. Who has one, and only did not show it yet, is asked for it."""
    session = db()
    held = second_factor.factors(session, service.me(session))
    if principal().lacks_factor and held.any:
        return make_response(redirect("/confirm?next=/"))
    return _choose({})


def _choose(errors: Any, status: int = 200) -> Response:
    shown = render_template(
        "core/pages/profile/second_factor.html",
        errors=errors,
        languages=None,
        passkeys=visitors.passkey_place() is not None,
    )
    return make_response(shown, status)


# The authenticator app


@blueprint.post("/second-factor/app")
@policy(PROVING)
def begin_app() -> Response:
    """Make a secret for the app."""
    if (detour := confirm.first()) is not None:
        return detour
    session = db()
    if second_factor.factors(session, service.me(session)).app:
        raise Invalid({"": [_("You have an app already. Remove it first.")]})
    second_factor.begin_app(session, service.me(session))
    return make_response(redirect("/second-factor/app", 303))


@blueprint.get("/second-factor/app")
@policy(PROVING)
def app_form() -> Response:
    """The picture for the app, and the field for its first code."""
    return _app({})


@blueprint.get("/second-factor/picture.svg")
@policy(PROVING)
def picture() -> Response:
    """The secret as a QR code, dark on white in both themes."""
    secret = _pending()
    if secret is None:
        raise NotFound(_("Begin the set-up first."))
    address = second_factor.address(secret, principal().email or "", shell.company())
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", scale=5, border=3, light="#ffffff", xmldecl=False
    )
    response = make_response(out.getvalue())
    response.content_type = "image/svg+xml"
    return response


@blueprint.post("/second-factor/app/confirm")
@policy(PROVING)
def confirm_app() -> Response:
    """End the set-up with a code of the app."""
    me = principal().user_id
    # Before the request's own transaction: a refused try rolls that back, and must be counted.
    if not sign_in.may_try(site(), (sign_in.CODE_MINUTE, me), (sign_in.CODE_HOUR, me)):
        return _app({"": [_("Too many tries. Wait a minute, then try again.")]}, 429)
    try:
        codes = service.confirm_app(db(), request.form.get("code", "")[:20])
    except Invalid as error:
        return _app(error.errors, 422)
    return _done(codes)


@blueprint.post("/second-factor/app/remove")
@policy(SIGNED_IN)
def remove_app() -> Response:
    """Take the app away."""
    if (detour := confirm.first()) is not None:
        return detour
    service.remove_app(db())
    flash.tell(_("The app opens nothing any more."))
    return _to_security()


def _pending() -> str | None:
    session = db()
    return second_factor.pending_secret(session, service.me(session))


def _app(errors: Any, status: int = 200) -> Response:
    secret = _pending()
    if secret is None:
        return make_response(redirect("/second-factor", 303))
    groups = " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
    shown = render_template(
        "core/pages/profile/app.html", secret=groups, errors=errors, languages=None
    )
    return make_response(shown, status)


# Recovery codes


@blueprint.post("/second-factor/codes")
@policy(SIGNED_IN)
def make_codes() -> Response:
    """New recovery codes, shown in this answer and never again."""
    if (detour := confirm.first()) is not None:
        return detour
    return _done(service.make_codes(db()))


def _done(codes: list[str]) -> Response:
    if not codes:
        flash.tell(_("The second factor is set up."), "good")
        return _to_security()
    return make_response(
        render_template("core/pages/profile/codes.html", codes=codes, languages=None)
    )


def _to_security() -> Response:
    return make_response(redirect("/profile/security", 303))


# Passkeys


@blueprint.post("/passkeys/options")
@policy(PROVING)
def passkey_options() -> Response:
    """What the browser needs to make a passkey."""
    place, me = visitors.passkey_place(), principal()
    if (detour := confirm.first()) is not None:
        return detour
    if place is None or me.user_id is None:
        raise NotFound(_("Passkeys need an address with a name."))
    offer = passkeys.offer_registration(db(), me.user_id, me.email or "", me.name, place)
    cookie[_ADDING] = offer.handle
    response = make_response(offer.options)
    response.content_type = "application/json"
    return response


@blueprint.post("/passkeys")
@policy(PROVING)
def add_passkey() -> Response:
    """Keep the passkey that the browser made."""
    place = visitors.passkey_place()
    if (detour := confirm.first()) is not None:
        return detour
    # Before the request's own transaction: the challenge is used up even when the rest fails.
    with site().write(system("sign-in")) as session:
        step = steps.end(session, steps.PASSKEY_ADD, cookie.pop(_ADDING, None))
    if place is None:
        raise NotFound(_("Passkeys need an address with a name."))
    form = request.form
    try:
        with db().begin_nested():
            codes = service.register_passkey(
                db(), step, form.get("name", ""), form.get("credential", ""), place
            )
    except Invalid as error:
        return _choose(error.errors, 422)
    return _done(codes)


@blueprint.post("/passkeys/<uuid:passkey_id>/remove")
@policy(SIGNED_IN)
def remove_passkey(passkey_id: UUID) -> Response:
    """Take a passkey away."""
    if (detour := confirm.first()) is not None:
        return detour
    service.remove_passkey(db(), passkey_id)
    flash.tell(_("The passkey opens nothing any more."))
    return _to_security()
