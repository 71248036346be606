"""What the pages of sign-in share: the device, the place of passkeys, browsers known already."""

from __future__ import annotations

import hashlib
import secrets
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Response, make_response, redirect, render_template, request
from flask import session as cookie
from itsdangerous import BadSignature, URLSafeTimedSerializer

from kontora import text
from kontora.access.passkeys import Place
from kontora.http.context import DEVICE, site
from kontora.lifecycle.sign_in import Device
from kontora.text import LANGUAGES
from kontora.web import shell

LANGUAGE = "language"
STEP, PASSKEY = "step", "passkey"
_KNOWN, _YEAR = "kontora_known", 31_536_000


def base_url() -> str:
    """The address of this site, as it stands in mails: what is set, or what was asked for (one
    of the hosts that the site trusts)."""
    return (site().settings.base_url or request.host_url).rstrip("/")


def passkey_place() -> Place | None:
    """Where passkeys belong; None when the site is called by a number, which they cannot be."""
    address = urlsplit(base_url())
    host = address.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        origin = f"{address.scheme}://{address.netloc}"
        return Place(rp_id=host, name=shell.company(), origins=(origin,))
    return None


def device(email: str = "") -> Device:
    """From where this request comes."""
    known = _known(email) if email else None
    return Device(address=request.remote_addr or "", agent=request.user_agent.string, known=known)


def welcome(token: str, wanted: str | None, email: str | None) -> Response:
    """Begin the session of a device that has just signed in."""
    cookie.clear()
    cookie[DEVICE] = token
    cookie.permanent = True
    response = make_response(redirect(wanted or "/", 303))
    if email:
        _remember(response, email)
    return response


def page(
    template: str, status: int = 200, *, language: str | None = None, **context: Any
) -> Response:
    """A page for somebody who is not signed in, in the language that he has chosen; `language`
    is that of an account, where one is known."""
    asked = language or request.args.get(LANGUAGE) or request.cookies.get(LANGUAGE)
    language = asked if asked in LANGUAGES else text.locale()
    with text.use_locale(language):
        response = make_response(render_template(template, **context), status)
    if request.args.get(LANGUAGE) in LANGUAGES:
        _set(response, LANGUAGE, language)
    return response


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(site().settings.secret_key, salt="kontora known browser")


def _digest(email: str) -> str:
    return hashlib.sha256(email.casefold().encode()).hexdigest()[:24]


def _known(email: str) -> str | None:
    """The number of this browser, if the account was signed in on it before."""
    try:
        digest, number = _signer().loads(request.cookies.get(_KNOWN, ""), max_age=_YEAR)
    except (BadSignature, ValueError, TypeError):
        return None
    return str(number) if digest == _digest(email) else None


def _remember(response: Response, email: str) -> None:
    number = _known(email) or secrets.token_hex(8)
    _set(response, _KNOWN, str(_signer().dumps([_digest(email), number])))


def _set(response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=_YEAR, httponly=True, samesite="Lax", secure=request.is_secure
    )
