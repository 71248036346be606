"""The history of a record: who changed what, and the way back to an earlier value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request

from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import owners, restoring, service
from kontora.records.changes import HistoryEntry
from kontora.registry.fields import Field
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web import flash
from kontora.web.addresses import came_from
from kontora.web.complaints import explained
from kontora.web.records.blueprint import blueprint
from kontora.web.records.cells import Cells, plain
from kontora.web.records.form_fields import LEFT_OUT

VERBS: Mapping[str, Text] = {
    "create": _("created"),
    "hand_over": _("handed over"),
    "hand_back": _("handed back"),
    "consent": _("changed consents"),
    "export": _("exported all data"),
    "erase": _("erased"),
    "change": _("changed"),
    "delete": _("moved to the bin"),
    "restore": _("brought back"),
    "merge": _("merged"),
    "password": _("set the password"),
    "import": _("imported"),
    "attach": _("added a file"),
    "detach": _("removed a file"),
    "rename": _("renamed a file"),
}
# Saves whose earlier values may come back one by one; the others have their own way back.
RESTORABLE = frozenset({"change", "import"})


@blueprint.get("/<rtype:rtype>/<uuid:record_id>/history")
@policy(RECORDS)
def show_history(rtype: RecordType, record_id: UUID) -> str:
    """Who changed what, when, and from what to what; and who owned the record."""
    from kontora.web.records.record_page import heading, loaded

    session = db()
    record, fields = loaded(session, rtype, record_id)
    head = heading(session, rtype, record, fields)
    entries = service.history(session, rtype, record_id)
    known = restorable(session, rtype, head["kind"]) if head["may_edit"] else frozenset()
    return render_template(
        "core/pages/history.html",
        **head,
        changes=in_words(session, rtype, record_id, entries, known),
        owners=owner_periods(session, rtype, record_id),
    )


def restorable(session: ScopedSession, rtype: RecordType, kind: str | None) -> frozenset[str]:
    """The fields that have a way back; a name that is made of others follows them."""
    return restoring.restorable(session, rtype, kind) - LEFT_OUT.get(kind, frozenset())


@blueprint.post("/<rtype:rtype>/<uuid:record_id>/history/<int:change_id>/restore")
@policy(RECORDS)
def restore_value(rtype: RecordType, record_id: UUID, change_id: int) -> Response:
    """Give one field (`field`) the value that it had before a change; itself it can be undone."""
    session = db()
    name = request.values.get("field", "")
    try:
        with session.begin_nested():
            saved = restoring.restore_value(session, rtype, record_id, change_id, name)
    except Invalid as error:
        texts = [explained(each) for each in next(iter(error.errors.values()), [])]
        words = _("The earlier value cannot come back: %(why)s") % {"why": " ".join(texts)}
        flash.tell(words, "bad")
    else:
        field = rtype.field_named(name)
        label = str(field.label) if field else name
        if saved.changed:
            undo = undo_path(session, rtype, record_id, name)
            flash.tell(
                _("“%(field)s” has its earlier value again.") % {"field": label}, "good", undo
            )
        else:
            flash.tell(_("“%(field)s” has this value already.") % {"field": label})
    return make_response(redirect(came_from(f"/{rtype.path}/{record_id}"), 303))


def undo_path(session: ScopedSession, rtype: RecordType, record_id: UUID, name: str) -> str | None:
    """Where the latest change of a field is taken back."""
    number = restoring.last_change(session, rtype, record_id)
    if number is None:
        return None
    return f"/{rtype.path}/{record_id}/history/{number}/restore?field={name}"


def in_words(
    session: ScopedSession,
    rtype: RecordType,
    record_id: UUID,
    entries: Iterable[HistoryEntry],
    restorable: frozenset[str] = frozenset(),
) -> list[dict[str, Any]]:
    """The saves of a record as pages show them."""
    cells = Cells(session, rtype.fields)
    base = f"/{rtype.path}/{record_id}/history"
    found = []
    for entry in entries:
        rows = []
        for name, label, old, new in entry.fields:
            field = rtype.field_named(name)
            row = {"label": label, "old": text(cells, field, old), "new": text(cells, field, new)}
            row["name"] = name
            if name in restorable and entry.verb in RESTORABLE:
                row["restore_url"] = f"{base}/{entry.id}/restore"
            rows.append(row)
        found.append(
            {
                "who": who(entry),
                "verb": VERBS.get(entry.verb, entry.verb),
                "when": entry.at,
                "fields": rows,
            }
        )
    return found


def who(entry: HistoryEntry) -> str:
    """Who made a change; the program itself has a name too."""
    return str(_("Kontora itself")) if entry.principal_kind == "system" else entry.who


def text(cells: Cells, field: Field | None, value: Any) -> str:
    """A value of the log in words; one of a field that is gone as it was kept."""
    if value is None or value == [] or value == "":
        return ""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if field is None:
        return plain(value)
    if field.collection is not None and not field.collection.single:
        return "; ".join(cells.sentence(field.collection.fields, row) for row in value)
    return plain(cells.cell(field, value))


def owner_periods(
    session: ScopedSession, rtype: RecordType, record_id: UUID
) -> list[dict[str, Any]]:
    """Who owned a record from when to when, the present one first."""
    return [
        {
            "owner": each.owner[1] if each.owner else str(_("nobody")),
            "branch": each.branch[1] if each.branch else "",
            "from": each.begin,
            "to": each.end,
            "by": str(_("Kontora itself")) if each.by_system else each.changed_by,
        }
        for each in owners.periods(session, rtype, record_id)
    ]
