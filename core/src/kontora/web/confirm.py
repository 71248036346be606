"""Prove once more who is there: before factors are changed, or when a role demands a second
factor and this device was signed in by password alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask import session as cookie

from kontora import clock
from kontora.access import passwords, second_factor
from kontora.access.principal import system
from kontora.access.session import ScopedSession
from kontora.http.context import db, principal, site
from kontora.http.policy import PROVING, policy
from kontora.lifecycle import factors
from kontora.lifecycle import sign_in as service
from kontora.parties import sign_in_log
from kontora.text import Text, _
from kontora.web import visitors
from kontora.web.addresses import came_from, own_path, with_query
from kontora.web.visitors import PASSKEY

blueprint = Blueprint("confirm", __name__)
FRESH = timedelta(minutes=15)


def first() -> Response | None:
    """A redirect to the page below, when the last proof is older than 15 minutes, or was a
    password where a second factor is held that must be shown; else None."""
    proven = principal().confirmed_at
    if proven is not None and clock.now() - proven <= FRESH and not _owes_factor():
        return None
    target = with_query("/confirm", [("next", came_from("/profile/security"))])
    return make_response(redirect(target, 303))


def _owes_factor() -> bool:
    """Whether a factor that is held was not shown: a password must not add another one then."""
    if not principal().lacks_factor:
        return False
    with site().read(system("sign-in")) as session:
        return second_factor.factors(session, factors.me(db())).any


@blueprint.get("/confirm")
@policy(PROVING)
def form() -> Response:
    """Ask for password, code or passkey."""
    return _page(db(), {}, own_path(request.args.get("next")))


@blueprint.post("/confirm")
@policy(PROVING)
def confirm() -> Response:
    """Note the proof on this device. A second factor makes a weak device a strong one."""
    me, device = principal(), visitors.device()
    wanted = own_path(request.form.get("next"))
    assert me.user_id is not None
    # Before the request's own transaction: a refused try rolls that back, and must be counted.
    tries = ((service.CONFIRM, me.user_id), (service.CODE_HOUR, me.user_id))
    is_code = bool(request.form.get("code"))
    if not service.may_try(site(), *tries[: 1 + is_code]):
        errors = {"": [_("Too many tries. Wait a few minutes, then try again.")]}
        return _page(db(), errors, wanted, 429)
    method = _method()
    if method is None:
        with site().write(system("sign-in")) as session:
            facts = {"user": me.email, "address": device.address}
            sign_in_log.note(session, "confirm_failed", me.user_id, **facts)
        return _page(db(), {"": [_wrong()]}, wanted, 422)
    # Who knows the password must not try codes without end by giving it in between.
    service.forgive(site(), *tries[: 1 + bool(method)])
    session = db()
    if me.session_id is not None:
        passwords.confirm_device(session, me.session_id, method or None)
    return make_response(redirect(wanted or "/profile/security", 303))


def _wrong() -> Text:
    if request.form.get("credential"):
        return _("The passkey was not accepted. Try again.")
    if request.form.get("code"):
        return _("This code does not fit, or was used already. Wait for the next one.")
    return _("This is not your present password.")


def _method() -> str | None:
    """How the user proved himself: a strong method, "" for the password; None when he did not."""
    me, form = principal(), request.form
    assert me.user_id is not None
    if form.get("credential"):
        place, handle = visitors.passkey_place(), cookie.pop(PASSKEY, None)
        found = service.by_passkey(site(), handle, form["credential"], place) if place else None
        return "passkey" if found == me.user_id else None
    if form.get("code"):
        with site().write(system("sign-in")) as session:
            kind = service.check_code(session, me.user_id, form["code"][:100])
        return "password+code" if kind else None
    with site().read(system("sign-in")) as session:
        right = passwords.verify(session, me.email or "", form.get("password", ""))
    return "" if right == me.user_id else None


def _page(session: ScopedSession, errors: Any, wanted: str | None, status: int = 200) -> Response:
    me = principal()
    held = second_factor.factors(session, factors.me(session))
    shown = render_template(
        "core/pages/confirm.html",
        errors=errors,
        next=wanted,
        languages=None,
        # Where a second factor is what lacks, the password alone helps nobody on.
        password=not me.lacks_factor,
        code=held.app or held.codes_left > 0,
        passkeys=held.passkeys > 0 and visitors.passkey_place() is not None,
    )
    return make_response(shown, status)
