"""The page of one record: facts, timeline, people, panels; and its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, render_template, request

from kontora.access.session import ScopedSession
from kontora.http.context import db
from kontora.http.opened import opened
from kontora.http.policy import RECORDS, policy
from kontora.records import past, service
from kontora.records.opened import may_watch_user
from kontora.records.owners import has_owner
from kontora.records.schema import readable_fields
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web.records import composer, facts, panels, party, past_page, roles, timeline, why
from kontora.web.records.blueprint import blueprint
from kontora.web.records.cells import TONES, Cells, plain
from kontora.web.records.form_fields import LEFT_OUT
from kontora.web.records.history_page import owner_periods

# Shown in the header or in panels of their own, not among the facts.
ELSEWHERE = frozenset({"affiliations", "relations"})
# Of an activity: when it was done or is due, which both stand there.
OTHERWISE = frozenset({"at"})
HEADED = frozenset({"owner", "branch"})


@blueprint.get("/<rtype:rtype>/<uuid:record_id>")
@policy(RECORDS)
def show_record(rtype: RecordType, record_id: UUID) -> str | Response:
    """The page of a record; with `?as_of=` as it was on a past day."""
    session, day = db(), request.args.get("as_of")
    if day is not None:
        page: str | Response = past_page.render_past(session, rtype, record_id, day)
    else:
        page = render_record(session, rtype, record_id)
    if "before" not in request.args:  # older entries of the timeline are no new opening
        opened(rtype, record_id)
    return page


def render_record(
    session: ScopedSession,
    rtype: RecordType,
    record_id: UUID,
    composed: tuple[dict[str, Any], dict[str, Any]] | None = None,
) -> str:
    """The page; `composed` holds what was typed into the composer, and what is wrong with it.

    The number of statements does not depend on how much happened with the record.
    """
    record, fields = loaded(session, rtype, record_id)
    is_party = rtype.entity == "party"
    entries = service.history(session, rtype, record_id)
    events = timeline.context(session, rtype, record_id, request.args, entries)
    head = heading(session, rtype, record, fields, (events or {}).get("first"))
    typed, problems = composed or ({}, {})
    return render_template(
        "core/pages/record.html",
        **head,
        fact_groups=facts.groups(
            session,
            rtype,
            record,
            shown_as_facts(rtype, head["kind"], fields),
            may_edit=head["may_edit"],
            entries=entries,
        ),
        timeline=events,
        composer=composer.context(session, rtype),
        composer_values=typed,
        composer_errors=problems,
        texts=[] if is_party else facts.texts(session, rtype, record, fields, head["may_edit"]),
        people=party.people(session, record_id, record["kind"])
        if is_party and not head["is_firm"]
        else [],
        relations=party.relations(session, record_id) if is_party else [],
        sections=panels.arranged(session, rtype, record.get("kind")),
        owners=owner_periods(session, rtype, record_id)[:4] if has_owner(rtype) else [],
        today=past.today(session).isoformat(),
    )


def shown_as_facts(rtype: RecordType, kind: str | None, fields: list[Field]) -> list[Field]:
    """The fields of the left column; ownership stands in the header too, so it comes last."""
    is_party = rtype.entity == "party"
    left_out = LEFT_OUT.get(kind, frozenset())
    shown = [
        each
        for each in fields
        if each.name not in (ELSEWHERE if is_party else OTHERWISE)
        and each.name not in left_out
        and (is_party or each.type is not FieldType.LONGTEXT)
    ]
    return sorted(shown, key=lambda each: (each.name in HEADED, each.order))


def loaded(
    session: ScopedSession, rtype: RecordType, record_id: UUID
) -> tuple[dict[str, Any], list[Field]]:
    """A record with all that the user may see of it, and the fields that its kind has."""
    readable = readable_fields(rtype, session.principal.rights)
    on_demand = [each.name for each in readable if each.on_demand]
    record = service.get_record(session, rtype, record_id, expand=on_demand)
    kind = record.get("kind") if rtype.kinds else None
    fields = [each for each in readable if each.applies_to(kind) and each.shortcut is None]
    return record, [each for each in fields if roles.shows(each, record)]


def heading(
    session: ScopedSession,
    rtype: RecordType,
    record: Mapping[str, Any],
    fields: list[Field],
    planned: Sequence[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """What stands at the head of all pages of a record. `planned` are its next activities, if
    these are known already."""
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
        "next": next(iter(_next(session, rtype, record) if planned is None else planned), None),
        "may_edit": rights["edit"],
        "is_firm": rtype.entity == "party" and record.get("kind") == "organisation",
        "more": _more(session, rtype, record, base, rights),
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


def _next(
    session: ScopedSession, rtype: RecordType, record: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The next planned activity of a record; of a planned activity, itself."""
    activities = timeline.activities(session)
    if not service.grants_of(session, activities, "view"):
        return []
    if rtype.entity == "activity":
        items = [record] if record.get("state") == "planned" and record.get("due_at") else []
    elif timeline.has_timeline(rtype):
        planned = {"field": "state", "op": "eq", "value": "planned"}
        here = timeline.about(rtype, UUID(str(record["id"])))
        query = service.Query(filter={"and": [here, planned]}, sort=("due_at",), limit=1)
        items = list(service.list_records(session, activities, query).items)
    else:
        return []
    return timeline.entries_of(session, items)


def _more(
    session: ScopedSession,
    rtype: RecordType,
    record: Mapping[str, Any],
    base: str,
    rights_on: Mapping[str, bool],
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if rights_on["edit"]:
        found.append({"label": _("Edit all fields"), "url": f"{base}/edit", "icon": "pencil"})
    if rtype.entity == "party" and record.get("kind") == "organisation":
        found += [
            {"label": _("Organisation chart"), "url": f"{base}/chart", "icon": "binary-tree"},
            {"label": _("Holding"), "url": f"{base}/tree", "icon": "sitemap"},
        ]
    if rtype.entity == "party":
        found.append({"label": _("Consents"), "url": f"{base}/consents", "icon": "shield-check"})
    found.append({"label": _("History"), "url": f"{base}/history", "icon": "history"})
    found.append({"label": _("Print"), "icon": "printer", "attrs": {"data-print": True}})
    if rtype.entity == "user":
        rights = session.principal.rights
        if may_watch_user(session, UUID(base.rpartition("/")[2])):
            text = _("What he opened and exported")
            found.append({"label": text, "url": f"/admin{base}/reading", "icon": "eye"})
        if rights.has("people.hand_over"):
            text = _("Hand over")
            found.append({"label": text, "url": f"/admin{base}/handover", "icon": "transfer"})
    if rtype.entity == "party":
        found += _privacy(session, base)
    if rtype.has_bin and rights_on["delete"]:
        gone = {"label": _("Move to the bin"), "url": f"{base}/delete", "icon": "trash"}
        found += [{"divider": True}, {**gone, "method": "post", "danger": True}]
    found += why.questions(rtype, base, rights_on)
    return found


def _privacy(session: ScopedSession, base: str) -> list[dict[str, Any]]:
    """What may be asked for about a person; of an organisation the pages say that it is none."""
    kind, record_id = base.rpartition("/")[0], base.rpartition("/")[2]
    rights = session.principal.rights
    ways = (
        ("privacy.export", _("Export this person's data"), "export", "download"),
        ("privacy.erase", _("Erase this person"), "erase", "trash"),
    )
    return [
        {"label": text, "url": f"/admin/privacy/{way}/{record_id}", "icon": icon}
        for right, text, way, icon in ways
        if kind == "/contacts" and rights.has(right)
    ]


def _reach(record: Mapping[str, Any]) -> dict[str, str]:
    """The first phone and e-mail that work, for the buttons of the header."""
    found: dict[str, str] = {}
    points = record.get("points") or []
    for each in sorted(points, key=lambda row: not row.get("primary")):
        if each.get("status") not in ("invalid", "former"):
            found.setdefault(each["kind"], each["value"])
    return found
