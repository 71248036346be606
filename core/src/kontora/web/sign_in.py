"""Signing in, by password and second factor or by passkey; signing out; the language."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, request
from flask import session as cookie
from sqlalchemy import update

from kontora.access import passkeys, passwords, second_factor
from kontora.access.models import User
from kontora.access.principal import system
from kontora.http.context import db, site
from kontora.http.policy import PROVING, PUBLIC, policy
from kontora.lifecycle import sign_in as service
from kontora.parties import sign_in_log
from kontora.text import LANGUAGES, Text, _
from kontora.web import visitors
from kontora.web.addresses import own_path, with_query
from kontora.web.visitors import LANGUAGE, PASSKEY, STEP

blueprint = Blueprint("sign_in", __name__)
_user: Any = User.__table__
_TOO_MANY: Text = _("Too many tries. Wait a minute, then try again.")


@blueprint.get("/sign-in")
@policy(PUBLIC)
def form() -> Response:
    """The form; who is signed in already goes on."""
    wanted = own_path(request.args.get("next"))
    if g.principal is not None:
        return make_response(redirect(wanted or "/"))
    return _page({}, {}, wanted)


@blueprint.post("/sign-in")
@policy(PUBLIC)
def sign_in() -> Response:
    """Check e-mail and password. The answer is the same, and takes as long, whether the name is
    unknown, the password wrong or the user disabled."""
    email = request.form.get("email", "").strip().casefold()[:255]
    email = email if email.isprintable() else ""  # PostgreSQL takes no NUL in a text
    wanted = own_path(request.form.get("next"))
    device = visitors.device(email)
    tries = service.password_tries(email, device)
    if not service.may_try(site(), *tries):
        return _page({"email": email}, {"": [_TOO_MANY]}, wanted, 429)
    user_id = service.check_password(site(), email, request.form.get("password", ""), device)
    if user_id is None:
        wrong = _("The e-mail or the password is not right.")
        return _page({"email": email}, {"": [wrong]}, wanted, 422)
    service.forgive(site(), tries[-1])
    handle = service.wait_for_factor(site(), user_id)
    if handle is None:
        return visitors.welcome(service.open_by_password(site(), user_id, device), wanted, email)
    cookie.clear()
    cookie[STEP] = handle
    return make_response(redirect(with_query("/sign-in/code", [("next", wanted or "")]), 303))


def _page(
    values: dict[str, Any], errors: dict[str, Any], wanted: str | None, status: int = 200
) -> Response:
    return visitors.page(
        "core/pages/sign_in.html",
        status,
        values=values,
        errors=errors,
        next=wanted,
        passkeys=visitors.passkey_place() is not None,
    )


# The second step


@blueprint.get("/sign-in/code")
@policy(PUBLIC)
def code_form() -> Response:
    """Ask for the second factor of who has given his password."""
    if service.waiting(site(), cookie.get(STEP)) is None:
        return make_response(redirect("/sign-in"))
    return _code_page({}, own_path(request.args.get("next")))


@blueprint.post("/sign-in/code")
@policy(PUBLIC)
def code() -> Response:
    """Check a code of the app, or a recovery code."""
    wanted = own_path(request.form.get("next"))
    user_id = service.waiting(site(), cookie.get(STEP))
    if user_id is None:
        late = _("This took too long. Sign in again.")
        return _page({}, {"": [late]}, wanted, 422)
    device = visitors.device()
    tries = service.code_tries(user_id, device)
    if not service.may_try(site(), *tries):
        return _code_page({"": [_TOO_MANY]}, wanted, 429)
    given = request.form.get("code", "")[:100]
    token = service.open_by_code(site(), cookie.get(STEP), given, device)
    if token is None:
        wrong = _("This code does not fit, or was used already. Wait for the next one.")
        return _code_page({"code": [wrong]}, wanted, 422)
    service.forgive(site(), *tries[1:])
    return visitors.welcome(token, wanted, _email(user_id))


def _code_page(errors: dict[str, Any], wanted: str | None, status: int = 200) -> Response:
    user_id = service.waiting(site(), cookie.get(STEP))
    with site().read(system("sign-in")) as session:
        held = second_factor.factors(session, user_id) if user_id else None
    possible = held is not None and held.passkeys > 0 and visitors.passkey_place() is not None
    return visitors.page(
        "core/pages/sign_in_code.html",
        status,
        errors=errors,
        next=wanted,
        app=held.app if held else True,
        passkeys=possible,
    )


def _email(user_id: Any) -> str | None:
    with site().read(system("sign-in")) as session:
        return service.email_of(session, user_id)


# Passkeys


@blueprint.post("/sign-in/passkey/options")
@policy(PUBLIC)
def passkey_options() -> Response:
    """What the browser needs to use a passkey: to sign in, or to confirm who is signed in."""
    place = visitors.passkey_place()
    network = service.network_of(request.remote_addr or "")
    if place is None:
        return make_response({"error": str(_("Passkeys need an address with a name."))}, 404)
    if not service.may_try(site(), (service.NETWORK, network)):
        return make_response({"error": str(_TOO_MANY)}, 429)
    user_id = g.principal.user_id if g.principal else service.waiting(site(), cookie.get(STEP))
    with site().write(system("sign-in")) as session:
        offer = passkeys.offer_sign_in(session, place, user_id)
    cookie[PASSKEY] = offer.handle
    response = make_response(offer.options)
    response.content_type = "application/json"
    return response


@blueprint.post("/sign-in/passkey")
@policy(PUBLIC)
def passkey() -> Response:
    """Sign in by passkey, which is both factors."""
    wanted = own_path(request.form.get("next"))
    place, device = visitors.passkey_place(), visitors.device()
    network = service.network_of(device.address)
    if not service.may_try(site(), (service.NETWORK, network)):
        return _page({}, {"": [_TOO_MANY]}, wanted, 429)
    answer, handle = request.form.get("credential", ""), cookie.pop(PASSKEY, None)
    token = service.open_by_passkey(site(), handle, answer, place, device) if place else None
    if token is None:
        return _page({}, {"": [_("The passkey was not accepted. Try again.")]}, wanted, 422)
    return visitors.welcome(token, wanted, None)


# Going, and the language


@blueprint.post("/sign-out")
@policy(PUBLIC)
def sign_out() -> Response:
    """End this device; the other ones stay signed in."""
    principal = g.principal
    if principal is not None and principal.user_id and principal.session_id is not None:
        with site().write(system("sign-out")) as session:
            passwords.revoke_devices(session, principal.user_id, principal.session_id)
            sign_in_log.note_of(session, "sign_out", principal.user_id, user=principal.email)
    cookie.clear()
    return make_response(redirect("/sign-in", 303))


@blueprint.post("/language")
@policy(PROVING)
def choose_language() -> Response:
    """Keep the language that the user reads; `next` is the page to go back to."""
    language = request.form.get(LANGUAGE, "")
    if language in LANGUAGES:
        mine = _user.c.id == g.principal.user_id
        statement = update(_user).where(mine).values(locale=language)
        db().execute(statement, execution_options={"door": "administration"})
    return make_response(redirect(own_path(request.form.get("next")) or "/", 303))
