"""Who reports to whom within an organisation: no circles, on any day, also by two who save at once.

A save that sets such a line first locks the row of the organisation, so that on PostgreSQL the
second of two waits and then sees what the first one wrote. SQLite has one writer at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.errors import Invalid
from kontora.parties.lines import Lines, way_up
from kontora.parties.models import Affiliation, Party
from kontora.text import _

DOOR = {"door": "scope"}
_party: Any = Party.__table__
_place: Any = Affiliation.__table__


def check(
    session: Any, person_id: UUID, name: str, data: Mapping[str, Any], *, is_new: bool = False
) -> None:
    """Raise Invalid for a position that would make somebody his own superior. Nobody reports to
    somebody new yet, so there is nothing to look for."""
    rows = data.get("affiliations") or ()
    errors: dict[str, list[object]] = {}
    for number, row in enumerate(rows):
        if row.get("reports_to") == person_id:
            errors[f"affiliations.{number}.reports_to"] = [_("Nobody reports to himself.")]
    if errors:
        raise Invalid(errors)
    lines = [(number, row) for number, row in enumerate(rows) if row.get("reports_to") is not None]
    firms = {firm for _number, row in lines if (firm := _firm(row)) is not None}
    if is_new or not firms:
        return
    lock = select(_party.c.id).where(_party.c.id.in_(firms)).order_by(_party.c.id)
    session.execute(lock.with_for_update(key_share=True), execution_options=DOOR).all()
    for number, row in lines:
        firm = _firm(row)
        if firm is None:
            continue
        period = (row.get("from"), row.get("to"))
        above = partial(_above, session, firm, person_id)
        way = way_up(above, row["reports_to"], person_id, period)
        if way is not None:
            errors[f"affiliations.{number}.reports_to"] = [_sentence(session, name, way)]
    if errors:
        raise Invalid(errors)


def _firm(row: Mapping[str, Any]) -> UUID | None:
    value = row.get("organisation")
    return value if isinstance(value, UUID) else None


def _above(session: Any, firm: UUID, but: UUID, person: UUID) -> Lines:
    """The superiors of somebody in an organisation; not of the person who is being saved."""
    if person == but:
        return ()
    statement = select(_place.c.reports_to_id, _place.c.valid_from, _place.c.valid_to).where(
        _place.c.person_id == person,
        _place.c.organisation_id == firm,
        _place.c.reports_to_id.is_not(None),
    )
    rows = session.execute(statement, execution_options=DOOR)
    return [(upper, (start, end)) for upper, start, end in rows]


def _sentence(session: Any, name: str, way: list[UUID]) -> object:
    """The circle in words; somebody whom the principal does not see has no name in it."""
    rows = session.execute(select(Party.id, Party.display_name).where(Party.id.in_(way)))
    known = {row[0]: row[1] for row in rows}
    names = [name, *(known.get(each, "—") for each in way[:-1]), name]
    return _("This would close a circle: %(names)s.") % {"names": " → ".join(names)}
