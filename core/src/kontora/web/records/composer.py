"""The composer of a record page: write down what happened, or plan what comes; and what may be
done with a planned activity from wherever it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, request

from kontora import clock
from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import restoring, service
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import flash, formats, forms
from kontora.web.addresses import came_from
from kontora.web.complaints import explained
from kontora.web.records import form_fields
from kontora.web.records.blueprint import blueprint
from kontora.web.records.timeline import activities, has_timeline

ORDER = ("note", "call", "mail", "meeting", "task", "letter", "visit", "chat", "fax")
FURTHEST = 366 * 5  # days


def context(session: ScopedSession, rtype: RecordType) -> dict[str, Any] | None:
    """What the composer needs; None when the user may not create activities here."""
    declared = activities(session)
    kinds = declared.field_named("kind")
    if not has_timeline(rtype) or kinds is None:
        return None
    if not service.grants_of(session, declared, "create"):
        return None
    places = {name: number for number, name in enumerate(ORDER)}  # those of plugins come last
    choices = sorted(kinds.choices, key=lambda each: places.get(each.value, len(places)))
    writable = {each.name: each for each in form_fields.inputs(session, declared, "create", None)}
    described = {
        name: form_fields.described(session, writable[name])
        for name in ("outcome", "duration", "parties")
        if name in writable
    }
    return {"kinds": [(each.value, each.label) for each in choices], "inputs": described}


@blueprint.post("/<rtype:rtype>/<uuid:record_id>/activities")
@policy(RECORDS)
def write_down(rtype: RecordType, record_id: UUID) -> Response:
    """Create an activity with this party, or about this record; and the next one with it, if
    asked. What was typed stays when anything of it is refused."""
    from kontora.web.records.record_page import render_record

    session = db()
    service.get_record(session, rtype, record_id, fields=())
    if not has_timeline(rtype):
        raise NotFound()
    try:
        with session.begin_nested():
            first = _body(session, rtype, record_id)
            service.create_record(session, activities(session), first)
            if request.form.get("follow") == "true":
                service.create_record(session, activities(session), _next(first))
    except Invalid as error:
        problems = {path: [explained(t) for t in texts] for path, texts in error.errors.items()}
        page = render_record(session, rtype, record_id, composed=(_typed(session), problems))
        return make_response(page, 422)
    return make_response(redirect(f"/{rtype.path}/{record_id}", 303))


def _body(session: ScopedSession, rtype: RecordType, record_id: UUID) -> dict[str, Any]:
    """The activity as the service takes it."""
    form = request.form
    when = forms.moment_of(form["due_at"]) if form.get("due_at") else None
    done = form.get("done") == "true" and not _is_ahead(when)
    data: dict[str, Any] = {
        "kind": form.get("kind", "note"),
        "subject": form.get("subject", ""),
        "body": form.get("body", ""),
        "done_at" if done else "due_at": when,
        "state": "done" if done else "planned",
    }
    wanted = form_fields.inputs(session, activities(session), "create", None)
    sent = forms.read([each for each in wanted if each.name in MORE], form)
    data |= {name: value for name, value in sent.items() if value is not None}
    data["parties"] = [each for each in data.get("parties", []) if each]
    if rtype.entity == "party":
        data["parties"] = list(dict.fromkeys([str(record_id), *data["parties"]]))
    else:
        data["records"] = [{"type": rtype.entity, "id": str(record_id)}]
    said = data["subject"].strip() or data["body"].strip() or data.get("outcome")
    if not said and done:
        raise Invalid({"subject": [_("Write what was said or decided.")]})
    return data


MORE = frozenset({"outcome", "duration", "parties"})


def _next(first: Mapping[str, Any]) -> dict[str, Any]:
    """The activity that follows: with the same people, about the same."""
    form = request.form
    when = forms.moment_of(form["follow_at"]) if form.get("follow_at") else None
    if when is None:
        raise Invalid({"follow_at": [_("Say on which day to remind.")]})
    subject = form.get("follow_subject", "").strip() or first["subject"]
    kept = {name: first[name] for name in ("parties", "records") if name in first}
    kind = form.get("follow_kind") or "task"
    return {**kept, "kind": kind, "subject": subject, "due_at": when, "state": "planned"}


def _typed(session: ScopedSession) -> dict[str, Any]:
    """What was typed, for the form that is shown again."""
    form = request.form
    wanted = form_fields.inputs(session, activities(session), "create", None)
    those = [each for each in wanted if each.name in MORE]
    rows = forms.shown(session, those, forms.read(those, form))
    ticked = {name: form.get(name) == "true" for name in ("done", "follow")}
    return {**form.to_dict(), **rows, **ticked}


def _is_ahead(due: str | None) -> bool:
    try:
        return due is not None and datetime.fromisoformat(due) > clock.now()
    except (ValueError, TypeError):
        return False


# Planned activities, wherever they are shown


@blueprint.post("/activities/<uuid:record_id>/done")
@policy(RECORDS)
def mark_done(record_id: UUID) -> Response:
    """Mark a planned activity as done, now; it can be undone."""
    session = db()
    service.change_record(session, activities(session), record_id, {"state": "done"})
    flash.tell(_("Marked as done."), "good", f"/activities/{record_id}/reopen")
    return make_response(redirect(came_from("/activities"), 303))


@blueprint.post("/activities/<uuid:record_id>/reopen")
@policy(RECORDS)
def reopen(record_id: UUID) -> Response:
    """Plan an activity again that was marked as done."""
    session = db()
    service.change_record(session, activities(session), record_id, {"state": "planned"})
    return make_response(redirect(came_from("/activities"), 303))


@blueprint.post("/activities/<uuid:record_id>/postpone")
@policy(RECORDS)
def postpone(record_id: UUID) -> Response:
    """Move a planned activity: by `days` from today, at the same time of day, or to `to`."""
    session = db()
    rtype = activities(session)
    record = service.get_record(session, rtype, record_id, fields=("due_at", "subject"))
    moment = _moved(record["due_at"])
    service.change_record(session, rtype, record_id, {"due_at": moment})
    number = restoring.last_change(session, rtype, record_id)
    undo = f"/activities/{record_id}/history/{number}/restore?field=due_at" if number else None
    day = formats.as_datetime(formats.local(datetime.fromisoformat(moment)))
    flash.tell(_("Moved to %(day)s.") % {"day": day}, "good", undo)
    return make_response(redirect(came_from("/activities"), 303))


def _moved(due: str | None) -> str:
    if to := request.form.get("to"):
        return forms.moment_of(to)
    days = request.form.get("days", type=int)
    if days is None or not 0 < days <= FURTHEST:
        raise Invalid({"days": [_("Say to which day to move it.")]})
    now = formats.local(clock.now())
    clock_time = (
        formats.local(datetime.fromisoformat(due)) if due else now.replace(hour=9, minute=0)
    )
    target = now.replace(hour=clock_time.hour, minute=clock_time.minute, second=0, microsecond=0)
    return (target + timedelta(days=days)).astimezone(UTC).isoformat().replace("+00:00", "Z")
