"""The timeline of a record: what is planned above, what happened below, with its changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from kontora import clock
from kontora.access.session import ScopedSession
from kontora.records import service
from kontora.records.changes import HistoryEntry
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import formats, mentions, names
from kontora.web.addresses import with_query
from kontora.web.records import log_entries, wishes
from kontora.web.records.cells import Cells, plain

PAGE, PLANNED = 30, 50
PLAN = {"field": "state", "op": "eq", "value": "planned"}


def activities(session: ScopedSession) -> RecordType:
    """The record type of activities."""
    found: RecordType = session.registry.record_type("activities")
    return found


def has_timeline(rtype: RecordType) -> bool:
    """Whether activities can be about records of this type: all but those of our own company,
    and activities themselves."""
    guard = rtype.model.__guard__
    return guard.mode == "record" and rtype.entity != "activity"


def about(rtype: RecordType, record_id: UUID) -> dict[str, Any]:
    """The condition that an activity is with this party, or about this record."""
    name = "parties" if rtype.entity == "party" else "records.id"
    return {"field": name, "op": "eq", "value": str(record_id)}


def context(
    session: ScopedSession,
    of: RecordType,
    record_id: UUID,
    arguments: Mapping[str, str],
    changes: Sequence[HistoryEntry],
) -> dict[str, Any] | None:
    """Planned and past entries of a record, as its reader wants to see them; None when there is
    nothing of the kind.

    `arguments` are those of the address: `before` and `until` lead to what is older. `changes` is
    the history of the record; between two activities stand the changes of that time.
    """
    rtype = activities(session)
    shows_activities = has_timeline(of) and service.grants_of(session, rtype, "view")
    wish = wishes.read(session, of)
    cursor, until = arguments.get("before"), _moment(arguments.get("until"))
    here: list[dict[str, Any]] = [about(of, record_id), *wish.conditions()]
    planned_too: list[dict[str, Any]] = []
    done: list[dict[str, Any]] = []
    older = None
    if shows_activities and wish.activities:
        page = _past(session, rtype, here, cursor)
        done, older = _entries(session, rtype, page.items, record_id), page.next
        if not cursor:
            planned_too = _planned(session, rtype, here, record_id)
    floor = done[-1]["when"] if older and done else None
    if wish.changes:
        rows = [each for each in changes if _within(each, until, floor)]
        done += log_entries.of(session, of, record_id, wish.wanted(rows))
        done.sort(key=lambda each: each["when"], reverse=True)
    return {
        "planned": planned_too,
        # What is next at all, where nothing was left out.
        "first": planned_too if shows_activities and not (cursor or wish.narrowed) else None,
        "days": _days(done),
        "next": with_query("", [("before", older), ("until", floor.isoformat())])
        if older and floor
        else None,
        "choices": wishes.choices(session, of, wish, activities=shows_activities),
        "people": wishes.people(session, of, record_id, wish) if shows_activities else [],
        "narrowed": wish.narrowed,
    }


def _past(
    session: ScopedSession, rtype: RecordType, here: list[dict[str, Any]], cursor: str | None
) -> service.Page:
    query = service.Query(
        filter={"and": [*here, {"not": PLAN}]}, sort=("-at",), limit=PAGE, cursor=cursor
    )
    return service.list_records(session, rtype, query)


def _planned(
    session: ScopedSession, rtype: RecordType, here: list[dict[str, Any]], record_id: UUID
) -> list[dict[str, Any]]:
    query = service.Query(filter={"and": [*here, PLAN]}, sort=("due_at",), limit=PLANNED)
    return _entries(session, rtype, service.list_records(session, rtype, query).items, record_id)


def _moment(given: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(given) if given else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else None


def _within(entry: HistoryEntry, until: datetime | None, floor: datetime | None) -> bool:
    return (until is None or entry.at < until) and (floor is None or entry.at >= floor)


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
    own: UUID | None,
) -> list[dict[str, Any]]:
    cells = Cells(session, rtype.fields)
    kind = rtype.field_named("kind")
    assert kind is not None
    ids = {UUID(each["id"]) for item in items for each in item["parties"]}
    kinds = names.kinds(session, "party", ids)
    may_edit = service.grants_of(session, rtype, "edit")
    may_delete = service.grants_of(session, rtype, "delete")
    now = clock.now()
    named = mentions.of(session, [each["id"] for each in items if "@" in (each["body"] or "")])
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
                "mentions": named.get(str(item["id"])),
                "who": (item["owner"] or {}).get("name"),
                "when": when,
                "planned": planned,
                "late": planned and when is not None and when < now,
                "facts": _facts(cells, rtype, item),
                "may_edit": may_edit,
                "people": [
                    *_people(session, item["parties"], kinds, own),
                    *_records(session, item["records"], own),
                ],
                "done_url": f"{url}/done" if planned and may_edit else None,
                "move_url": f"{url}/postpone" if planned and may_edit else None,
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


def _records(
    session: ScopedSession, records: Sequence[Mapping[str, Any]], but: UUID | None
) -> list[dict[str, Any]]:
    """What else an activity is about; records of a plugin that is off have no page."""
    found = []
    for each in records:
        url = names.path_of(session.registry, each["type"], each["id"]["id"])
        if url is not None and each["id"]["id"] != str(but):
            found.append({"name": each["id"]["name"] or str(_("no name")), "url": url})
    return found


def _facts(cells: Cells, rtype: RecordType, item: Mapping[str, Any]) -> list[str]:
    """What is said beside an entry: the result of a call, how long a meeting was."""
    found: list[str] = []
    outcome = rtype.field_named("outcome")
    if outcome is not None and item.get("outcome"):
        found.append(plain(cells.choice(outcome, item["outcome"], badge=False)))
    if item.get("duration"):
        found.append(_length(item["duration"]))
    return found


def _length(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    words = [str(_("%(n)s h") % {"n": hours})] if hours else []
    return " ".join([*words, *([str(_("%(n)s min") % {"n": rest})] if rest or not hours else [])])


def _menu(url: str, may_edit: bool, may_delete: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if may_edit:
        found.append({"label": _("Edit"), "url": f"{url}/edit", "icon": "pencil"})
    if may_delete:
        gone = {"label": _("Move to the bin"), "url": f"{url}/delete", "icon": "trash"}
        found.append({**gone, "method": "post", "danger": True})
    return found
