"""What only people and organisations have: a line under the name, people beside the firm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from kontora.access.session import ScopedSession
from kontora.parties.models import Address, Affiliation, Organisation, Party, Relation
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web import formats
from kontora.web.records.cells import is_current

# The other side of a relation, as it reads from the page of the second party.
INVERSE: Mapping[str, Text] = {
    "parent_of": _("part of"),
    "dealer_of": _("has the dealer"),
    "competes_with": _("competes with"),
    "advises": _("advised by"),
    "supplies": _("supplied by"),
    "related_to": _("related to"),
}
FORWARD: Mapping[str, Text] = {
    "parent_of": _("parent of"),
    "dealer_of": _("dealer of"),
    "competes_with": _("competes with"),
    "advises": _("advises"),
    "supplies": _("supplies"),
    "related_to": _("related to"),
}
MOST = 50


def hints(
    session: ScopedSession,
    rtype: RecordType,
    items: Sequence[Mapping[str, Any]],
    columns: Sequence[str] = (),
) -> dict[str, str]:
    """The second line of a row: position and firm of a person, industry and town of a firm;
    without what has a column of its own."""
    if rtype.entity != "party" or not items:
        return {}
    ids = [UUID(item["id"]) for item in items]
    rows = (
        select(
            Affiliation.person_id,
            Affiliation.title,
            Affiliation.valid_from,
            Affiliation.valid_to,
            Party.display_name,
        )
        .outerjoin(Party, Party.id == Affiliation.organisation_id)
        .where(Affiliation.person_id.in_(ids))
        .order_by(Affiliation.position, Affiliation.id)
    )
    found: dict[str, str] = {}
    kinds = {item.get("kind") for item in items}
    if None in kinds:  # not told: look for both
        kinds |= {"person", "organisation"}
    unseen = "person" not in kinds or _hides(session, "affiliations")
    for place in () if unseen else session.execute(rows):
        if is_current(_dates(place)):
            words = [word for word in (place.title, place.display_name) if word]
            found.setdefault(str(place.person_id), " · ".join(words))
    with_industry = "industry" not in columns and not _hides(session, "industry")
    if "organisation" in kinds:
        for key, text in _firms(session, ids, with_industry=with_industry).items():
            found.setdefault(key, text)
    return found


def _firms(session: ScopedSession, ids: Sequence[UUID], *, with_industry: bool) -> dict[str, str]:
    with_town = not _hides(session, "addresses")
    firms = select(Organisation.party_id, Organisation.industry)
    if with_town:
        firms = firms.add_columns(Address.locality).outerjoin(
            Address, Address.party_id == Organisation.party_id
        )
        firms = firms.order_by(Address.position, Address.id)
    words: dict[str, list[str]] = {}
    towns: dict[str, str] = {}
    for row in session.execute(firms.where(Organisation.party_id.in_(ids))):
        shown = [row.industry] if row.industry and with_industry else []
        words.setdefault(str(row.party_id), shown)
        if with_town and row.locality:
            towns.setdefault(str(row.party_id), row.locality)
    return {
        key: " · ".join([*known, *([towns[key]] if key in towns else [])])
        for key, known in words.items()
        if known or key in towns
    }


def _hides(session: ScopedSession, field: str) -> bool:
    """Whether a field of parties, of which these words are made, is hidden from the reader."""
    return session.principal.rights.hides("party", field)


def _dates(row: Any) -> dict[str, Any]:
    day = {"from": row.valid_from, "to": row.valid_to}
    return {name: value.isoformat() if value else None for name, value in day.items()}


def people(session: ScopedSession, party_id: UUID, kind: str) -> list[dict[str, Any]]:
    """The positions of a person, or the people of an organisation, present ones first."""
    if _hides(session, "affiliations"):
        return []
    mine: Any = Affiliation.person_id
    theirs: Any = Affiliation.organisation_id
    if kind == "organisation":
        mine, theirs = theirs, mine
    rows: Any = session.execute(
        select(Affiliation, Party.id, Party.display_name, Party.kind)
        .outerjoin(Party, Party.id == theirs)
        .where(mine == party_id)
        .order_by(Affiliation.position, Party.sort_key, Affiliation.id)
        .limit(MOST)
    ).all()
    heads = _names(session, [place.reports_to_id for place, *_rest in rows])
    found = []
    for place, other_id, name, other_kind in rows:
        head = heads.get(place.reports_to_id)
        words = [word for word in (place.title, place.department) if word]
        if head:
            words.append(str(_("reports to %(name)s") % {"name": head}))
        if other_id is None and head:
            # A position whose company is not known yet still says who the superior is.
            other_id, name, other_kind = place.reports_to_id, head, "person"
        if other_id is None:
            continue
        entry = _row(session, other_id, name, other_kind, ", ".join(words), _dates(place))
        found.append(entry)
    return sorted(found, key=lambda each: not each["current"])


def _names(session: ScopedSession, ids: Sequence[UUID | None]) -> dict[UUID | None, str]:
    wanted = {each for each in ids if each is not None}
    if not wanted:
        return {}
    rows = session.execute(select(Party.id, Party.display_name).where(Party.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def relations(session: ScopedSession, party_id: UUID) -> list[dict[str, Any]]:
    """The relations of a party in both directions."""
    if _hides(session, "relations"):
        return []
    rows = session.scalars(
        select(Relation)
        .where(or_(Relation.party_id == party_id, Relation.other_id == party_id))
        .order_by(Relation.type, Relation.position, Relation.id)
        .limit(MOST)
    ).all()
    others = {each.other_id if each.party_id == party_id else each.party_id for each in rows}
    if not others:
        return []
    parties = select(Party.id, Party.display_name, Party.kind).where(Party.id.in_(others))
    known = {row[0]: row for row in session.execute(parties)}
    found = []
    for each in rows:
        forward = each.party_id == party_id
        other = known.get(each.other_id if forward else each.party_id)
        if other is not None:
            words = (FORWARD if forward else INVERSE).get(each.type, each.type)
            found.append(_row(session, other[0], other[1], other[2], str(words), _dates(each)))
    return sorted(found, key=lambda each: not each["current"])


def _row(
    session: ScopedSession, other_id: UUID, name: str, kind: str, hint: str, dates: dict[str, Any]
) -> dict[str, Any]:
    current = is_current(dates)
    rtype = session.registry.of_entity("party", kind)
    badges = [] if current else [(_("former"), "neutral")]
    period = _period(dates)
    return {
        "name": name,
        "url": f"/{rtype.path}/{other_id}",
        "kind": kind,
        "hint": " · ".join(word for word in (hint, period) if word),
        "badges": badges,
        "current": current,
    }


def _period(dates: Mapping[str, Any]) -> str:
    start, end = dates.get("from"), dates.get("to")
    if start and end:
        return f"{formats.as_date(start)} – {formats.as_date(end)}"
    if start:
        return str(_("since %(day)s") % {"day": formats.as_date(start)})
    return str(_("until %(day)s") % {"day": formats.as_date(end)}) if end else ""
