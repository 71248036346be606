"""My profile: name, language, time zone; password, devices, API tokens; my rights in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask import session as cookie

from kontora import limits
from kontora.access import passkeys, passwords, second_factor, token_quota
from kontora.access.principal import Principal, system
from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound
from kontora.http.context import DEVICE, db, principal, site
from kontora.http.policy import SIGNED_IN, policy
from kontora.lifecycle import accounts, roles
from kontora.parties.company import LANGUAGES
from kontora.registry.fields import Choice, Field, FieldType
from kontora.text import Text, _
from kontora.web import confirm, flash, forms, visitors
from kontora.web.admin import agents
from kontora.web.profile import words, zones
from kontora.work import throttle
from kontora.work.quota import usage as token_usage

blueprint = Blueprint("profile", __name__)
TRIES, WINDOW = 10, 300.0
TOKEN_INPUT = ("name", "scope", "life", *token_quota.NAMES)
LIVES: tuple[tuple[str, Text], ...] = (
    ("30", _("30 days")),
    ("90", _("90 days")),
    ("365", _("a year")),
    ("never", _("until I take it back")),
)
SCOPES: tuple[tuple[str, Text], ...] = (
    ("read", _("read and export only")),
    ("write", _("everything that I may do")),
)


@blueprint.get("/profile")
@policy(SIGNED_IN)
def profile() -> str:
    """Who I am, and what I may do."""
    session = db()
    return _profile(session, accounts.own(session), {})


@blueprint.post("/profile")
@policy(SIGNED_IN)
def save_profile() -> Response:
    """Change my name, language or time zone."""
    session = db()
    own = accounts.own(session)
    sent = forms.read(_own_fields(own), request.form)
    try:
        accounts.change_own(session, sent)
    except Invalid as error:
        return make_response(_profile(session, {**own, **sent}, error.errors), 422)
    flash.tell(_("Saved."), "good")
    return _to("profile.profile")


def _profile(session: ScopedSession, values: dict[str, Any], errors: Any) -> str:
    me = principal()
    labels = {each.key: each.label for each in roles.roles(session)}
    return render_template(
        "core/pages/profile/profile.html",
        page={"title": _("My profile"), "hint": me.email},
        tabs=_tabs("profile.profile"),
        fields=_own_fields(values),
        values=values,
        errors=errors,
        roles=[labels.get(key, key) for key in me.roles],
        rights=words.summary(session.registry, me.rights),
        permissions=words.permissions(session.registry, me.rights),
    )


def _own_fields(values: dict[str, Any]) -> list[Field]:
    zone = zones.choices(str(values.get("timezone") or ""))
    choice = FieldType.CHOICE
    return [
        Field(name="name", label=_("Full name"), required=True),
        Field(name="locale", label=_("Language"), type=choice, choices=LANGUAGES, required=True),
        Field(name="timezone", label=_("Time zone"), type=choice, choices=zone, required=True),
    ]


def _tabs(active: str) -> list[dict[str, Any]]:
    found = (
        ("profile.profile", _("About me")),
        ("profile.security", _("Password and devices")),
        ("profile.tokens", _("API tokens")),
    )
    return [{"label": label, "url": url_for(p), "active": p == active} for p, label in found]


def _to(endpoint: str) -> Response:
    return make_response(redirect(url_for(endpoint), 303))


# Password and devices


@blueprint.get("/profile/security")
@policy(SIGNED_IN)
def security() -> str:
    """My password, and where I am signed in."""
    return _security(db(), {})


def _security(session: ScopedSession, errors: Any) -> str:
    me = principal()
    assert me.user_id is not None
    devices = [
        {
            **each,
            "name": agents.described(each["agent"]),
            "icon": agents.icon(each["agent"]),
            "is_this": each["id"] == me.session_id,
        }
        for each in passwords.devices(session, me.user_id)
    ]
    devices.sort(key=lambda each: not each["is_this"])
    return render_template(
        "core/pages/profile/security.html",
        page={"title": _("My profile"), "hint": me.email},
        tabs=_tabs("profile.security"),
        devices=devices,
        errors=errors,
        shortest=passwords.shortest(session),
        held=second_factor.factors(session, me.user_id),
        passkeys=passkeys.passkeys(session, me.user_id),
        can_passkey=visitors.passkey_place() is not None,
        fresh=confirm.first() is None,
    )


@blueprint.post("/profile/password")
@policy(SIGNED_IN)
def change_password() -> Response:
    """Change my password. All other devices are signed out; this one gets a new token."""
    me = principal()
    assert me.user_id is not None
    # Before the request's own transaction: a refused try rolls that back, and must be counted.
    with site().database.write_engine.begin() as connection:
        allowed = throttle.hit(connection, f"password:{me.user_id}", TRIES, WINDOW)
    session = db()
    if not allowed:
        errors = {"": [_("Too many tries. Wait a few minutes, then try again.")]}
        return make_response(_security(session, errors), 429)
    form = request.form
    try:
        accounts.change_password(
            session, form.get("old", ""), form.get("password", ""), form.get("again", "")
        )
    except Invalid as error:
        return make_response(_security(session, error.errors), 422)
    agent, address = request.user_agent.string, request.remote_addr or ""
    cookie[DEVICE] = passwords.open_device(
        session, me.user_id, address=address, agent=agent, method=_method(me)
    )
    flash.tell(_("The password is changed; all other devices are signed out."), "good")
    return _to("profile.security")


def _method(me: Principal) -> str:
    """The new token of this device is as strong as the one before it was."""
    with site().read(system("profile")) as session:
        assert me.user_id is not None
        mine = (each for each in passwords.devices(session, me.user_id))
        return next(
            (str(each["method"]) for each in mine if each["id"] == me.session_id), "password"
        )


@blueprint.post("/profile/devices/<int:device_id>/revoke")
@policy(SIGNED_IN)
def revoke_device(device_id: int) -> Response:
    """Sign out one of my devices."""
    me = principal()
    assert me.user_id is not None
    if not passwords.revoke_devices(db(), me.user_id, device_id):
        raise NotFound(_("There is no such device."))
    flash.tell(_("The device is signed out."))
    return _to("profile.security")


@blueprint.post("/profile/devices/revoke-others")
@policy(SIGNED_IN)
def revoke_others() -> Response:
    """Sign out all my devices but this one."""
    me = principal()
    assert me.user_id is not None
    session = db()
    for each in passwords.devices(session, me.user_id):
        if each["id"] != me.session_id:
            passwords.revoke_devices(session, me.user_id, each["id"])
    flash.tell(_("All other devices are signed out."))
    return _to("profile.security")


# API tokens


@blueprint.get("/profile/tokens")
@policy(SIGNED_IN)
def tokens() -> str:
    """My API tokens."""
    return _tokens(db(), {}, {})


@blueprint.post("/profile/tokens")
@policy(SIGNED_IN)
def create_token() -> Response:
    """Make a token; it is shown in this answer and never again."""
    session, me = db(), principal()
    assert me.user_id is not None
    values = {name: request.form.get(name, "") for name in TOKEN_INPUT}
    days = int(values["life"]) if values["life"] in ("30", "90", "365") else None
    expires = session.now + timedelta(days=days) if days else None
    try:
        quota = token_quota.checked(session, values)
        made = passwords.create_token(
            session,
            me.user_id,
            values["name"],
            scope=values["scope"],
            expires_at=expires,
            per_minute=quota["per_minute"],
            per_day=quota["per_day"],
        )
    except Invalid as error:
        return make_response(_tokens(session, values, error.errors), 422)
    return make_response(_tokens(session, {}, {}, made))


@blueprint.post("/profile/tokens/<uuid:token_id>/revoke")
@policy(SIGNED_IN)
def revoke_token(token_id: UUID) -> Response:
    """Take one of my tokens back."""
    me = principal()
    assert me.user_id is not None
    if not passwords.revoke_token(db(), me.user_id, token_id):
        raise NotFound(_("There is no such token."))
    flash.tell(_("The token opens nothing any more."))
    return _to("profile.tokens")


def _tokens(
    session: ScopedSession, values: dict[str, Any], errors: Any, made: str | None = None
) -> str:
    me = principal()
    assert me.user_id is not None
    scopes = dict(SCOPES)
    found = passwords.tokens(session, me.user_id)
    used = token_usage(session, [each["id"] for each in found])
    rows = [
        {
            **each,
            "used": used.get(each["id"], {}).get("used", 0),
            "scope_label": scopes.get(each["scope"], each["scope"]),
            "is_over": each["expires_at"] is not None and each["expires_at"] <= session.now,
        }
        for each in found
    ]
    return render_template(
        "core/pages/profile/tokens.html",
        page={"title": _("My profile"), "hint": me.email},
        tabs=_tabs("profile.tokens"),
        rows=rows,
        made=made,
        fields=_token_fields(),
        values={"scope": "read", "life": "90", **values},
        errors=errors,
    )


def _token_fields() -> list[Field]:
    def choose(name: str, label: Text, pairs: tuple[tuple[str, Text], ...]) -> Field:
        found = tuple(Choice(value=value, label=text) for value, text in pairs)
        return Field(name=name, label=label, type=FieldType.CHOICE, choices=found, required=True)

    help = _("What the token is for, so that you know it later.")
    return [
        Field(name="name", label=_("Name"), required=True, help=help),
        choose("scope", _("May"), SCOPES),
        choose("life", _("Valid for"), LIVES),
        *_quota_fields(),
    ]


def _quota_fields() -> list[Field]:
    usual = _("Without a figure %(n)s.") % {"n": limits.current().api_per_minute}
    never = _("Without a figure there is no limit.")
    return [
        Field(name="per_minute", label=_("Requests a minute"), help=usual, max_length=10),
        Field(name="per_day", label=_("Requests a day"), help=never, max_length=10),
    ]
