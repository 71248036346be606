"""Signing in and out, and the language of the pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request
from flask import session as cookie
from sqlalchemy import update

from kontora import text
from kontora.access import passwords
from kontora.access.models import User
from kontora.access.principal import system
from kontora.http.context import DEVICE, db, site
from kontora.http.policy import PUBLIC, SIGNED_IN, policy
from kontora.text import LANGUAGES, _
from kontora.web.addresses import own_path
from kontora.work import throttle

blueprint = Blueprint("sign_in", __name__)
PER_ACCOUNT, PER_ADDRESS, WINDOW = 5, 30, 60.0
_LANGUAGE = "language"
_user: Any = User.__table__


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
    wanted = own_path(request.form.get("next"))
    if not _may_try(email):
        too_many = _("Too many tries. Wait a minute, then try again.")
        return _page({"email": email}, {"": [too_many]}, wanted, 429)
    with site().read(system("sign-in")) as session:
        user_id = passwords.verify(session, email, request.form.get("password", ""))
    if user_id is None:
        wrong = _("The e-mail or the password is not right.")
        return _page({"email": email}, {"": [wrong]}, wanted, 422)
    with site().write(system("sign-in")) as session:
        agent = request.user_agent.string
        token = passwords.open_device(
            session, user_id, address=request.remote_addr or "", agent=agent
        )
    with site().database.write_engine.begin() as connection:
        throttle.reset(connection, f"sign-in:account:{email}")
    cookie.clear()
    cookie[DEVICE] = token
    cookie.permanent = True
    return make_response(redirect(wanted or "/", 303))


def _may_try(email: str) -> bool:
    with site().database.write_engine.begin() as connection:
        address = throttle.hit(
            connection, f"sign-in:address:{request.remote_addr}", PER_ADDRESS, WINDOW
        )
        account = throttle.hit(connection, f"sign-in:account:{email}", PER_ACCOUNT, WINDOW)
    return address and account


def _page(
    values: dict[str, Any], errors: dict[str, Any], wanted: str | None, status: int = 200
) -> Response:
    asked = request.args.get(_LANGUAGE) or request.cookies.get(_LANGUAGE)
    language = asked if asked in LANGUAGES else text.locale()
    with text.use_locale(language):
        page = render_template("core/pages/sign_in.html", values=values, errors=errors, next=wanted)
    response = make_response(page, status)
    if request.args.get(_LANGUAGE) in LANGUAGES:
        secure = request.is_secure
        response.set_cookie(
            _LANGUAGE, language, max_age=31_536_000, httponly=True, samesite="Lax", secure=secure
        )
    return response


@blueprint.post("/sign-out")
@policy(PUBLIC)
def sign_out() -> Response:
    """End this device; the other ones stay signed in."""
    principal = g.principal
    if principal is not None and principal.user_id and principal.session_id is not None:
        with site().write(system("sign-out")) as session:
            passwords.revoke_devices(session, principal.user_id, principal.session_id)
    cookie.clear()
    return make_response(redirect("/sign-in", 303))


@blueprint.post("/language")
@policy(SIGNED_IN)
def choose_language() -> Response:
    """Keep the language that the user reads; `next` is the page to go back to."""
    language = request.form.get(_LANGUAGE, "")
    if language in LANGUAGES:
        mine = _user.c.id == g.principal.user_id
        statement = update(_user).where(mine).values(locale=language)
        db().execute(statement, execution_options={"door": "administration"})
    return make_response(redirect(own_path(request.form.get("next")) or "/", 303))
