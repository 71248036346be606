"""What a user owns: records of every type with an owner, and rows of them (roles) with one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from kontora.access.session import ScopedSession
from kontora.registry.fields import Field
from kontora.registry.records import RecordType


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Records of one type and kind that have an owner. `rows` are those of its collections whose
    rows have owners of their own."""

    rtype: RecordType
    kind: str | None
    rows: tuple[Field, ...]

    @property
    def path(self) -> str:
        return self.rtype.path

    def _own(self) -> list[Any]:
        model: Any = self.rtype.model
        found = [model.kind == self.kind] if self.kind else []
        if self.rtype.handed_over is not None:
            found.append(self.rtype.handed_over())
        return found

    def ids(
        self, session: ScopedSession, user_id: UUID, after: UUID | None, limit: int
    ) -> list[UUID]:
        """The next records of which he owns anything, in the order of their ids. Those in the bin
        are among them: who brings one back later must not give it to somebody who has left."""
        model: Any = self.rtype.model
        ways = [model.owner_id == user_id]
        for each in self.rows:
            child, parent = _child(each)
            ways.append(model.id.in_(select(parent).where(child.owner_id == user_id)))
        statement = select(model.id).where(or_(*ways), *self._own())
        if after is not None:
            statement = statement.where(model.id > after)
        with session.with_deleted():
            return list(session.scalars(statement.order_by(model.id).limit(limit)))

    def counts(self, session: ScopedSession, user_id: UUID) -> tuple[int, int]:
        """How many records he owns, and how many rows of records; those in the bin too."""
        with session.with_deleted():
            return self._counts(session, user_id)

    def _counts(self, session: ScopedSession, user_id: UUID) -> tuple[int, int]:
        model: Any = self.rtype.model
        own = select(func.count(model.id)).where(model.owner_id == user_id, *self._own())
        rows = 0
        for each in self.rows:
            child, parent = _child(each)
            beside = select(func.count(parent)).join(model, model.id == parent)
            beside = beside.where(child.owner_id == user_id, *self._own())
            rows += int(session.scalar(beside) or 0)
        return int(session.scalar(own) or 0), rows


def _child(field: Field) -> tuple[Any, Any]:
    assert field.collection is not None
    model: Any = field.collection.model
    return model, getattr(model, field.collection.parent)


def parts(session: ScopedSession) -> list[Part]:
    """All that can be owned, each entity and kind once, in the order of declaration."""
    return list(_parts(session))


def _parts(session: ScopedSession) -> Iterator[Part]:
    for entity in session.registry.entities:
        model: Any = session.predicates.by_entity.get(entity)
        guard = getattr(model, "__guard__", None)
        if guard is None or guard.mode != "record" or guard.owner != "owner_id":
            continue
        for kind in tuple(guard.kinds) or (None,):
            rtype = session.registry.of_entity(entity, kind)
            if rtype is not None and rtype.field_named("owner") is not None:
                yield Part(rtype=rtype, kind=kind, rows=tuple(_owned_rows(rtype, kind)))


def _owned_rows(rtype: RecordType, kind: str | None) -> Iterator[Field]:
    for each in rtype.fields:
        if each.collection is not None and each.is_input and each.applies_to(kind):
            if any(inner.attribute == "owner_id" for inner in each.collection.fields):
                yield each


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """How much of one type a user owns."""

    path: str
    label: str
    records: int
    rows: int


def preview(session: ScopedSession, user_id: UUID) -> list[Owned]:
    """What a handover would move, as far as the asker sees it; types without anything left out."""
    found = []
    for part in parts(session):
        records, rows = part.counts(session, user_id)
        if records or rows:
            label = str(part.rtype.label_plural)
            found.append(Owned(path=part.path, label=label, records=records, rows=rows))
    return found
