"""Keep the table of who reaches which party (see `access.scope_table`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, insert, or_, select

from kontora.access.scope_table import PartyScope
from kontora.parties.models import Affiliation, Party, PartyRole

DOOR = {"door": "scope"}
_scope: Any = PartyScope.__table__
_party: Any = Party.__table__
_role: Any = PartyRole.__table__
_affiliation: Any = Affiliation.__table__


def refresh(session: Any, party_ids: Sequence[UUID]) -> None:
    """Write the rows of these parties, and of the people of those that are organisations."""
    ids = set(party_ids)
    ids |= _people_of(session, ids)
    direct = _direct(session, ids)
    firms = _firms_of(session, ids)
    above = _direct(session, {firm for each in firms.values() for firm in each} - ids) | direct
    names = _sort_keys(session, ids)
    wanted: dict[tuple[UUID, UUID], tuple[str, bool]] = {}
    for party_id in ids:
        for firm in firms.get(party_id, ()):
            for scope_id in above.get(firm, ()):
                wanted[scope_id, party_id] = (names[party_id], True)
        for scope_id in direct.get(party_id, ()):
            wanted[scope_id, party_id] = (names[party_id], False)
    _write(session, ids, wanted)


def _current(table: Any, session: Any) -> Any:
    today = session.now.date()
    return and_(
        or_(table.c.valid_from.is_(None), table.c.valid_from <= today),
        or_(table.c.valid_to.is_(None), table.c.valid_to >= today),
    )


def _rows(session: Any, statement: Any) -> Iterable[Any]:
    return session.execute(statement, execution_options=DOOR)  # type: ignore[no-any-return]


def _people_of(session: Any, ids: set[UUID]) -> set[UUID]:
    found = select(_affiliation.c.person_id).where(_affiliation.c.organisation_id.in_(ids))
    return {row[0] for row in _rows(session, found)}


def _firms_of(session: Any, ids: set[UUID]) -> dict[UUID, set[UUID]]:
    found = (
        select(_affiliation.c.person_id, _affiliation.c.organisation_id)
        .join(_party, _party.c.id == _affiliation.c.organisation_id)
        .where(_affiliation.c.person_id.in_(ids), _current(_affiliation, session))
        .where(_party.c.deleted_at.is_(None))
    )
    firms: dict[UUID, set[UUID]] = {}
    for person, firm in _rows(session, found):
        firms.setdefault(person, set()).add(firm)
    return firms


def _direct(session: Any, ids: set[UUID]) -> dict[UUID, set[UUID]]:
    """Users and branches of the parties and of their current roles."""
    own = select(_party.c.id, _party.c.owner_id, _party.c.branch_id).where(_party.c.id.in_(ids))
    roles = select(_role.c.party_id, _role.c.owner_id, _role.c.branch_id).where(
        _role.c.party_id.in_(ids), _current(_role, session)
    )
    found: dict[UUID, set[UUID]] = {}
    for statement in (own, roles):
        for party_id, owner, branch in _rows(session, statement):
            found.setdefault(party_id, set()).update(x for x in (owner, branch) if x)
    return found


def _sort_keys(session: Any, ids: set[UUID]) -> dict[UUID, str]:
    found = select(_party.c.id, _party.c.sort_key).where(_party.c.id.in_(ids))
    return {row[0]: row[1] for row in _rows(session, found)}


def _write(session: Any, ids: set[UUID], wanted: dict[tuple[UUID, UUID], tuple[str, bool]]) -> None:
    statement = select(
        _scope.c.scope_id, _scope.c.party_id, _scope.c.sort_key, _scope.c.inherited
    ).where(_scope.c.party_id.in_(ids))
    before = {(row[0], row[1]): (row[2], row[3]) for row in _rows(session, statement)}
    gone = [key for key, value in before.items() if wanted.get(key) != value]
    for scope_id, party_id in gone:
        session.execute(
            delete(_scope).where(_scope.c.scope_id == scope_id, _scope.c.party_id == party_id),
            execution_options=DOOR,
        )
    rows = [
        {"scope_id": key[0], "party_id": key[1], "sort_key": value[0], "inherited": value[1]}
        for key, value in wanted.items()
        if before.get(key) != value
    ]
    if rows:
        session.execute(insert(_scope), rows, execution_options=DOOR)


def refresh_due(session: Any) -> int:
    """Bring parties whose role or position began or ended yesterday or today up to date.

    Runs every night as a job of the system; returns how many parties it looked at.
    """
    today = session.now.date()
    days = [today - timedelta(days=1), today]
    ids: set[UUID] = set()
    for table, column in ((_role, _role.c.party_id), (_affiliation, _affiliation.c.person_id)):
        due = or_(table.c.valid_from.in_(days), table.c.valid_to.in_(days))
        ids |= {row[0] for row in _rows(session, select(column).where(due))}
    batch = sorted(ids)
    for start in range(0, len(batch), 200):
        refresh(session, batch[start : start + 200])
    return len(ids)
