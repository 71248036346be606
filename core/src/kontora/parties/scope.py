"""Keep the table of who reaches which party (see `access.scope_table`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, or_, select

from kontora.access.scope_table import PartyScope
from kontora.parties.lines import on
from kontora.parties.models import Affiliation, Party, PartyRole

DOOR = {"door": "scope"}
LOOK_BACK = timedelta(days=60)
# What decides who reaches a party, and where it stands in the order of names.
FIELDS = frozenset(
    "display_name given family middle legal_name owner branch roles affiliations".split()
)
_scope: Any = PartyScope.__table__
_party: Any = Party.__table__
_role: Any = PartyRole.__table__
_affiliation: Any = Affiliation.__table__
# Of a row of the table: the sort key, whether it is one's own, whether it is inherited.
Row = tuple[str, bool, bool]
_ROW = ("sort_key", "own", "inherited")


def refresh(session: Any, party_ids: Sequence[UUID]) -> None:
    """Write the rows of these parties, and of the people of those that are organisations."""
    ids = set(party_ids)
    parties = _parties(session, ids)
    if firms_among := {each.id for each in parties.values() if each.kind == "organisation"}:
        parties |= _parties(session, _people_of(session, firms_among) - ids)
    for some in _slices(parties):
        _refresh(session, {each: parties[each] for each in some})


def _refresh(session: Any, parties: Mapping[UUID, Any]) -> None:
    people = {each.id for each in parties.values() if each.kind == "person"}
    firms = _firms_of(session, people)
    above = _parties(session, {firm for each in firms.values() for firm in each})
    direct = _direct(session, {**above, **parties})
    wanted: dict[tuple[UUID, UUID], Row] = {}
    for party in parties.values():
        own = direct.get(party.id, set())
        heir = {each for firm in firms.get(party.id, ()) for each in direct.get(firm, ())}
        for scope_id in own | heir:
            wanted[scope_id, party.id] = (party.sort_key, scope_id in own, scope_id in heir)
    _write(session, set(parties), wanted)


def _slices(ids: Iterable[UUID], size: int = 500) -> Iterator[list[UUID]]:
    """A database takes a limited number of parameters; an organisation has any number of people."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def _rows(session: Any, statement: Any) -> Iterable[Any]:
    found: Iterable[Any] = session.execute(statement, execution_options=DOOR)
    return found


def _parties(session: Any, ids: Iterable[UUID]) -> dict[UUID, Any]:
    """What decides of the parties themselves. The lock (for readers; SQLite has one writer
    anyway) makes a save of a firm and one of its people wait for each other: else each would
    compute the rows from what it does not yet see of the other."""
    columns = (_party.c.id, _party.c.kind, _party.c.owner_id, _party.c.branch_id, _party.c.sort_key)
    found: dict[UUID, Any] = {}
    for some in _slices(ids):
        statement = select(*columns).where(_party.c.id.in_(some)).order_by(_party.c.id)
        found |= {row.id: row for row in _rows(session, statement.with_for_update(read=True))}
    return found


def _people_of(session: Any, ids: set[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for some in _slices(ids):
        people = select(_affiliation.c.person_id).where(_affiliation.c.organisation_id.in_(some))
        found |= {row[0] for row in _rows(session, people)}
    return found


def _firms_of(session: Any, ids: set[UUID]) -> dict[UUID, set[UUID]]:
    if not ids:
        return {}
    found = (
        select(_affiliation.c.person_id, _affiliation.c.organisation_id)
        .join(_party, _party.c.id == _affiliation.c.organisation_id)
        .where(_affiliation.c.person_id.in_(ids), on(_affiliation.c, session.now.date()))
        .where(_party.c.deleted_at.is_(None))
    )
    firms: dict[UUID, set[UUID]] = {}
    for person, firm in _rows(session, found):
        firms.setdefault(person, set()).add(firm)
    return firms


def _direct(session: Any, parties: Mapping[UUID, Any]) -> dict[UUID, set[UUID]]:
    """Users and branches of the parties and of their current roles."""
    found: dict[UUID, set[UUID]] = {}
    for party in parties.values():
        found[party.id] = {each for each in (party.owner_id, party.branch_id) if each}
    for some in _slices(parties):
        roles = select(_role.c.party_id, _role.c.owner_id, _role.c.branch_id).where(
            _role.c.party_id.in_(some), on(_role.c, session.now.date())
        )
        for party_id, owner, branch in _rows(session, roles):
            found[party_id].update(each for each in (owner, branch) if each)
    return found


def _write(session: Any, ids: set[UUID], wanted: Mapping[tuple[UUID, UUID], Row]) -> None:
    columns = (_scope.c[name] for name in ("scope_id", "party_id", *_ROW))
    statement = select(*columns).where(_scope.c.party_id.in_(ids))
    before = {(row[0], row[1]): tuple(row[2:]) for row in _rows(session, statement)}
    gone = [key for key, value in before.items() if wanted.get(key) != value]
    for scope_id, party_id in gone:
        session.execute(
            delete(_scope).where(_scope.c.scope_id == scope_id, _scope.c.party_id == party_id),
            execution_options=DOOR,
        )
    rows = [
        {"scope_id": key[0], "party_id": key[1], **dict(zip(_ROW, value, strict=True))}
        for key, value in wanted.items()
        if before.get(key) != value
    ]
    if rows:
        session.execute(insert(_scope), rows, execution_options=DOOR)


def refresh_due(session: Any) -> int:
    """Bring parties whose role or position began or ended lately up to date.

    Runs every night as a job of the system; returns how many parties it looked at. It looks back
    for as long as a server may have been off.
    """
    today = session.now.date()
    first = today - LOOK_BACK
    ids: set[UUID] = set()
    for table, column in ((_role, _role.c.party_id), (_affiliation, _affiliation.c.person_id)):
        began = table.c.valid_from.between(first, today)
        due = or_(began, table.c.valid_to.between(first, today))
        ids |= {row[0] for row in _rows(session, select(column).where(due))}
    batch = sorted(ids)
    for start in range(0, len(batch), 200):
        refresh(session, batch[start : start + 200])
    return len(ids)
