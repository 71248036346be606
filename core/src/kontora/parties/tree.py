"""The tree of a holding on a day: up to the top and down, from the relation `parent_of`.

What the reader may not see ends the tree there; nothing tells that it goes on. Takes a statement
per level, and three more for roles, owners and dates, whatever the number of organisations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access.models import User
from kontora.access.session import ScopedSession
from kontora.parties.chart import organisation
from kontora.parties.holding import PARENT
from kontora.parties.lines import on
from kontora.parties.models import Party, PartyRole, Relation

DEEPEST = 30
MOST = 3_000


@dataclass(slots=True, kw_only=True)
class Firm:
    """An organisation in the tree; the dates are those of its relation to the one above it."""

    id: UUID
    name: str
    valid_from: date | None = None
    valid_to: date | None = None
    is_here: bool = False
    owner: tuple[UUID, str] | None = None
    roles: list[dict[str, str | None]] = field(default_factory=list)
    firms: list[Firm] = field(default_factory=list)


def tree(session: ScopedSession, organisation_id: UUID, day: date) -> Firm:
    """The whole tree in which an organisation stands, from its top. Raises NotFound."""
    name = organisation(session, organisation_id)
    rights = session.principal.rights
    here = Firm(id=organisation_id, name=name, is_here=True)
    firms = {here.id: here}
    top = here
    if not (rights.hides("party", "relations") or rights.hides("party", "parent")):
        top = _top(session, here, day)
        firms = {top.id: top}
        _down(session, firms, organisation_id, day)
    _adorn(session, firms, day)
    return top


def _top(session: ScopedSession, here: Firm, day: date) -> Firm:
    seen, top = {here.id}, here
    for _level in range(DEEPEST):
        above = session.execute(
            select(Party.id, Party.display_name)
            .join(Relation, Relation.party_id == Party.id)
            .where(Relation.type == PARENT, Relation.other_id == top.id, on(Relation, day))
            .where(Party.kind == "organisation")
            .order_by(Party.sort_key, Party.id)
        ).first()
        if above is None or above.id in seen:
            break
        seen.add(above.id)
        top = Firm(id=above.id, name=above.display_name)
    return top


def _down(session: ScopedSession, firms: dict[UUID, Firm], here: UUID, day: date) -> None:
    level = list(firms)
    for _level in range(2 * DEEPEST):
        found: list[UUID] = []
        for some in _slices(level):
            rows = session.execute(
                select(Relation.party_id, Party.id, Party.display_name)
                .add_columns(Relation.valid_from, Relation.valid_to)
                .join(Party, Party.id == Relation.other_id)
                .where(Relation.type == PARENT, Relation.party_id.in_(some), on(Relation, day))
                .where(Party.kind == "organisation")
                .order_by(Party.sort_key, Party.id)
                .limit(MOST)
            )
            for upper, child, name, start, end in rows:
                if child in firms or len(firms) >= MOST:
                    continue
                made = Firm(id=child, name=name, valid_from=start, valid_to=end)
                made.is_here = child == here
                firms[child] = made
                firms[upper].firms.append(made)
                found.append(child)
        if not found:
            return
        level = found


def _adorn(session: ScopedSession, firms: dict[UUID, Firm], day: date) -> None:
    """Roles of the day with their classes, and owners, as far as the field rules allow."""
    rights = session.principal.rights
    for some in _slices(list(firms)):
        if not rights.hides("party", "roles"):
            rows = select(PartyRole).where(PartyRole.party_id.in_(some), on(PartyRole, day))
            for each in session.scalars(rows.order_by(PartyRole.position, PartyRole.id)):
                line = {"role": each.role, "status": each.status, "class": each.class_}
                firms[each.party_id].roles.append(line)
        if not rights.hides("party", "owner"):
            owners = select(Party.id, User.id.label("user_id"), User.name).join(
                User, User.id == Party.owner_id
            )
            for party_id, user_id, name in session.execute(owners.where(Party.id.in_(some))):
                firms[party_id].owner = (user_id, name)


def _slices(ids: Sequence[UUID], size: int = 500) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def as_json(firm: Firm) -> dict[str, Any]:
    """The tree as the API shows it."""
    return {
        "id": str(firm.id),
        "name": firm.name,
        "here": firm.is_here,
        "from": firm.valid_from.isoformat() if firm.valid_from else None,
        "to": firm.valid_to.isoformat() if firm.valid_to else None,
        "owner": {"id": str(firm.owner[0]), "name": firm.owner[1]} if firm.owner else None,
        "roles": firm.roles,
        "firms": [as_json(each) for each in firm.firms],
    }
