"""A look at a record beside its list: who it is, what comes next, what happened last."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template
from sqlalchemy import select

from kontora.access.session import ScopedSession
from kontora.http.context import db
from kontora.http.opened import opened
from kontora.http.policy import RECORDS, policy
from kontora.parties.activities import Activity, ActivityParty
from kontora.records import service
from kontora.registry.fields import FieldType
from kontora.registry.records import RecordType
from kontora.web.records import facts
from kontora.web.records.blueprint import blueprint
from kontora.web.records.record_page import heading, loaded

FEW = 5
LONG = frozenset({FieldType.LONGTEXT, FieldType.JSON})


@blueprint.get("/<rtype:rtype>/<uuid:record_id>/peek")
@policy(RECORDS)
def peek(rtype: RecordType, record_id: UUID) -> str:
    """The side panel of a list. It shows personal data, so it counts as opening the record."""
    session = db()
    record, fields = loaded(session, rtype, record_id)
    shown = [each for each in fields if each.name != rtype.title and each.type not in LONG]
    groups = facts.groups(session, rtype, record, shown, may_edit=False)
    filled = [
        {
            "title": group["title"],
            "items": [
                item
                for fact in group["facts"]
                for item in fact["items"]
                if item["value"] not in (None, "", [])
            ],
        }
        for group in groups
    ]
    body = render_template(
        "core/pages/views/peek.html",
        **heading(session, rtype, record, fields),
        fact_groups=[each for each in filled if each["items"]],
        activities=_latest(session, rtype, record_id),
    )
    opened(rtype, record_id)
    return body


def _latest(session: ScopedSession, rtype: RecordType, record_id: UUID) -> list[dict[str, Any]]:
    """The newest activities of a party, done or planned, in one statement."""
    activities = session.registry.record_type("activities")
    if rtype.entity != "party" or not service.grants_of(session, activities, "view"):
        return []
    found = session.scalars(
        select(Activity)
        .join(ActivityParty, ActivityParty.activity_id == Activity.id)
        .where(ActivityParty.party_id == record_id)
        .order_by(Activity.at.desc(), Activity.id.desc())
        .limit(FEW)
    )
    kind = activities.field_named("kind")
    labels = {each.value: each.label for each in kind.choices} if kind else {}
    return [
        {
            "url": f"/activities/{each.id}",
            "subject": each.subject or labels.get(each.kind, each.kind),
            "kind": labels.get(each.kind, each.kind),
            "at": each.at,
            "planned": each.state == "planned",
        }
        for each in found
    ]
