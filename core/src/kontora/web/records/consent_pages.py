"""Consents of a party in the browser: what holds now, the ledger, and a form to add to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request
from sqlalchemy import select

from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound
from kontora.http.context import db, zone
from kontora.http.policy import RECORDS, policy
from kontora.parties import consents
from kontora.parties.consent_hooks import shown
from kontora.parties.consent_models import GIVEN, WITHDRAWN
from kontora.records import service
from kontora.records.files.models import File
from kontora.registry.fields import Choice, Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import flash
from kontora.web.records.blueprint import blueprint
from kontora.web.records.record_page import heading, loaded


@blueprint.get("/<rtype:rtype>/<uuid:record_id>/consents")
@policy(RECORDS)
def show_consents(rtype: RecordType, record_id: UUID) -> str:
    """What holds now by purpose and channel, and the ledger."""
    return _page(db(), rtype, record_id, {"state": GIVEN, "basis": "consent"}, {})


@blueprint.post("/<rtype:rtype>/<uuid:record_id>/consents")
@policy(RECORDS)
def add_consent(rtype: RecordType, record_id: UUID) -> Response:
    """Write down that a consent was given or withdrawn."""
    session, sent = db(), {name: value.strip() for name, value in request.form.items()}
    service.find(session, rtype, record_id)
    if rtype.entity != "party":
        raise NotFound()
    try:
        consents.add(session, record_id, _line(sent))
    except Invalid as error:
        errors = {name: [str(each) for each in texts] for name, texts in error.errors.items()}
        return make_response(_page(session, rtype, record_id, sent, errors), 422)
    flash.tell(_("Written down."), "good")
    return make_response(redirect(f"/{rtype.path}/{record_id}/consents", 303))


def _line(sent: dict[str, str]) -> consents.Line:
    begin, end = _day(sent, "from"), _day(sent, "to")
    today = datetime.now(UTC).astimezone(zone()).date()
    try:
        file = UUID(sent["file"]) if sent.get("file") else None
    except ValueError:
        raise Invalid({"file": [_("The record has no such file.")]}) from None
    return consents.Line(
        purpose=sent.get("purpose", ""),
        channel=sent.get("channel", ""),
        state=sent.get("state", ""),
        basis=sent.get("basis", ""),
        # Of today means from now on, not from midnight, when another line may have stood.
        valid_from=_start(begin) if begin and begin != today else None,
        valid_to=_start(end + timedelta(days=1)) if end else None,
        proof=sent.get("proof") or None,
        file=file,
        source=sent.get("source", ""),
    )


def _day(sent: dict[str, str], name: str) -> date | None:
    given = sent.get(name)
    if not given:
        return None
    try:
        found = date.fromisoformat(given)
    except ValueError:
        found = date.min
    if not 1900 < found.year < 9000:
        raise Invalid({name: [_("This is not a date: write it as 2026-12-31.")]})
    return found


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, zone()).astimezone(UTC)


def _page(
    session: ScopedSession,
    rtype: RecordType,
    record_id: UUID,
    values: dict[str, Any],
    errors: dict[str, list[str]],
) -> str:
    if rtype.entity != "party":
        raise NotFound()
    record, fields = loaded(session, rtype, record_id)
    head = heading(session, rtype, record, fields)
    return render_template(
        "core/pages/consents/page.html",
        **head,
        **shown(session, record_id),
        fields=_fields(session, record_id),
        values=values,
        errors=errors,
    )


def _fields(session: ScopedSession, record_id: UUID) -> list[Field]:
    files = session.execute(
        select(File.id, File.name)
        .where(File.entity == "party", File.record_id == record_id)
        .order_by(File.name)
    )
    choice = FieldType.CHOICE
    states = ((GIVEN, _("given")), (WITHDRAWN, _("withdrawn")))
    found = [
        _choice("state", _("The consent was"), states),
        _choice("purpose", _("Purpose"), [(p.key, p.label) for p in consents.purposes(session)]),
        _choice("channel", _("Channel"), consents.CHANNELS.items()),
        _choice("basis", _("Legal basis"), consents.BASES.items()),
        Field(name="from", label=_("From"), type=FieldType.DATE, help=_("Empty: now.")),
        Field(name="to", label=_("To"), type=FieldType.DATE, help=_("Empty: without end.")),
        Field(name="source", label=_("Source"), help=_("A form, a call, a letter …")),
        Field(
            name="proof",
            label=_("Proof"),
            type=FieldType.LONGTEXT,
            help=_("The words that were agreed to, or where the paper lies."),
        ),
    ]
    if choices := tuple(Choice(value=str(row.id), label=row.name) for row in files):
        found.append(Field(name="file", label=_("Proof as a file"), type=choice, choices=choices))
    return found


def _choice(name: str, label: Any, pairs: Any) -> Field:
    choices = tuple(Choice(value=value, label=text) for value, text in pairs)
    return Field(name=name, label=label, type=FieldType.CHOICE, choices=choices, required=True)
