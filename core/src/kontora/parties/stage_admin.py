"""What administrators do with stages: make, rename, order, retire, replace, delete."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from kontora.errors import Conflict, Invalid, NotFound
from kontora.parties import stages
from kontora.parties.models import PartyRole
from kontora.parties.stage_models import PartyStage, RoleStage
from kontora.records import service
from kontora.records.custom import catalogue
from kontora.text import _

LONGEST, MOST, MOST_MOVED = 64, 30, 2_000


def find(session: Any, key: str) -> RoleStage:
    """The stage of this key. Raises NotFound."""
    known = select(RoleStage).where(RoleStage.key == key)
    found: RoleStage | None = session.scalars(known).one_or_none()
    if found is None:
        raise NotFound(_("There is no such stage."))
    return found


def of_role(session: Any, role: str) -> list[RoleStage]:
    """The stages of a role in their order."""
    return [each for each in stages.all_stages(session) if each.role == role]


def create(session: Any, role: str, data: Mapping[str, Any]) -> RoleStage:
    """Add a stage at the end of a role's. Raises Invalid."""
    if role not in labels_of_roles(session):
        raise Invalid({"role": [_("There is no such role.")]})
    present = of_role(session, role)
    if len(present) >= MOST:
        raise Invalid({"name": [_("A role has at most %(n)s stages.") % {"n": MOST}]})
    values = _checked(data)
    catalogue.advance(session)
    sort = max((each.sort for each in stages.all_stages(session)), default=0) + 10
    row = RoleStage(key=_key(session, role, values["name"]), role=role, sort=sort, **values)
    session.permit(row)
    session.add(row)
    session.flush()
    return row


def labels_of_roles(session: Any) -> dict[str, Any]:
    """The roles that parties can have, those of plugins too."""
    return dict(session.registry.labels("party", "roles.role"))


def _checked(data: Mapping[str, Any]) -> dict[str, Any]:
    name = " ".join(str(data.get("name") or "").split())
    state = str(data.get("state") or "open")
    if not name or len(name) > LONGEST:
        text = _("Give the stage a name of at most %(n)s characters.")
        raise Invalid({"name": [text % {"n": LONGEST}]})
    if state not in stages.STATES:
        raise Invalid({"state": [_("Must be one of: %(k)s.") % {"k": ", ".join(stages.STATES)}]})
    return {"name": name, "state": state}


def _key(session: Any, role: str, name: str) -> str:
    """`client_pilot` of “Pilot”; of other letters `client_1`. Unique among all stages."""
    known = {each.key for each in stages.all_stages(session)}
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:20].strip("_")
    base = f"{re.sub(r'[^a-z0-9_]', '_', role)[:24]}_{plain}" if plain else f"{role[:24]}_1"
    key, number = base, 2
    while key in known:
        key, number = f"{base.removesuffix('_1')}_{number}", number + 1
    return key


def change(session: Any, row: RoleStage, data: Mapping[str, Any]) -> None:
    """Rename a stage or say what it means. A shipped one that keeps its name keeps it in all
    languages."""
    values = _checked(data)
    if not row.name and values["name"] == str(stages.name_of(row)):
        values["name"] = ""
    catalogue.advance(session)
    session.permit(row)
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()


def move(session: Any, row: RoleStage, step: int) -> None:
    """Change places with the stage before (-1) or after (1); lists sort by it at once."""
    others = of_role(session, row.role)
    place = next(number for number, each in enumerate(others) if each.key == row.key) + step
    if not 0 <= place < len(others):
        return
    catalogue.advance(session)
    other = others[place]
    session.permit(row, other)
    row.sort, other.sort = other.sort, row.sort
    session.flush()
    for each in (row, other):
        parts = session.scalars(select(PartyStage).where(PartyStage.stage == each.key)).all()
        session.permit(*parts)
        for part in parts:
            part.rank = each.sort
    session.flush()


def retire(session: Any, row: RoleStage, *, back: bool = False) -> None:
    """Offer a stage no longer, or again. Parties that are in it stay there."""
    catalogue.advance(session)
    session.permit(row)
    row.retired_at = None if back else session.now
    session.flush()


def remove(session: Any, row: RoleStage, instead: str | None = None) -> int:
    """Delete a stage. When parties are in it, `instead` names the stage that they get; how many
    were moved is returned. Raises Conflict, Invalid."""
    number = stages.used(session, row.key)
    if number and not instead:
        text = _("%(n)s roles of parties are in this stage.") % {"n": number}
        raise Conflict(text, _("Name the stage that they get instead, or retire it."))
    if number > MOST_MOVED:
        text = _("More than %(n)s roles of parties are in this stage.") % {"n": MOST_MOVED}
        raise Conflict(text, _("Move them by lists first, or retire the stage."))
    if number:
        other = find(session, str(instead))
        if other.role != row.role or other.key == row.key:
            raise Invalid({"instead": [_("Choose another stage of the same role.")]})
        _replace(session, row.key, other.key)
    catalogue.advance(session)
    row = find(session, row.key)
    session.permit(row)
    session.delete(row)
    session.flush()
    return number


def _replace(session: Any, old: str, new: str) -> None:
    """Through the record service, so that each party's history tells it."""
    with session.with_deleted():
        found = select(PartyRole.party_id).where(PartyRole.stage == old).distinct()
        for party_id in list(session.scalars(found)):
            rows = stages.rows_of(session, party_id)
            changed = [{**row, "stage": new} if row["stage"] == old else row for row in rows]
            rtype = session.registry.of_entity("party", stages.kind_of(session, party_id))
            service.change_record(session, rtype, party_id, {"roles": _input(changed)})


def _input(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    plain = {"owner", "branch", "from", "to", "stage_since"}
    return [
        {name: str(value) if name in plain and value else value for name, value in row.items()}
        for row in rows
    ]
