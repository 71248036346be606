"""The organisation chart of a counterparty: who reported to whom on a day, as far as one sees.

Somebody whom the reader may not see is left out without a trace: no placeholder, no number. Who
reports to him stands at the top, like those who report to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access.session import ScopedSession
from kontora.errors import NotFound
from kontora.parties.lines import on
from kontora.parties.models import Affiliation, Party
from kontora.text import _

MOST = 5_000
DEEPEST = 40


@dataclass(slots=True, kw_only=True)
class Place:
    """A person's position on the chart, with those who report to him. A person with two positions
    stands there twice; who reports to him stands below the first."""

    person_id: UUID
    name: str
    title: str | None
    department: str | None
    functions: str | None
    valid_from: date | None
    valid_to: date | None
    reports_to: UUID | None
    people: list[Place] = field(default_factory=list)


def organisation(session: ScopedSession, organisation_id: UUID) -> str:
    """The name of an organisation that may be seen. Raises NotFound, also for a person."""
    found = session.execute(
        select(Party.display_name, Party.kind).where(Party.id == organisation_id)
    ).one_or_none()
    if found is None:
        raise NotFound()
    if found.kind != "organisation":
        raise NotFound(_("Only an organisation has this page."))
    return str(found.display_name)


def chart(session: ScopedSession, organisation_id: UUID, day: date) -> list[Place]:
    """The people of an organisation on a day, nested; those without a line first level. Takes one
    statement beside the look whether the organisation may be seen."""
    organisation(session, organisation_id)
    if session.principal.rights.hides("party", "affiliations"):
        return []
    rows = session.execute(
        select(Affiliation, Party.display_name)
        .join(Party, Party.id == Affiliation.person_id)
        .where(Affiliation.organisation_id == organisation_id, on(Affiliation, day))
        .order_by(Party.sort_key, Party.id, Affiliation.position, Affiliation.id)
        .limit(MOST)
    )
    return nested([_place(row, name) for row, name in rows])


def _place(row: Any, name: str) -> Place:
    return Place(
        person_id=row.person_id,
        name=name,
        title=row.title,
        department=row.department,
        functions=row.functions,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        reports_to=row.reports_to_id,
    )


def nested(places: Sequence[Place]) -> list[Place]:
    """Hang each place below that of the superior. Old data may hold circles: each is cut open at
    its first person. Below the level DEEPEST all stand side by side."""
    first: dict[UUID, Place] = {}
    for each in places:
        first.setdefault(each.person_id, each)
    below: dict[UUID, list[Place]] = {}
    top: list[Place] = []
    for each in places:
        upper = first.get(each.reports_to) if each.reports_to else None
        if upper is None or upper.person_id == each.person_id:
            each.reports_to = None
            top.append(each)
        else:
            below.setdefault(upper.person_id, []).append(each)
    reached: set[int] = set()
    for each in top:
        _hang(each, first, below, reached)
    for each in places:
        if id(each) not in reached:
            each.reports_to = None
            top.append(each)
            _hang(each, first, below, reached)
    return top


def _hang(
    start: Place,
    first: Mapping[UUID, Place],
    below: Mapping[UUID, list[Place]],
    reached: set[int],
) -> None:
    reached.add(id(start))
    todo: list[tuple[Place, Place, int]] = [(start, start, 1)]
    while todo:
        place, shelf, depth = todo.pop()
        if first[place.person_id] is not place:
            continue
        for each in below.get(place.person_id, ()):
            if id(each) not in reached:
                reached.add(id(each))
                shelf.people.append(each)
                todo.append((each, each if depth < DEEPEST else shelf, depth + 1))


def as_json(places: Sequence[Place]) -> list[dict[str, Any]]:
    """The chart as the API shows it."""
    return [
        {
            "id": str(each.person_id),
            "name": each.name,
            "title": each.title,
            "department": each.department,
            "functions": each.functions,
            "from": each.valid_from.isoformat() if each.valid_from else None,
            "to": each.valid_to.isoformat() if each.valid_to else None,
            "people": as_json(each.people),
        }
        for each in places
    ]
