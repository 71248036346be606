"""Webhooks: who is told of what, how the deliveries stand, and what can be done about them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request, url_for
from sqlalchemy import select

from kontora.access.models import User
from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.http.context import db, principal, site
from kontora.http.policy import needs, policy
from kontora.registry.fields import Choice, Field, FieldType
from kontora.text import Text, _, n_
from kontora.web import flash
from kontora.web.addresses import before, with_query
from kontora.web.admin.blueprint import blueprint
from kontora.webhooks import deliveries, endpoints, events, payload
from kontora.webhooks.models import DEAD, DELIVERED, PENDING, SKIPPED, STATES

WEBHOOKS = needs(endpoints.PERMISSION)
LIMIT = 50
HOME = "/admin/webhooks"
LABELS: dict[str, tuple[Text, str]] = {
    PENDING: (_("Waiting"), "neutral"),
    DELIVERED: (_("Delivered"), "good"),
    DEAD: (_("Given up"), "bad"),
    SKIPPED: (_("Not for its user"), "neutral"),
}


@blueprint.get("/webhooks")
@policy(WEBHOOKS)
def webhooks() -> str:
    """All webhooks, with what is wrong with them."""
    rows = [{**each, **_state(each)} for each in endpoints.listed(db())]
    return render_template(
        "core/pages/admin/webhooks.html", page={"title": _("Webhooks")}, rows=rows
    )


def _state(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    if endpoint["disabled_reason"]:
        return {"label": _("Turned off by itself"), "tone": "bad"}
    if not endpoint["active"]:
        return {"label": _("Off"), "tone": "neutral"}
    if endpoint["failing_since"]:
        return {"label": _("Failing"), "tone": "warn"}
    return {"label": _("On"), "tone": "good"}


@blueprint.route("/webhooks/new", methods=["GET", "POST"])
@policy(WEBHOOKS)
def new_webhook() -> Response:
    """The form of a new webhook, and what it sends. The secret is shown in the answer only."""
    session = db()
    if request.method == "GET":
        mine = str(session.principal.user_id or "")
        return make_response(_form(session, None, {"owner": mine, "active": True}, {}))
    data = _sent()
    try:
        made, secret = endpoints.create(session, data)
    except Invalid as error:
        return make_response(_form(session, None, data, error.errors), 422)
    return make_response(_page(session, made, secret=secret))


@blueprint.route("/webhooks/<uuid:webhook_id>", methods=["GET", "POST"])
@policy(WEBHOOKS)
def webhook(webhook_id: UUID) -> Response:
    """One webhook as a form, with its deliveries; and what the form sends."""
    session = db()
    if request.method == "GET":
        return make_response(_page(session, webhook_id))
    data = _sent()
    shown = endpoints.get(session, webhook_id)
    try:
        endpoints.change(session, webhook_id, data)
    except Invalid as error:
        return make_response(_form(session, shown, data, error.errors), 422)
    flash.tell(_("Saved."), "good")
    return _to(webhook_id)


@blueprint.post("/webhooks/<uuid:webhook_id>/rotate")
@policy(WEBHOOKS)
def rotate_webhook(webhook_id: UUID) -> Response:
    """A new secret, shown in this answer only."""
    session = db()
    secret = endpoints.rotate(session, webhook_id)
    return make_response(_page(session, webhook_id, secret=secret))


@blueprint.post("/webhooks/<uuid:webhook_id>/test")
@policy(WEBHOOKS)
def test_webhook(webhook_id: UUID) -> Response:
    """Send a test event."""
    try:
        endpoints.test(db(), webhook_id)
    except Invalid:
        flash.tell(_("Turn the webhook on first."), "warn")
        return _to(webhook_id)
    flash.tell(_("A test event is on its way; see the deliveries."))
    return _to(webhook_id)


@blueprint.post("/webhooks/<uuid:webhook_id>/delete")
@policy(WEBHOOKS)
def delete_webhook(webhook_id: UUID) -> Response:
    """Delete a webhook with its deliveries."""
    endpoints.remove(db(), webhook_id)
    flash.tell(_("The webhook was deleted."))
    return make_response(redirect(HOME, 303))


@blueprint.post("/webhooks/<uuid:webhook_id>/retry")
@policy(WEBHOOKS)
def retry_webhook(webhook_id: UUID) -> Response:
    """Try all dead letters once more."""
    number = deliveries.all_again(db(), webhook_id)
    flash.tell(n_("%(n)s delivery is tried again.", "%(n)s deliveries are tried again.", number))
    return _to(webhook_id)


@blueprint.get("/webhooks/<uuid:webhook_id>/deliveries/<int:number>")
@policy(WEBHOOKS)
def webhook_delivery(webhook_id: UUID, number: int) -> str:
    """One delivery: what would be sent now, and what came back."""
    session = db()
    endpoint = endpoints.get(session, webhook_id)
    row = deliveries.get(session, webhook_id, number)
    return render_template(
        "core/pages/admin/webhook_delivery.html",
        page={"title": row["event"], "hint": row["message_id"]},
        webhook=endpoint,
        row=_shown(row),
        message=_message(endpoint, row),
    )


@blueprint.post("/webhooks/<uuid:webhook_id>/deliveries/<int:number>/retry")
@policy(WEBHOOKS)
def retry_delivery(webhook_id: UUID, number: int) -> Response:
    """Try one delivery once more."""
    deliveries.again(db(), webhook_id, number)
    flash.tell(_("The delivery is tried again."))
    return _to(webhook_id)


# Parts


def _to(webhook_id: UUID) -> Response:
    return make_response(redirect(url_for("admin.webhook", webhook_id=webhook_id), 303))


def _sent() -> dict[str, Any]:
    form = request.form
    return {
        "url": form.get("url", "").strip(),
        "description": form.get("description", ""),
        "events": [each for each in form.getlist("events") if each],
        "owner": form.get("owner", ""),
        "active": "true" in form.getlist("active"),
    }


def _page(session: ScopedSession, webhook_id: UUID, secret: str | None = None) -> str:
    shown = endpoints.get(session, webhook_id)
    values = {**shown, "owner": str(shown["owner_id"])}
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    rows = deliveries.listed(session, webhook_id, state=state, before=before(), limit=LIMIT + 1)
    older = None
    if len(rows) > LIMIT:
        keep = [("state", state), ("before", str(rows[LIMIT - 1]["id"]))]
        older = with_query(f"{HOME}/{webhook_id}", keep)
    return _form(
        session,
        shown,
        values,
        {},
        secret=secret,
        state=_state(shown),
        rows=[_shown(each) for each in rows[:LIMIT]],
        older=older,
        views=_views(shown, state),
        dead=shown["counts"].get(DEAD, 0),
    )


def _views(shown: Mapping[str, Any], state: str) -> list[dict[str, Any]]:
    home = f"{HOME}/{shown['id']}"
    found = [{"label": _("All"), "url": home, "active": not state}]
    for name, (label, _tone) in LABELS.items():
        count = shown["counts"].get(name, 0)
        url = with_query(home, [("state", name)])
        found.append({"label": label, "url": url, "active": state == name, "count": count})
    return found


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    label, tone = LABELS[row["state"]]
    return {**row, "label": label, "tone": tone, "can_retry": row["state"] != PENDING}


def _message(endpoint: Mapping[str, Any], row: Mapping[str, Any]) -> str | None:
    """What would be sent now. Values are not kept with a delivery, so this is read anew, with
    the rights of the user behind the webhook; who may not lend those sees it with his own."""
    me = principal()
    lent = endpoint["owner_id"] if me.rights.has("admin.users") else me.user_id
    try:
        body = payload.build(site(), lent, row) if lent else None
    except payload.NoOwner:
        return None
    return None if body is None else json.dumps(json.loads(body), indent=2, ensure_ascii=False)


def _form(
    session: ScopedSession,
    shown: Mapping[str, Any] | None,
    values: Mapping[str, Any],
    errors: Mapping[str, Any],
    **more: Any,
) -> str:
    title = (values.get("description") or values.get("url")) if shown else _("New webhook")
    return render_template(
        "core/pages/admin/webhook.html",
        page={"title": title or _("Webhook"), "hint": shown["url"] if shown else ""},
        webhook=shown,
        fields=_fields(session),
        groups=_groups(session),
        values=values,
        errors={name: [str(each) for each in texts] for name, texts in errors.items()},
        **more,
    )


def _fields(session: ScopedSession) -> list[Field]:
    people = tuple(
        Choice(value=str(row.id), label=row.name)
        for row in session.execute(
            select(User.id, User.name).where(User.state == "active").order_by(User.name)
        )
    )
    return [
        Field(
            name="url",
            label=_("Address"),
            required=True,
            max_length=endpoints.LONGEST_URL,
            help=_("Begins with https:// and is reached from this server."),
        ),
        Field(name="description", label=_("Name"), help=_("What it is for.")),
        Field(
            name="owner",
            label=_("Acts for"),
            type=FieldType.CHOICE,
            choices=people,
            required=True,
            help=_("Only what this user may see is sent, with the fields that he may see."),
        ),
        Field(name="active", label=_("On"), type=FieldType.BOOLEAN),
    ]


def _groups(session: ScopedSession) -> list[tuple[Text, list[dict[str, Any]]]]:
    """The kinds of events, by record type."""
    found: dict[str, tuple[Text, list[dict[str, Any]]]] = {}
    for name, each in events.event_types(session.registry).items():
        found.setdefault(each.rtype.path, (each.rtype.label_plural, []))[1].append(
            {"id": name, "name": each.label}
        )
    return list(found.values())
