"""The page of one record: facts, timeline, people, panels; and its history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import render_template, request

from kontora.access.session import ScopedSession
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import service
from kontora.records.schema import readable_fields
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web.records import custom, facts, party, timeline
from kontora.web.records.blueprint import blueprint
from kontora.web.records.cells import TONES, Cells, plain
from kontora.web.records.panels import panels_of

# Shown in the header or in panels of their own, not among the facts.
ELSEWHERE = frozenset({"affiliations", "relations"})
HEADED = frozenset({"owner", "branch"})


@blueprint.get("/<rtype:rtype>/<uuid:record_id>")
@policy(RECORDS)
def show_record(rtype: RecordType, record_id: UUID) -> str:
    """The page of a record."""
    return render_record(db(), rtype, record_id)


def render_record(
    session: ScopedSession,
    rtype: RecordType,
    record_id: UUID,
    composed: tuple[dict[str, Any], dict[str, Any]] | None = None,
) -> str:
    """The page; `composed` holds what was typed into the composer, and what is wrong with it."""
    record, fields = loaded(session, rtype, record_id)
    head = heading(session, rtype, record, fields)
    may_edit = head["may_edit"]
    is_party = rtype.entity == "party"
    elsewhere = {rtype.title} | (ELSEWHERE if is_party else set())
    shown = [each for each in fields if each.name not in elsewhere]
    if not is_party:
        shown = [each for each in shown if each.type is not FieldType.LONGTEXT]
    cursor = request.args.get("before")
    entries = timeline.context(session, record_id, cursor) if is_party else None
    typed, problems = composed or ({}, {})
    return render_template(
        "core/pages/record.html",
        **head,
        fact_groups=facts.groups(session, rtype, record, _main_first(shown), may_edit=may_edit),
        timeline=entries,
        composer=timeline.composer(session, rtype),
        composer_values=typed,
        composer_errors=problems,
        texts=[] if is_party else facts.long_texts(record, fields),
        changes=[] if is_party else changes(session, rtype, record_id)[:10],
        people=party.people(session, record_id, record["kind"]) if is_party else [],
        relations=party.relations(session, record_id) if is_party else [],
        panels=panels_of(session, rtype, record.get("kind")),
    )


def loaded(
    session: ScopedSession, rtype: RecordType, record_id: UUID
) -> tuple[dict[str, Any], list[Field]]:
    """A record with all that the user may see of it, and the fields that its kind has."""
    readable = readable_fields(rtype, session.principal.rights)
    on_demand = [each.name for each in readable if each.on_demand]
    record = service.get_record(session, rtype, record_id, expand=on_demand)
    kind = record.get("kind") if rtype.kinds else None
    fields = [each for each in readable if each.applies_to(kind) and each.shortcut is None]
    return record, [*fields, *custom.fields(session, rtype)]


def _main_first(fields: list[Field]) -> list[Field]:
    """Ownership stands in the header already, so its group comes last."""
    return sorted(fields, key=lambda each: (each.name in HEADED, each.order))


def heading(
    session: ScopedSession, rtype: RecordType, record: Mapping[str, Any], fields: list[Field]
) -> dict[str, Any]:
    """What stands at the head of all pages of a record."""
    record_id = UUID(str(record["id"]))
    cells = Cells(session, fields)
    values = cells.rows([record])[0]
    name = plain(values.get(rtype.title)) or plain(values.get("kind")) or str(_("no name"))
    base = f"/{rtype.path}/{record_id}"
    rights = {verb: service.may(session, rtype, record_id, verb) for verb in ("edit", "delete")}
    return {
        "page": {"title": name},
        "rtype": rtype,
        "record": record,
        "base": base,
        "name": name,
        "kind": record.get("kind") if rtype.kinds else None,
        "subtitle": party.hints(session, rtype, [record]).get(str(record["id"])),
        "badges": _badges(values),
        "owner": record.get("owner"),
        "branch_of": (record.get("branch") or {}).get("name"),
        "next": _next(session, rtype, record_id),
        "may_edit": rights["edit"],
        "more": _more(rtype, base, rights["delete"]),
        "reach": _reach(record),
    }


def _badges(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [
        (each["label"], each.get("tone", "neutral"))
        for each in values.get("roles") or []
        if isinstance(each, Mapping)
    ]
    state = values.get("state")
    if isinstance(state, Mapping):
        found.append((state["label"], state["tone"]))
    elif state and not found and plain(state) not in (str(_("Active")),):
        found.append((plain(state), TONES.get("disabled", "neutral")))
    return found


def _next(session: ScopedSession, rtype: RecordType, record_id: UUID) -> dict[str, Any] | None:
    """The next planned activity of a party."""
    activities = timeline.activities(session)
    if rtype.entity != "party" or not service.grants_of(session, activities, "view"):
        return None
    conditions = [
        {"field": "parties", "op": "eq", "value": str(record_id)},
        {"field": "state", "op": "eq", "value": "planned"},
    ]
    query = service.Query(filter={"and": conditions}, sort=("due_at",), limit=1)
    entries = timeline.entries_of(session, service.list_records(session, activities, query).items)
    if not entries:
        return None
    first = entries[0]
    return {
        "text": first["title"],
        "url": first["url"],
        "when": first["when"],
        "late": first["late"],
    }


def _more(rtype: RecordType, base: str, may_delete: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"label": _("History"), "url": f"{base}/history", "icon": "history"}
    ]
    if rtype.has_bin and may_delete:
        gone = {"label": _("Move to the bin"), "url": f"{base}/delete", "icon": "trash"}
        found += [{"divider": True}, {**gone, "method": "post", "danger": True}]
    return found


def _reach(record: Mapping[str, Any]) -> dict[str, str]:
    """The first phone and e-mail that work, for the buttons of the header."""
    found: dict[str, str] = {}
    points = record.get("points") or []
    for each in sorted(points, key=lambda row: not row.get("primary")):
        if each.get("status") not in ("invalid", "former"):
            found.setdefault(each["kind"], each["value"])
    return found


# History


@blueprint.get("/<rtype:rtype>/<uuid:record_id>/history")
@policy(RECORDS)
def show_history(rtype: RecordType, record_id: UUID) -> str:
    """Who changed what, when, and from what to what; and who owned the record."""
    session = db()
    record, fields = loaded(session, rtype, record_id)
    return render_template(
        "core/pages/history.html",
        **heading(session, rtype, record, fields),
        changes=changes(session, rtype, record_id),
        owners=_owners(session, rtype, record_id),
    )


def changes(session: ScopedSession, rtype: RecordType, record_id: UUID) -> list[dict[str, Any]]:
    """The saves of a record in words."""
    cells = Cells(session, rtype.fields)
    verbs = {
        "create": _("created"),
        "change": _("changed"),
        "delete": _("moved to the bin"),
        "restore": _("brought back"),
        "merge": _("merged"),
        "password": _("set the password"),
        "import": _("imported"),
    }
    own = {each.name: each for each in custom.fields(session, rtype)}
    found = []
    for entry in service.history(session, rtype, record_id):
        rows = []
        for name, label, old, new in entry.fields:
            field = rtype.field_named(name) or own.get(name)
            label = str(own[name].label) if name in own else label
            rows.append(
                {"label": label, "old": _text(cells, field, old), "new": _text(cells, field, new)}
            )
        system = entry.principal_kind == "system"
        found.append(
            {
                "who": str(_("Kontora itself")) if system else entry.who,
                "verb": verbs.get(entry.verb, entry.verb),
                "when": entry.at,
                "fields": rows,
            }
        )
    return found


def _text(cells: Cells, field: Field | None, value: Any) -> str:
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


def _owners(session: ScopedSession, rtype: RecordType, record_id: UUID) -> list[dict[str, Any]]:
    from kontora.web import names

    rows = service.ownership(session, rtype, record_id)
    users = names.titles(session, "user", [row["owner_id"] for row in rows if row["owner_id"]])
    branches = names.titles(
        session, "branch", [row["branch_id"] for row in rows if row["branch_id"]]
    )
    return [
        {
            "owner": users.get(row["owner_id"], str(_("nobody"))),
            "branch": branches.get(row["branch_id"], ""),
            "from": row["valid_from"],
            "to": row["valid_to"],
        }
        for row in rows
    ]
