"""Mentions: “@Anna Petrova” in the text of an activity.

The text stays as it was typed; beside it is kept who was meant, so that he is shown by the name
that he has today. Whoever is named hears of it if he may see the activity; if not, the writer is
told that he does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select

from kontora.access.models import User
from kontora.db.fold import fold
from kontora.errors import KontoraError, NotFound
from kontora.hookspecs import hookimpl
from kontora.parties.telling import MENTION
from kontora.records import notices, service
from kontora.records.shell_models import Mention
from kontora.registry.records import Change
from kontora.registry.work import Event, Subscriber
from kontora.text import _

DOOR = {"door": "mentions"}
MOST, OFFERED = 20, 8
_user: Any = User.__table__
_mention: Any = Mention.__table__
# A name has at most five words; what stands before "@" must not be part of an address.
_AT = re.compile(r"(?<![\w.@])@(?=(\S+(?:[ \u00a0]\S+){0,4}))")
_END = ".,;:!?)»”\"'"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be mentioned. `written` is what stands behind the @."""

    id: UUID
    name: str
    written: str
    email: str | None


def people(session: Any) -> list[Person]:
    """All who may be mentioned: active users. Where two have one name, the address says which."""
    rows = session.execute(
        select(_user.c.id, _user.c.name, _user.c.email)
        .where(_user.c.state == "active", _user.c.deleted_at.is_(None))
        .order_by(_user.c.name, _user.c.id),
        execution_options=DOOR,
    ).all()
    names = [fold(row.name) for row in rows]
    double = (
        {each for each in names if names.count(each) > 1} if len(set(names)) < len(names) else set()
    )
    return [
        Person(
            row.id,
            row.name,
            f"{row.name} ({row.email})" if fold(row.name) in double and row.email else row.name,
            row.email,
        )
        for row in rows
    ]


def offered(session: Any, q: str) -> list[Person]:
    """Who is meant by the beginning of a name, or of a part of it."""
    wanted = fold(q).split()
    found = []
    for each in people(session):
        parts = fold(each.name).split()
        if all(any(part.startswith(word) for part in parts) for word in wanted):
            found.append(each)
    return found[:OFFERED]


def named(session: Any, text: str | None) -> list[Person]:
    """Who is mentioned in a text, in the order of it; the longest name that fits is meant."""
    spots = _AT.findall(text or "")[: MOST * 5]
    if not spots:
        return []
    known = {fold(each.written): each for each in people(session)}
    found: dict[UUID, Person] = {}
    for spot in spots:
        words = spot.replace("\u00a0", " ").split(" ")
        for length in range(len(words), 0, -1):
            piece = " ".join(words[:length])
            who = known.get(fold(piece)) or known.get(fold(piece.rstrip(_END)))
            if who is not None:
                found.setdefault(who.id, who)
                break
    return list(found.values())[:MOST]


def of_activities(session: Any, ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """For each activity who is mentioned: id, the name of today, and `written`, as it stands in
    the text. The activities themselves were read through the scope before."""
    if not ids:
        return {}
    rows = session.execute(
        select(_mention.c.activity_id, _mention.c.user_id, _mention.c.written, _user.c.name)
        .join(_user, _user.c.id == _mention.c.user_id)
        .where(_mention.c.activity_id.in_(list(ids)))
        .order_by(_mention.c.id),
        execution_options=DOOR,
    )
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows:
        one = {"id": row.user_id, "name": row.name, "written": row.written}
        found.setdefault(row.activity_id, []).append(one)
    return found


@hookimpl
def record_changed(session: Any, change: Change) -> None:
    """Keep who is mentioned, in the transaction of the text."""
    if change.entity != "activity" or "body" not in change.after or change.record is None:
        return
    if change.verb not in ("create", "change"):
        return
    now = {each.id: each for each in named(session, change.record.body)}
    here = _mention.c.activity_id == change.record_id
    if change.verb == "change":
        kept = select(_mention.c.user_id).where(here)
        before = set(session.execute(kept, execution_options=DOOR).scalars())
        gone = here & _mention.c.user_id.not_in(list(now))
        session.execute(delete(_mention).where(gone), execution_options=DOOR)
        now = {key: each for key, each in now.items() if key not in before}
    rows = [
        {
            "activity_id": change.record_id,
            "user_id": each.id,
            "written": each.written,
            "created_at": session.now,
        }
        for each in now.values()
    ]
    if rows:
        session.execute(insert(_mention), rows, execution_options=DOOR)


def tell(session: Any, event: Event) -> None:
    """Tell those who are mentioned and have not been told; the key of the notice says who has."""
    if event.record_id is None or "body" not in event.payload.get("fields", ()):
        return
    mentioned = of_activities(session, [event.record_id]).get(event.record_id, [])
    unheard = []
    for each in mentioned:
        if each["id"] == session.principal.user_id:
            continue
        if not _may_see(session.site, each["id"], event.record_id):
            unheard.append(str(each["name"]))
            continue
        text = _("%(who)s mentioned you: %(text)s")
        params = {"who": session.principal.name, "text": _excerpt(session, event.record_id)}
        key = f"mention.{event.record_id}"
        link = f"/activities/{event.record_id}"
        notices.tell(session, [each["id"]], MENTION, text, params, link, key=key)
    if unheard and session.principal.user_id is not None:
        names = ", ".join(unheard)
        text = _("%(names)s was not told: this record is out of his or her sight.")
        key = f"unheard.{event.record_id}.{len(names)}"
        mine, link = [session.principal.user_id], f"/activities/{event.record_id}"
        notices.tell(session, mine, "mention.unheard", text, {"names": names}, link, key=key)


def _excerpt(session: Any, activity_id: UUID) -> str:
    try:
        rtype = session.registry.record_type("activities")
        record: Mapping[str, Any] = service.get_record(
            session, rtype, activity_id, fields=("body", "subject")
        )
    except NotFound:
        return ""
    words = " ".join(str(record.get("body") or record.get("subject") or "").split())
    return words if len(words) <= 120 else words[:119].rstrip() + "…"


def _may_see(site: Any, user_id: UUID, activity_id: UUID) -> bool:
    """Whether this user would find the activity. What was written is committed by now."""
    try:
        who = site.acting("user", user_id)
        with site.read(who) as session:
            service.get_record(
                session, session.registry.record_type("activities"), activity_id, fields=()
            )
    except KontoraError:
        return False
    return True


@hookimpl
def register_subscribers() -> Iterable[Subscriber]:
    """After the commit, in the worker: nobody waits for it."""
    return (
        Subscriber(name="core.mentions_new", pattern="activity.created", handler=tell),
        Subscriber(name="core.mentions", pattern="activity.changed", handler=tell),
    )
