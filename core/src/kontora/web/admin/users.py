"""Users: who works here, with which roles, where; passwords given anew, accounts switched off."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request, url_for

from kontora.access import links, passwords, second_factor
from kontora.access.session import ScopedSession
from kontora.errors import Conflict, Invalid, Stale
from kontora.http.context import db
from kontora.http.policy import needs, policy
from kontora.lifecycle import accounts, factors, roles
from kontora.records import opened, service
from kontora.records.service import Query
from kontora.registry.fields import Choice, Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import Text, _, n_
from kontora.web import confirm, flash, formats, forms, visitors
from kontora.web.addresses import with_query
from kontora.web.admin import agents, sign_in_words, tree
from kontora.web.admin.blueprint import blueprint
from kontora.web.complaints import by_path

USERS = needs("admin.users")
STATES: tuple[tuple[str, Text, str], ...] = (
    ("active", _("Active"), "good"),
    ("disabled", _("Disabled"), "neutral"),
)
_PLAIN = ("name", "email")


def _users(session: ScopedSession) -> RecordType:
    found: RecordType = session.registry.record_type("users")
    return found


@blueprint.get("/users")
@policy(USERS)
def users() -> str:
    """All users; `state` and `q` narrow the list."""
    session = db()
    state, q = request.args.get("state", ""), request.args.get("q", "").strip()
    conditions = {"field": "state", "op": "eq", "value": state} if state else None
    query = Query(
        filter=conditions,
        q=q or None,
        sort=("name",),
        cursor=request.args.get("cursor") or None,
        total=True,
    )
    page = service.list_records(session, _users(session), query)
    keep = [("state", state), ("q", q)]
    next_url = with_query("/admin/users", [*keep, ("cursor", page.next)]) if page.next else None
    return render_template(
        "core/pages/admin/users.html",
        page={"title": _("Users")},
        rows=_rows(session, page.items),
        total=page.total,
        tabs=_tabs(state),
        q=q,
        state=state,
        next_url=next_url,
    )


def _tabs(state: str) -> list[dict[str, Any]]:
    found = [{"label": _("All"), "url": "/admin/users", "active": not state}]
    for value, label, _tone in STATES:
        url = with_query("/admin/users", [("state", value)])
        found.append({"label": label, "url": url, "active": state == value})
    return found


def _rows(session: ScopedSession, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    labels = {each.key: each.label for each in roles.roles(session)}
    seen = accounts.last_seen(session)
    states = {value: {"label": label, "tone": tone} for value, label, tone in STATES}
    invited = links.invitations(session, [UUID(each["id"]) for each in items])
    return [
        {
            "id": each["id"],
            "url": f"/admin/users/{each['id']}",
            "kind": "person",
            "name": each["name"],
            "muted": each["state"] != "active",
            "cells": {
                "name": each["name"],
                "email": each["email"],
                "roles": ", ".join(str(labels.get(key, key)) for key in each["roles"]),
                "branch": (each["branch"] or {}).get("name"),
                "state": _invited(session, invited.get(UUID(each["id"])))
                if each["state"] == "active" and UUID(each["id"]) in invited
                else states.get(each["state"], each["state"]),
                "seen": seen.get(UUID(each["id"])),
            },
        }
        for each in items
    ]


def _invited(session: ScopedSession, end: datetime | None) -> dict[str, Any]:
    if end is not None and end > session.now:
        return {"label": _("Invited"), "tone": "accent"}
    return {"label": _("Invitation run out"), "tone": "warn"}


# One user


@blueprint.get("/users/new")
@policy(USERS)
def new_user() -> str:
    """The form for somebody new."""
    session = db()
    branch = session.principal.branch_id
    return _form(session, None, {"roles": ["manager"], "branch": str(branch or "")}, {})


@blueprint.post("/users/new")
@policy(USERS)
def add_user() -> Response:
    """Add somebody. If he has an address to sign in with, he is invited by mail (`welcome` =
    invite) or gets a password at once."""
    session = db()
    data = _sent(session, None)
    try:
        with session.begin_nested():
            saved = service.create_record(session, _users(session), data)
    except (Invalid, Conflict) as error:
        return make_response(_form(session, None, data, _errors(session, error)), 422)
    invite = request.form.get("welcome") == "invite"
    password = None
    if data.get("email") and invite:
        factors.invite(session, saved.id, visitors.base_url())
    elif data.get("email"):
        password = accounts.reset_password(session, saved.id)
    flash.tell(_("%(name)s was added.") % {"name": data["name"]}, "good")
    if password is None:
        return _to(saved.id)
    return make_response(_page(session, saved.id, password=password))


@blueprint.get("/users/<uuid:user_id>")
@policy(USERS)
def user(user_id: UUID) -> str:
    """One user, as a form, with what can be done to the account."""
    return _page(db(), user_id)


@blueprint.post("/users/<uuid:user_id>")
@policy(USERS)
def save_user(user_id: UUID) -> Response:
    """Change a user; new rights hold from his next request on."""
    session = db()
    data = _sent(session, user_id)
    version = request.form.get("version", type=int)
    try:
        with session.begin_nested():
            service.change_record(session, _users(session), user_id, data, version)
    except Stale:
        text = _("Somebody else changed this user in the meantime. Look again, then save.")
        return make_response(_page(session, user_id, errors={"": [str(text)]}), 412)
    except (Invalid, Conflict) as error:
        shown = _page(session, user_id, values=data, errors=_errors(session, error))
        return make_response(shown, 422 if isinstance(error, Invalid) else 409)
    flash.tell(_("Saved."), "good")
    return _to(user_id)


@blueprint.post("/users/<uuid:user_id>/password")
@policy(USERS)
def give_password(user_id: UUID) -> Response:
    """Give a new password, which is shown this once."""
    session = db()
    made = accounts.reset_password(session, user_id)
    return make_response(_page(session, user_id, password=made))


@blueprint.post("/users/<uuid:user_id>/state")
@policy(USERS)
def set_state(user_id: UUID) -> Response:
    """Disable an account, which ends all its sessions and tokens, or enable it again."""
    session = db()
    state = "active" if request.form.get("state") == "active" else "disabled"
    service.change_record(session, _users(session), user_id, {"state": state})
    if state == "disabled":
        accounts.end_sessions(session, user_id)
        flash.tell(_("The account is disabled; it ends with its next request."))
    else:
        flash.tell(_("The account is active again. Give a new password if it is forgotten."))
    return _to(user_id)


@blueprint.post("/users/<uuid:user_id>/sign-out")
@policy(USERS)
def sign_out_everywhere(user_id: UUID) -> Response:
    """End all sessions and tokens of a user."""
    accounts.end_sessions(db(), user_id)
    flash.tell(_("Signed out on all devices; all tokens are taken back."))
    return _to(user_id)


@blueprint.post("/users/<uuid:user_id>/invite")
@policy(USERS)
def invite(user_id: UUID) -> Response:
    """Send an invitation by mail, or (`by` = link) show its link this once; or take it back."""
    session, by = db(), request.form.get("by", "mail")
    if by == "link":
        link = factors.invitation_link(session, user_id, visitors.base_url())
        return make_response(_page(session, user_id, link=link))
    if by == "revoke":
        factors.revoke_invitation(session, user_id)
        flash.tell(_("The invitation is taken back; its link opens nothing."))
    else:
        factors.invite(session, user_id, visitors.base_url())
        flash.tell(_("An invitation is on its way; it is good for seven days."), "good")
    return _to(user_id)


@blueprint.post("/users/<uuid:user_id>/factors")
@policy(USERS)
def reset_factors(user_id: UUID) -> Response:
    """Take all second factors and passkeys of a user away, who lost them."""
    if (detour := confirm.first()) is not None:
        return detour
    factors.reset(db(), user_id)
    flash.tell(_("The second factors are gone. The user signs in with his password."))
    return _to(user_id)


@blueprint.post("/users/<uuid:user_id>/devices/<int:device_id>/end")
@policy(USERS)
def end_session(user_id: UUID, device_id: int) -> Response:
    """Sign a user out on one device."""
    factors.end_session(db(), user_id, device_id)
    flash.tell(_("The device is signed out."))
    return _to(user_id)


def _to(user_id: UUID) -> Response:
    return make_response(redirect(url_for("admin.user", user_id=user_id), 303))


def _sent(session: ScopedSession, user_id: UUID | None) -> dict[str, Any]:
    """What the form sent, in the shape of the API."""
    form = request.form
    data: dict[str, Any] = forms.read(_plain_fields(session), form)
    data["roles"] = [each for each in form.getlist("roles") if each]
    data["branch"] = form.get("branch") or None
    data["teams"] = [each for each in form.getlist("teams") if each]
    return data


def _errors(session: ScopedSession, error: Invalid | Conflict) -> dict[str, list[str]]:
    if isinstance(error, Invalid):
        return by_path(error.errors, _users(session).fields)
    return {"": [f"{error.message} {error.remedy}".strip()]}


def _plain_fields(session: ScopedSession) -> list[Field]:
    return [each for each in _users(session).fields if each.name in _PLAIN]


def _page(
    session: ScopedSession,
    user_id: UUID,
    *,
    values: dict[str, Any] | None = None,
    errors: dict[str, list[str]] | None = None,
    password: str | None = None,
    link: str | None = None,
) -> str:
    shown = service.get_record(session, _users(session), user_id)
    account = {
        "id": user_id,
        "name": shown["name"],
        "active": shown["state"] == "active",
        "can_sign_in": bool(shown["email"]),
        "seen": accounts.last_seen(session).get(user_id),
        "since": formats.as_date(shown["created_at"]),
        "is_me": user_id == session.principal.user_id,
        "may_watch": opened.may_watch_user(session, user_id),
        "may_hand_over": session.principal.rights.has("people.hand_over"),
        "version": service.version_of(session, _users(session), user_id),
        "invited": links.invitations(session, [user_id]).get(user_id),
        "has_password": passwords.has_password(session, user_id),
        "held": second_factor.factors(session, user_id),
        "devices": _devices(session, user_id),
    }
    given = values if values is not None else _values(shown)
    return _form(session, account, given, errors or {}, password, link)


def _devices(session: ScopedSession, user_id: UUID) -> list[dict[str, Any]]:
    return [
        {
            **each,
            "name": agents.described(each["agent"]),
            "icon": agents.icon(each["agent"]),
            "by": sign_in_words.METHODS.get(each["method"], each["method"]),
        }
        for each in passwords.devices(session, user_id)
    ]


def _values(shown: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: shown[name] for name in _PLAIN},
        "roles": shown["roles"],
        "branch": (shown["branch"] or {}).get("id"),
        "teams": [each["id"] for each in shown["teams"]],
    }


def _form(
    session: ScopedSession,
    account: dict[str, Any] | None,
    values: dict[str, Any],
    errors: dict[str, list[str]],
    password: str | None = None,
    link: str | None = None,
) -> str:
    hint = None
    if account:
        hint = n_("%(n)s role", "%(n)s roles", len(values.get("roles") or []))
    return render_template(
        "core/pages/admin/user.html",
        page={"title": account["name"] if account else _("New user"), "hint": hint},
        account=account,
        plain=_plain_fields(session),
        branch_field=_branch_field(session),
        roles=roles.roles(session),
        teams=tree.teams(session),
        values=values,
        errors=errors,
        password=password,
        link=link,
        mail_works=session.site.settings.mail_server is not None,
    )


def _branch_field(session: ScopedSession) -> Field:
    choices = tuple(
        Choice(value=str(each["id"]), label="\u2003" * each["depth"] + each["name"])
        for each in tree.branches(session)
    )
    return Field(name="branch", label=_("Branch"), type=FieldType.CHOICE, choices=choices)
