"""Mail: what left, what waits, what failed; and the outbox where no mail server is set."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request, url_for

from kontora.errors import NotFound
from kontora.http.context import db, principal
from kontora.http.policy import needs, policy
from kontora.lifecycle import mail_desk
from kontora.lifecycle.mail_desk import state_of
from kontora.text import Text, _
from kontora.web import flash
from kontora.web.addresses import with_query
from kontora.web.admin.blueprint import blueprint

MAIL = needs("admin.health")
LIMIT = 50
STATES: dict[str, tuple[Text, str]] = {
    "queued": (_("waits"), "neutral"),
    "sent": (_("sent"), "good"),
    "kept": (_("in the outbox"), "accent"),
    "failed": (_("failed"), "bad"),
    "refused": (_("not sent: no consent"), "warn"),
}


@blueprint.get("/mail")
@policy(MAIL)
def mails() -> str:
    """All mails, the newest first, and whether a server takes them."""
    session = db()
    try:
        before = UUID(request.args.get("before", ""))
    except ValueError:
        before = None
    found = mail_desk.listing(session, before, LIMIT)
    older = None
    if len(found) == LIMIT:
        older = with_query("/admin/mail", [("before", str(found[-1]["id"]))])
    server = session.site.settings.mail_server
    return render_template(
        "core/pages/admin/mails.html",
        page={"title": _("Outgoing mail")},
        server=f"{server.host}:{server.port}" if server else None,
        sender=server.sender if server else None,
        outbox=str(session.site.settings.home / "outbox"),
        rows=[_row(each) for each in found],
        has_address=bool(principal().email),
        older=older,
    )


def _row(mail: dict[str, Any]) -> dict[str, Any]:
    label, tone = STATES[state_of(mail)]
    return {
        "id": mail["id"],
        "url": url_for("admin.mail", mail_id=mail["id"]),
        "name": mail["subject"],
        "cells": {
            "subject": mail["subject"],
            "to": mail["to_address"],
            "state": {"label": label, "tone": tone},
            "at": mail["sent_at"] or mail["created_at"],
            "error": mail["error"] or "",
        },
    }


@blueprint.get("/mail/<uuid:mail_id>")
@policy(MAIL)
def mail(mail_id: UUID) -> str:
    """One mail: its heads, and its text if that may be read."""
    session = db()
    found = mail_desk.one(session, mail_id)
    label, tone = STATES[state_of(found)]
    return render_template(
        "core/pages/admin/mail.html",
        page={"title": found["subject"], "hint": found["to_address"]},
        mail=found,
        state={"label": label, "tone": tone},
        text=mail_desk.readable(session, found),
        has_html=bool(found["html"]) and mail_desk.readable(session, found) is not None,
        can_retry=state_of(found) in ("failed", "kept") and found["text"] is not None,
        kept=state_of(found) == "kept",
        server=session.site.settings.mail_server is not None,
    )


@blueprint.get("/mail/<uuid:mail_id>/html")
@policy(MAIL)
def mail_html(mail_id: UUID) -> Response:
    """The formatted text, for a frame that may do nothing: no scripts, forms, or pictures."""
    session = db()
    found = mail_desk.one(session, mail_id)
    if not found["html"] or mail_desk.readable(session, found) is None:
        raise NotFound(_("There is no such mail."))
    response = make_response(found["html"])
    response.content_type = "text/html; charset=utf-8"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.post("/mail/<uuid:mail_id>/again")
@policy(MAIL)
def send_again(mail_id: UUID) -> Response:
    """Try a failed mail again, or send one of the outbox."""
    mail_desk.again(db(), mail_id)
    flash.tell(_("The mail is queued again."))
    return make_response(redirect("/admin/mail", 303))


@blueprint.post("/mail/test")
@policy(MAIL)
def send_test() -> Response:
    """Send a test mail to the address of who asks."""
    mail_desk.test(db())
    flash.tell(_("A test mail to you is queued."), "good")
    return make_response(redirect("/admin/mail", 303))
