"""The timeline of a party: what is planned, what happened, and the composer on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, request

from kontora import clock
from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import service
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import flash, formats, forms, names
from kontora.web.addresses import came_from
from kontora.web.complaints import explained
from kontora.web.records.blueprint import blueprint
from kontora.web.records.cells import Cells

PAGE, PLANNED = 30, 50


def activities(session: ScopedSession) -> RecordType:
    """The record type of activities."""
    return session.registry.record_type("activities")  # type: ignore[no-any-return]


def context(session: ScopedSession, record_id: UUID, cursor: str | None) -> dict[str, Any] | None:
    """Entries of a party's timeline; None when the user may see no activities."""
    rtype = activities(session)
    if not service.grants_of(session, rtype, "view"):
        return None
    here = {"field": "parties", "op": "eq", "value": str(record_id)}
    planned = {"field": "state", "op": "eq", "value": "planned"}
    soon = service.Query(filter={"and": [here, planned]}, sort=("due_at",), limit=PLANNED)
    past = service.Query(
        filter={"and": [here, {"not": planned}]}, sort=("-at",), limit=PAGE, cursor=cursor
    )
    done = service.list_records(session, rtype, past)
    entries = _entries(session, rtype, done.items, record_id)
    return {
        "planned": []
        if cursor
        else _entries(session, rtype, service.list_records(session, rtype, soon).items, record_id),
        "days": _days(entries),
        "next": done.next,
    }


def _days(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    by_day = groupby(entries, key=lambda each: formats.local(each["when"]).date())
    return [{"label": _day_name(day), "entries": list(those)} for day, those in by_day]


def _day_name(day: date) -> str:
    """A day as a heading; with a capital, whatever the language does within a sentence."""
    name = formats.as_day(day)
    return name[:1].upper() + name[1:]


def entries_of(session: ScopedSession, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Activities as the timeline shows them, wherever they stand."""
    return _entries(session, activities(session), items, None)


def _entries(
    session: ScopedSession,
    rtype: RecordType,
    items: Sequence[Mapping[str, Any]],
    party_id: UUID | None,
) -> list[dict[str, Any]]:
    cells = Cells(session, rtype.fields)
    kind = rtype.field_named("kind")
    assert kind is not None
    ids = {UUID(each["id"]) for item in items for each in item["parties"]}
    kinds = names.kinds(session, "party", ids)
    may_edit = service.grants_of(session, rtype, "edit")
    may_delete = service.grants_of(session, rtype, "delete")
    now = clock.now()
    found = []
    for item in items:
        label = cells.choice(kind, item["kind"], badge=False)
        moment = item["due_at"] if item["state"] == "planned" else item["at"]
        when = datetime.fromisoformat(moment) if moment else None
        url = f"/activities/{item['id']}"
        planned = item["state"] == "planned"
        found.append(
            {
                "id": item["id"],
                "kind": item["kind"],
                "title": item["subject"] or label,
                "url": url,
                "body": item["body"],
                "who": (item["owner"] or {}).get("name"),
                "when": when,
                "planned": planned,
                "late": planned and when is not None and when < now,
                "people": _people(session, item["parties"], kinds, party_id),
                "done_url": f"{url}/done" if planned and may_edit else None,
                "menu": _menu(url, may_edit, may_delete),
            }
        )
    return found


def _people(
    session: ScopedSession,
    parties: Sequence[Mapping[str, str]],
    kinds: Mapping[UUID, str],
    but: UUID | None,
) -> list[dict[str, Any]]:
    others = [each for each in parties if each["id"] != str(but)]
    return [
        {
            "name": each["name"],
            "url": names.path_of(
                session.registry, "party", each["id"], kinds.get(UUID(each["id"]))
            ),
        }
        for each in others
    ]


def _menu(url: str, may_edit: bool, may_delete: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if may_edit:
        found.append({"label": _("Edit"), "url": f"{url}/edit", "icon": "pencil"})
    if may_delete:
        gone = {"label": _("Move to the bin"), "url": f"{url}/delete", "icon": "trash"}
        found.append({**gone, "method": "post", "danger": True})
    return found


def composer(session: ScopedSession, rtype: RecordType) -> dict[str, Any] | None:
    """What the composer needs; None when the user may not create activities here."""
    kinds = activities(session).field_named("kind")
    if rtype.entity != "party" or kinds is None:
        return None
    if not service.grants_of(session, activities(session), "create"):
        return None
    order = ("note", "call", "mail", "meeting", "visit", "task", "letter", "chat", "fax")
    choices = sorted(kinds.choices, key=lambda each: order.index(each.value))
    return {"kinds": [(each.value, each.label) for each in choices]}


@blueprint.post("/<rtype:rtype>/<uuid:record_id>/activities")
@policy(RECORDS)
def write_down(rtype: RecordType, record_id: UUID) -> Response:
    """Create an activity with this party. What was typed stays when it is refused."""
    from kontora.web.records.record_page import render_record

    session = db()
    service.get_record(session, rtype, record_id, fields=())
    form = request.form
    due = forms.moment_of(form["due_at"]) if form.get("due_at") else None
    done = form.get("done") == "true" and not _is_ahead(due)
    data: dict[str, Any] = {
        "kind": form.get("kind", "note"),
        "subject": form.get("subject", ""),
        "body": form.get("body", ""),
        "due_at": due,
        "state": "done" if done else "planned",
        "parties": [str(record_id)],
    }
    try:
        if not (data["subject"].strip() or data["body"].strip()) and done:
            raise Invalid({"": [_("Write what was said or decided.")]})
        with session.begin_nested():
            service.create_record(session, activities(session), data)
    except Invalid as error:
        problems = {path: [explained(t) for t in texts] for path, texts in error.errors.items()}
        typed = {**form.to_dict(), "done": form.get("done") == "true"}
        page = render_record(session, rtype, record_id, composed=(typed, problems))
        return make_response(page, 422)
    return make_response(redirect(f"/{rtype.path}/{record_id}", 303))


def _is_ahead(due: str | None) -> bool:
    try:
        return due is not None and datetime.fromisoformat(due) > clock.now()
    except (ValueError, TypeError):
        return False


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
