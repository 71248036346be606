"""What parties do when they are saved: names, order, the list of counterparties, parents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select

from kontora.db.fold import fold
from kontora.errors import Invalid
from kontora.parties import holding, reporting
from kontora.parties.models import ContactPoint, Party, Person
from kontora.registry.records import Draft
from kontora.text import _


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
    is_new = draft.verb == "create"
    reporting.check(session, record.id, str(name), data, is_new=is_new)
    holding.check(session, draft)


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


def duplicates(session: Any, record: Any) -> Sequence[Mapping[str, Any]]:
    """Visible parties that share an e-mail or a phone with this one, at most five; none for whom
    these are hidden, since a guess would be confirmed."""
    if session.principal.rights.hides("party", "points"):
        return ()
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
