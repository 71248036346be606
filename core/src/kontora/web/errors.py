"""Errors as pages: what happened, what was saved, what to do, an id to quote."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, render_template, request

from kontora import text
from kontora.http.context import SAFE
from kontora.http.failures import Failure
from kontora.http.missing_rights import whom_to_ask
from kontora.text import Text, _
from kontora.web.addresses import came_from, here, is_fragment, with_query

_REMEDIES = {
    404: _("It may have been deleted, or it is not yours to see."),
}


def error_page(failure: Failure) -> Response:
    """The page, or for htmx the fragment, that tells a failure. Who is not signed in is sent to
    do so, and comes back to where he wanted to go."""
    lost_sign_in = failure.status == 400 and "CSRF" in failure.detail and not g.get("principal")
    if failure.status == 401 or (lost_sign_in and is_fragment()):
        return _to_sign_in()
    if failure.go_to:
        return _to(failure.go_to, failure.status)
    if failure.status == 503:
        return _alone(failure)
    if "principal" not in g:  # refused before anybody was identified
        g.principal = None
        language = request.accept_languages.best_match(text.LANGUAGES, default="en") or "en"
        with text.use_locale(language):
            return _render(failure)
    return _render(failure)


def _alone(failure: Failure) -> Response:
    """A page that asks the database nothing, not even for the name of the company."""
    who = g.get("principal")
    g.principal, g.company = None, g.get("company", "Kontora")
    language = request.accept_languages.best_match(text.LANGUAGES, default="en") or "en"
    try:
        with text.use_locale(who.locale if who is not None else language):
            return _render(failure)
    finally:
        g.principal = who


def _to_sign_in() -> Response:
    wanted = here() if request.method in SAFE else came_from("/")
    if is_fragment():  # js/session.js asks to sign in, and leaves what was typed where it is
        return make_response("", 401)
    return _to(with_query("/sign-in", [("next", wanted if wanted != "/" else "")]), 401)


def _to(target: str, status: int) -> Response:
    if is_fragment():
        response = make_response("", status)
        response.headers["HX-Redirect"] = target
        return response
    return make_response(redirect(target, 303 if request.method not in SAFE else 302))


def told(failure: Failure) -> Response:
    """The page of a refusal for who asked why, before he tried."""
    response = _render(failure)
    response.status_code = 200
    return response


def _render(failure: Failure) -> Response:
    detail: Text = failure.detail
    remedy = failure.remedy or _REMEDIES.get(failure.status, "")
    if failure.status == 403:
        remedy = f"{remedy} {whom_to_ask(failure.right)}".strip()
    if failure.status == 400 and "CSRF" in failure.detail:
        detail = _(
            "This page is older than your sign-in. Nothing was saved; it is kept as a draft."
        )
        remedy = _("Go back, reload the page and send it again.")
    error = {
        "code": failure.status,
        "title": failure.title,
        "text": detail,
        "remedy": remedy,
        "fields": failure.fields,
        "id": failure.error_id,
    }
    template = "core/pages/error_fragment.html" if is_fragment() else "core/error.html"
    return make_response(render_template(template, error=error), failure.status)
