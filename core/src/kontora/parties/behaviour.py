"""What parties do when they are saved: names, order, the list of counterparties, parents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, or_, select, update

from kontora.db.fold import fold
from kontora.errors import Invalid
from kontora.ids import new_id
from kontora.parties.models import ContactPoint, Organisation, Party, Person, Relation
from kontora.registry.records import Change, Draft
from kontora.text import _

DOOR = {"door": "scope"}
PARENT = "parent_of"
_organisation: Any = Organisation.__table__
_relation: Any = Relation.__table__


def prepare(session: Any, draft: Draft) -> None:
    """Complete a party before it is written; raises Invalid when it has no name at all."""
    data, record = draft.data, draft.record
    if draft.kind == "person":
        _name_person(session, draft)
    elif draft.verb == "create" and not data.get("display_name"):
        data["display_name"] = data.get("legal_name")
    name = data.get("display_name", record.display_name)
    if not name:
        raise Invalid({"display_name": [_("Give the record a name.")]})
    record.sort_key = fold(name)[:200]
    if draft.verb == "create" and draft.kind == "person" and draft.rtype.path == "counterparties":
        data["roles"] = data.get("roles") or [{"role": "prospect"}]
    if draft.verb == "create" or "roles" in data:
        record.is_counterparty = draft.kind == "organisation" or bool(data.get("roles"))
    if data.get("parent") is not None:
        _check_parent(session, record.id, data["parent"])
    _check_positions(record.id, data)


def _name_person(session: Any, draft: Draft) -> None:
    """A person is called by his names; without any, by the first thing that is known of him."""
    data, record = draft.data, draft.record
    if data.get("display_name"):
        return
    data.pop("display_name", None)
    old: Any = None
    if draft.verb == "change":
        if not {"given", "family"} & data.keys():
            return
        old = session.scalars(select(Person).where(Person.party_id == record.id)).one_or_none()
        if record.display_name != _joined(old.given if old else "", old.family if old else ""):
            if old is not None and (old.given or old.family):
                return
    given = data.get("given", old.given if old else None)
    family = data.get("family", old.family if old else None)
    data["display_name"] = _joined(given, family) or record.display_name or _stand_in(data)


def _joined(given: str | None, family: str | None) -> str:
    return " ".join(each for each in (given, family) if each)[:255]


def _stand_in(data: Mapping[str, Any]) -> str | None:
    """What to call a person without a name: an address, a number, any other fact."""
    for name in ("middle", "email", "phone"):
        if data.get(name):
            return str(data[name])[:255]
    for each in (*(data.get("points") or ()), *(data.get("identifiers") or ())):
        if each.get("value"):
            return str(each["value"])[:255]
    for row in data.get("addresses") or ():
        parts = [row.get(each) for each in ("street", "locality", "country")]
        if any(parts):
            return ", ".join(each for each in parts if each)[:255]
    facts = data.keys() - {"owner", "branch", "state"}
    return str(_("No name")) if any(data[each] for each in facts) else None


def _check_parent(session: Any, party_id: UUID, parent: UUID) -> None:
    seen: set[UUID] = set()
    while parent is not None and parent not in seen:
        if parent == party_id:
            raise Invalid({"parent": [_("An organisation cannot lie below itself.")]})
        seen.add(parent)
        above = select(_organisation.c.parent_id).where(_organisation.c.party_id == parent)
        parent = session.execute(above, execution_options=DOOR).scalar()


def _check_positions(party_id: UUID, data: Mapping[str, Any]) -> None:
    for number, row in enumerate(data.get("affiliations") or ()):
        if row.get("reports_to") == party_id:
            path = f"affiliations.{number}.reports_to"
            raise Invalid({path: [_("Nobody reports to himself.")]})


def follow(session: Any, change: Change) -> None:
    """Keep the dated relation beside the current parent of an organisation."""
    before, after = change.before.get("parent"), change.after.get("parent")
    if before == after:
        return
    today = session.now.date()
    if before:
        present = and_(
            _relation.c.type == PARENT,
            _relation.c.other_id == change.record_id,
            _relation.c.valid_to.is_(None),
        )
        # What began today and is over already was never true for a whole day.
        session.execute(
            delete(_relation).where(present, _relation.c.valid_from >= today),
            execution_options=DOOR,
        )
        ended = update(_relation).where(present).values(valid_to=today - timedelta(days=1))
        session.execute(ended, execution_options=DOOR)
    if after:
        row = {
            "id": new_id(),
            "party_id": UUID(after["id"]),
            "other_id": change.record_id,
            "type": PARENT,
            "valid_from": today if before else None,
            "position": 0,
        }
        session.execute(_relation.insert(), [row], execution_options=DOOR)


def duplicates(session: Any, record: Any) -> Sequence[Mapping[str, Any]]:
    """Visible parties that share an e-mail or a phone with this one, at most five."""
    points = session.scalars(
        select(ContactPoint).where(
            ContactPoint.party_id == record.id, ContactPoint.kind.in_(("email", "phone"))
        )
    ).all()
    if not points:
        return ()
    same = or_(
        *(
            (ContactPoint.kind == each.kind) & (ContactPoint.normalised == each.normalised)
            for each in points
        )
    )
    rows = session.execute(
        select(Party.id, Party.display_name, ContactPoint.kind)
        .join(ContactPoint, ContactPoint.party_id == Party.id)
        .where(same, Party.id != record.id)
        .order_by(Party.sort_key, Party.id)
        .limit(10)
    )
    found: dict[str, dict[str, Any]] = {}
    for party_id, name, kind in rows:
        found.setdefault(
            str(party_id), {"id": str(party_id), "name": name, "reason": f"same {kind}"}
        )
    return list(found.values())[:5]
