"""Privacy: export and erasure of one person's data, and how long what is kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request, send_file

from kontora.access.principal import system
from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.http.context import db, principal, site
from kontora.http.policy import needs, policy
from kontora.privacy import plan, requests, retention, shown
from kontora.privacy.models import DONE, ERASE, EXPORT, RUNNING, WAITING
from kontora.records import service
from kontora.text import Text, _
from kontora.web import flash, names
from kontora.web.admin.blueprint import blueprint

SETTINGS = needs("admin.settings")
MAY_EXPORT, MAY_ERASE = needs("privacy.export"), needs("privacy.erase")
STATES: dict[str, dict[str, Text]] = {
    WAITING: {"label": _("waiting"), "tone": "neutral"},
    RUNNING: {"label": _("under way"), "tone": "accent"},
    DONE: {"label": _("done"), "tone": "good"},
}
KINDS: dict[str, Text] = {EXPORT: _("Export of a person's data"), ERASE: _("Erasure of a person")}


@blueprint.get("/privacy")
@policy(SETTINGS)
def privacy() -> str:
    """Requests, and each kind of rows that are kept for a time."""
    session = db()
    kept = [
        {
            "id": each.declared.name,
            "cells": {
                "what": each.declared.label,
                "days": _days(each),
                "default": each.declared.days or _("for good"),
                "oldest": each.oldest,
            },
        }
        for each in retention.overview(session)
    ]
    return render_template(
        "core/pages/admin/privacy.html",
        page={"title": _("Privacy")},
        rows=[_line(session, each) for each in requests.listing(session)],
        kept=kept,
    )


def _days(each: retention.Kept) -> Any:
    return each.days or _("for good")


def _line(session: ScopedSession, row: dict[str, Any]) -> dict[str, Any]:
    party = row["party_id"]
    name = names.titles(session, "party", [party]).get(party, "—")
    return {
        "id": row["id"],
        "url": f"/admin/privacy/requests/{row['id']}",
        "cells": {
            "what": {
                "name": str(KINDS[row["kind"]]),
                "url": f"/admin/privacy/requests/{row['id']}",
            },
            "who": name,
            "at": row["created_at"],
            "by": row["asked_name"],
            "state": STATES[row["state"]],
        },
    }


@blueprint.get("/privacy/export/<uuid:party_id>")
@policy(MAY_EXPORT)
def export_person(party_id: UUID) -> str:
    """Say what the archive holds, before it is made."""
    session = db()
    return render_template(
        "core/pages/admin/privacy_export.html",
        page={"title": _name(session, party_id), "hint": _("Export of a person's data")},
        party_id=party_id,
        back=_page_of(party_id),
    )


def _page_of(party_id: UUID) -> str:
    return f"/contacts/{party_id}"


@blueprint.post("/privacy/export/<uuid:party_id>")
@policy(MAY_EXPORT)
def start_export(party_id: UUID) -> Response:
    """Ask for the archive."""
    made = requests.ask(db(), EXPORT, party_id)
    return make_response(redirect(f"/admin/privacy/requests/{made}", 303))


@blueprint.get("/privacy/erase/<uuid:party_id>")
@policy(MAY_ERASE)
def erase_person(party_id: UUID) -> str:
    """The plan of an erasure, and the field for the name that confirms it."""
    return _plan_page(db(), party_id, {})


@blueprint.post("/privacy/erase/<uuid:party_id>")
@policy(MAY_ERASE)
def start_erasure(party_id: UUID) -> Response:
    """Erase, when the name was typed."""
    session = db()
    try:
        made = requests.ask(session, ERASE, party_id, request.form.get("name", ""))
    except Invalid as error:
        errors = {name: [str(each) for each in texts] for name, texts in error.errors.items()}
        return make_response(_plan_page(session, party_id, errors), 422)
    flash.tell(_("The person is being erased."))
    return make_response(redirect(f"/admin/privacy/requests/{made}", 303))


def _plan_page(session: ScopedSession, party_id: UUID, errors: dict[str, list[str]]) -> str:
    name = _name(session, party_id)
    with site().read(system("privacy")) as looking:
        found = plan.plan(looking, party_id)
    registry = session.registry
    kept = shown.named(registry, found.kept, site().manager)
    return render_template(
        "core/pages/admin/privacy_erase.html",
        page={"title": name, "hint": _("Erasure of a person")},
        plan=found,
        rows=shown.counted(registry, found.rows, site().manager),
        kept=[(kept[name], number, why) for name, (number, why) in found.kept.items()],
        back=_page_of(party_id),
        name=name,
        party_id=party_id,
        errors=errors,
    )


def _name(session: ScopedSession, party_id: UUID) -> str:
    """The name of a person whom the user sees; else NotFound."""
    with session.with_deleted():
        rtype = session.registry.of_entity("party", "person")
        return str(service.find(session, rtype, party_id).display_name)


@blueprint.get("/privacy/requests/<uuid:request_id>")
@policy(MAY_EXPORT)
def privacy_request(request_id: UUID) -> str:
    """How an export or an erasure stands."""
    session = db()
    row = requests.get(session, request_id)
    party = row["party_id"]
    return render_template(
        "core/pages/admin/privacy_request.html",
        page={
            "title": KINDS[row["kind"]],
            "hint": names.titles(session, "party", [party]).get(party, ""),
        },
        row=row,
        waiting=row["state"] != DONE and not row.get("failed"),
        state=STATES[row["state"]],
        progress=row.get("progress") or {},
        may_see_all=session.principal.rights.has("admin.settings"),
        counts=shown.counted(session.registry, row["counts"] or {}, site().manager),
        back=_page_of(party) if row["kind"] == EXPORT else "",
    )


@blueprint.get("/privacy/requests/<uuid:request_id>/archive")
@policy(MAY_EXPORT)
def privacy_archive(request_id: UUID) -> Response:
    """The archive itself."""
    path, party_id = requests.archive(db(), request_id)
    with site().write(principal()) as writing:
        requests.log_taken(writing, party_id)
    response = send_file(
        path, mimetype="application/zip", as_attachment=True, download_name="person.zip"
    )
    response.headers["Cache-Control"] = "no-store"
    return response
