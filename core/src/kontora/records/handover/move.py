"""Give one record, and the rows of it that the leaver owns, to somebody else; and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kontora.access.session import ScopedSession
from kontora.errors import Conflict
from kontora.records import service
from kontora.records.handover.owned import Part
from kontora.registry.fields import Field
from kontora.text import _

OWNER = "owner"


def give(
    session: ScopedSession, part: Part, record_id: UUID, giver: UUID, taker: UUID
) -> tuple[list[str], int]:
    """Replace the owner `giver` by `taker` wherever he stands in a record. Returns what was
    replaced ("owner", "roles.0") and the version after it. Raises as `change_record` does."""
    with session.with_deleted():
        places = _places(session, part, record_id, giver)
        return places, _write(session, part, record_id, places, taker)


def give_back(
    session: ScopedSession,
    part: Part,
    record_id: UUID,
    places: Sequence[str],
    version: int,
    giver: UUID,
    taker: UUID | None,
) -> None:
    """Undo `give`. Raises Conflict when somebody has changed the record since, NotFound when it is
    gone for good or out of reach."""
    with session.with_deleted():
        _give_back(session, part, record_id, places, version, giver, taker)


def _give_back(
    session: ScopedSession,
    part: Part,
    record_id: UUID,
    places: Sequence[str],
    version: int,
    giver: UUID,
    taker: UUID | None,
) -> None:
    record = service.find(session, part.rtype, record_id)
    if record.version != version:
        raise Conflict(_("It was changed since."))
    present = set(_places(session, part, record_id, taker))
    if not set(places) <= present:
        raise Conflict(_("It has another owner by now."))
    _write(session, part, record_id, places, giver)


def _places(session: ScopedSession, part: Part, record_id: UUID, owner: UUID | None) -> list[str]:
    record = service.find(session, part.rtype, record_id)
    found = [OWNER] if record.owner_id == owner else []
    for field in part.rows:
        for number, row in enumerate(_rows(session, part, record_id, field)):
            if _id_of(row.get(_owner_name(field))) == str(owner):
                found.append(f"{field.name}.{number}")
    return found


def _write(
    session: ScopedSession, part: Part, record_id: UUID, places: Sequence[str], to: UUID
) -> int:
    data: dict[str, Any] = {OWNER: str(to)} if OWNER in places else {}
    for field in part.rows:
        numbers = {
            int(each.rpartition(".")[2]) for each in places if each.startswith(f"{field.name}.")
        }
        if numbers:
            rows = _rows(session, part, record_id, field)
            for number in numbers:
                rows[number][_owner_name(field)] = str(to)
            data[field.name] = rows
    return service.change_record(session, part.rtype, record_id, data).version


def _rows(
    session: ScopedSession, part: Part, record_id: UUID, field: Field
) -> list[dict[str, Any]]:
    """The rows of a collection as they are sent back: inputs only."""
    assert field.collection is not None
    inputs = [each.name for each in field.collection.fields if each.is_input]
    shown = service.get_record(session, part.rtype, record_id, fields=[field.name])
    return [{name: row.get(name) for name in inputs} for row in shown[field.name]]


def _owner_name(field: Field) -> str:
    assert field.collection is not None
    return next(each.name for each in field.collection.fields if each.attribute == "owner_id")


def _id_of(value: Any) -> str | None:
    found = value.get("id") if isinstance(value, dict) else value
    return str(found) if found else None
