"""The record that a file belongs to: found through the scope each time, whatever its type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access.predicates import guard_of
from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, NotFound
from kontora.records import save
from kontora.registry.records import RecordType
from kontora.text import _

FIELD = "files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A record that may be seen now, and the record type that shows it."""

    rtype: RecordType
    record: Any

    @property
    def entity(self) -> str:
        return self.rtype.entity

    @property
    def id(self) -> UUID:
        found: UUID = self.record.id
        return found


def can_hold(session: ScopedSession, entity: str) -> bool:
    """Whether records of this entity have files, as far as the principal may know."""
    model = session.predicates.by_entity.get(entity)
    guard = guard_of(model) if model is not None else None
    if guard is None or guard.mode != "record":
        return False
    return not session.principal.rights.hides(entity, FIELD)


def holder(session: ScopedSession, entity: str, record_id: UUID) -> Holder:
    """The record that files hang on. Raises NotFound when it is in the bin or may not be seen."""
    if not can_hold(session, entity):
        raise NotFound()
    model: Any = session.predicates.by_entity[entity]
    record = session.scalars(select(model).where(model.id == record_id)).one_or_none()
    kind = getattr(record, "kind", None)
    rtype = session.registry.of_entity(entity, kind)
    if record is None or rtype is None:
        raise NotFound()
    return Holder(rtype=rtype, record=record)


def check_edit(session: ScopedSession, found: Holder) -> None:
    """Raise Forbidden unless the principal may change the record, and so its files."""
    save.check_may(session, found.rtype, found.record, "edit")
    if session.principal.rights.fixes(found.entity, FIELD):
        raise Forbidden(
            f"{found.entity}.{FIELD}", _("You may see these files, but not change them.")
        )


def may_edit(session: ScopedSession, found: Holder) -> bool:
    """Whether the principal may add and remove files of this record."""
    try:
        check_edit(session, found)
    except Forbidden:
        return False
    return True
