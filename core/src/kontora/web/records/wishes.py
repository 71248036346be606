"""What a reader wants to see in timelines: of which kind, by whom. Kept for the user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, request
from sqlalchemy import select

from kontora.access.models import User
from kontora.access.session import ScopedSession
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.parties.activities import Activity, ActivityParty, ActivityRecord
from kontora.records import service
from kontora.records.changes import HistoryEntry
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web import preferences
from kontora.web.records.blueprint import blueprint
from kontora.web.records.log_entries import FILES

ALL, ACTIVITIES, CHANGES, FILE = "all", "activities", "changes", "files"
# Plural names for the tabs; kinds of plugins go by their own label.
PLURALS: Mapping[str, Text] = {
    "call": _("Calls"),
    "mail": _("Mails"),
    "meeting": _("Meetings"),
    "note": _("Notes"),
    "task": _("Tasks"),
    "visit": _("Visits"),
    "letter": _("Letters"),
    "chat": _("Chats"),
    "fax": _("Faxes"),
}
SHOWN = ("call", "mail", "meeting", "note", "task")
MOST_PEOPLE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`show`: all, activities, changes, files, or one kind of activity. `by`: the id of a user."""

    show: str = ALL
    by: str = ""
    name: str = ""

    @property
    def activities(self) -> bool:
        return self.show not in (CHANGES, FILE)

    @property
    def changes(self) -> bool:
        return self.show in (ALL, CHANGES, FILE)

    @property
    def narrowed(self) -> bool:
        return self.show != ALL or bool(self.by)

    def conditions(self) -> list[dict[str, Any]]:
        """What activities must meet."""
        found: list[dict[str, Any]] = []
        if self.show not in (ALL, ACTIVITIES, CHANGES, FILE):
            found.append({"field": "kind", "op": "eq", "value": self.show})
        if self.by:
            found.append({"field": "owner", "op": "eq", "value": self.by})
        return found

    def wanted(self, entries: Iterable[HistoryEntry]) -> list[HistoryEntry]:
        """The saves to show."""
        return [
            each
            for each in entries
            if (self.show != FILE or each.verb in FILES)
            and (self.show != CHANGES or each.verb not in FILES)
            and (not self.by or each.who == self.name)
        ]


def key_of(rtype: RecordType) -> str:
    """Under which a user's wish is kept."""
    return f"timeline:{rtype.path}"


def read(session: ScopedSession, rtype: RecordType) -> Wish:
    """What this user chose the last time on a page of this type."""
    user_id = session.principal.user_id
    kept = preferences.get(session, user_id, key_of(rtype)) if user_id else None
    if not isinstance(kept, dict):
        return Wish()
    by, name = str(kept.get("by", "")), ""
    if by:
        try:
            name = session.scalar(select(User.name).where(User.id == UUID(by))) or ""
        except ValueError:
            by = ""
    return Wish(show=str(kept.get("show", ALL)), by=by if name else "", name=name)


def choices(
    session: ScopedSession, rtype: RecordType, wish: Wish, *, activities: bool
) -> list[dict[str, Any]]:
    """The tabs over the timeline."""
    declared = session.registry.record_type("activities").field_named("kind")
    labels = {each.value: each.label for each in declared.choices} if declared else {}
    shown = [each for each in SHOWN if each in labels]
    if wish.show in labels and wish.show not in shown:
        shown.append(wish.show)
    rows: list[tuple[str, object]] = [(ALL, _("All"))]
    if activities:
        rows += [(each, PLURALS.get(each, labels[each])) for each in shown]
    rows += [(CHANGES, _("Changes")), (FILE, _("Files"))]
    others = [] if not activities else [each for each in labels if each not in shown]
    found = [{"value": v, "label": label, "active": v == wish.show} for v, label in rows]
    return found + [
        {"value": each, "label": PLURALS.get(each, labels[each]), "rest": True} for each in others
    ]


def people(
    session: ScopedSession, rtype: RecordType, record_id: UUID, wish: Wish
) -> list[dict[str, Any]]:
    """Those whose activities are about this record."""
    link: Any = ActivityParty if rtype.entity == "party" else ActivityRecord
    here = [link.party_id == record_id] if rtype.entity == "party" else _about(rtype, record_id)
    owners = (
        select(Activity.owner_id)
        .join(link, link.activity_id == Activity.id)
        .where(*here)
        .distinct()
    )
    rows = session.execute(
        select(User.id, User.name).where(User.id.in_(owners)).order_by(User.name).limit(MOST_PEOPLE)
    ).all()
    known: Sequence[tuple[str, str]] = [(str(row[0]), row[1]) for row in rows]
    if wish.by and wish.by not in dict(known):
        known = [*known, (wish.by, wish.name)]
    return [{"id": key, "name": name, "active": key == wish.by} for key, name in known]


def _about(rtype: RecordType, record_id: UUID) -> list[Any]:
    return [ActivityRecord.entity == rtype.entity, ActivityRecord.record_id == record_id]


@blueprint.post("/<rtype:rtype>/<uuid:record_id>/timeline")
@policy(RECORDS)
def choose(rtype: RecordType, record_id: UUID) -> Response:
    """Keep what this user wants to see in timelines of this type: `show` and `by`."""
    session = db()
    service.get_record(session, rtype, record_id, fields=())
    kind = session.registry.record_type("activities").field_named("kind")
    known = {ALL, ACTIVITIES, CHANGES, FILE, *(each.value for each in kind.choices)}
    before = read(session, rtype)
    show, by = request.form.get("show", before.show), request.form.get("by", before.by)
    kept = {"show": show if show in known else ALL, "by": by[:40]}
    user_id = session.principal.user_id
    if user_id is not None:
        preferences.put(
            session, user_id, key_of(rtype), None if kept == {"show": ALL, "by": ""} else kept
        )
    return make_response(redirect(f"/{rtype.path}/{record_id}", 303))
