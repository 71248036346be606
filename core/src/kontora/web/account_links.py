"""A password forgotten, and the page where a link from a mail leads."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, redirect, request
from flask import session as cookie

from kontora import text
from kontora.access import links, passwords
from kontora.access.principal import system
from kontora.errors import Invalid
from kontora.http.context import site
from kontora.http.policy import PUBLIC, policy
from kontora.lifecycle import sign_in as service
from kontora.parties import account_mails, sign_in_log
from kontora.text import _
from kontora.web import flash, visitors

blueprint = Blueprint("account_links", __name__)


@blueprint.get("/forgotten")
@policy(PUBLIC)
def forgotten_form() -> Response:
    """Ask for the address of the account."""
    return visitors.page("core/pages/forgotten.html", values={}, errors={}, sent=False)


@blueprint.post("/forgotten")
@policy(PUBLIC)
def forgotten() -> Response:
    """Queue a look for the account. Known or not, disabled or asked for too often: the answer
    and the work of this request are the same."""
    email = request.form.get("email", "").strip().casefold()[:255]
    if "@" not in email or not email.isprintable():
        errors = {"email": [_("Write the e-mail address that you sign in with.")]}
        return visitors.page(
            "core/pages/forgotten.html", 422, values={"email": email}, errors=errors, sent=False
        )
    network = service.network_of(request.remote_addr or "")
    if not service.may_try(site(), (service.LINK, network)):
        errors = {"": [_("Too many tries. Wait a minute, then try again.")]}
        return visitors.page(
            "core/pages/forgotten.html", 429, values={"email": email}, errors=errors, sent=False
        )
    if service.may_try(site(), (service.RESET, email)):
        with site().write(system("sign-in")) as session:
            account_mails.ask_reset(session, email, visitors.base_url())
    return visitors.page("core/pages/forgotten.html", values={}, errors={}, sent=True)


@blueprint.get("/set-password")
@policy(PUBLIC)
def set_password_form() -> Response:
    """The page behind a link: choose a password, if the link still opens."""
    return _page(request.args.get("token", ""), {})


@blueprint.post("/set-password")
@policy(PUBLIC)
def set_password() -> Response:
    """Set the password, end the link and all sessions; then one signs in as always, so that a
    second factor is asked for all the same."""
    token = request.form.get("token", "")
    network = service.network_of(request.remote_addr or "")
    if not service.may_try(site(), (service.LINK, network)):
        return _page(token, {"": [_("Too many tries. Wait a minute, then try again.")]}, 429)
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        return _page(token, {"again": [_("The two passwords differ.")]}, 422)
    try:
        with site().write(system("sign-in")) as session:
            used = links.use(session, token, password)
            if used is not None:
                verb = "reset_done" if used.purpose == links.RESET else "invite_accepted"
                address = request.remote_addr or ""
                facts = {"user": used.email, "address": address}
                sign_in_log.note_of(session, verb, used.user_id, **facts)
    except Invalid as error:
        return _page(token, error.errors, 422)
    if used is None:
        return _page("", {}, 422)
    cookie.clear()
    with text.use_locale(used.locale):
        flash.tell(_("The password is set. Sign in with it."), "good")
    return make_response(redirect("/sign-in", 303))


def _page(token: str, errors: Any, status: int = 200) -> Response:
    with site().read(system("sign-in")) as session:
        link = links.find(session, token) if token else None
        shortest = passwords.shortest(session)
    if link is None:
        return visitors.page("core/pages/set_password.html", 422, link=None, errors={})
    return visitors.page(
        "core/pages/set_password.html",
        status,
        language=link.locale,
        link=link,
        token=token,
        errors=errors,
        shortest=shortest,
        languages=None,  # their links would lose the token
    )
