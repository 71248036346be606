"""The administrators' own catalogue, joined to the registry of a site.

Its generation stands in the database and changes with the transaction that changes a field. Each
session compares it, by one small statement, with the one that its process has built last; so a
new field is there at once, in all processes, without a restart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from sqlalchemy import event, select, update

from kontora.access.models import SiteState
from kontora.access.session import ScopedSession
from kontora.records.custom import profile
from kontora.records.custom.definition import field_of
from kontora.records.models import CustomField
from kontora.registry.build import Registry
from kontora.registry.fields import Choice, Field
from kontora.registry.records import RecordType

KEY = "catalogue"
DOOR = {"door": "catalogue"}
_state: Any = SiteState.__table__


class Catalogue:
    """The registry of one site with the fields of administrators, as it was last built."""

    def __init__(self, declared: Registry) -> None:
        self.declared = declared
        self._built: tuple[str, Registry] | None = None

    def registry(self, session: ScopedSession) -> Registry:
        """The registry as the database of this session has it now."""
        generation = current(session)
        built = self._built
        if built is None or built[0] != generation:
            built = (generation, _with_choices(session, join(self.declared, rows(session))))
            if not session.info.get("catalogue_changed"):  # else nobody else may see it yet
                self._built = built
        return built[1]


def current(session: ScopedSession) -> str:
    """The generation of the catalogue. On PostgreSQL a writer shares the lock of its row, so
    that a change of the catalogue waits for those who still write by the old one."""
    if session.info.get("just_read") and session.principal.catalogue is not None:
        return session.principal.catalogue
    statement = select(_state.c.value).where(_state.c.key == KEY)
    if session.info.get("writing"):
        statement = statement.with_for_update(read=True)
    return str(session.execute(statement, execution_options=DOOR).scalar())


def rows(session: ScopedSession) -> list[CustomField]:
    """All fields of the catalogue in their order, archived ones too."""
    order = (CustomField.entity, CustomField.sort, CustomField.label, CustomField.key)
    return list(session.scalars(select(CustomField).order_by(*order)))


def advance(session: ScopedSession) -> None:
    """Begin the next generation, before anything is changed by it: on PostgreSQL this waits for
    all who write by the present one."""
    session.info["catalogue_changed"] = True
    session.execute(
        update(_state).where(_state.c.key == KEY).values(value=uuid4().hex, updated_at=session.now),
        execution_options=DOOR,
    )
    session.forget_registry()


def join(declared: Registry, catalogue: Iterable[CustomField]) -> Registry:
    """The registry with the fields of the catalogue at their record types."""
    by_entity: dict[str, list[CustomField]] = defaultdict(list)
    for row in catalogue:
        by_entity[row.entity].append(row)
    if not by_entity:
        return declared
    types = {
        path: _joined(rtype, by_entity[rtype.entity]) if rtype.entity in by_entity else rtype
        for path, rtype in declared.record_types.items()
    }
    return replace(declared, record_types=MappingProxyType(types))


def _with_choices(session: ScopedSession, registry: Registry) -> Registry:
    """The registry with the choices that administrators keep, in fields and in their parts."""
    found: dict[Any, tuple[Choice, ...]] = {}
    types = {path: _chosen(session, rtype, found) for path, rtype in registry.record_types.items()}
    return replace(registry, record_types=MappingProxyType(types)) if found else registry


def _chosen(session: ScopedSession, rtype: RecordType, known: dict[Any, Any]) -> RecordType:
    before = len(known)
    fields = tuple(_field(session, each, known) for each in rtype.fields)
    changed = len(known) > before or fields != rtype.fields
    return replace(rtype, fields=fields) if changed else rtype


def _field(session: ScopedSession, field: Field, known: dict[Any, Any]) -> Field:
    if field.collection is not None:
        inner = tuple(_field(session, each, known) for each in field.collection.fields)
        if inner == field.collection.fields:
            return field
        return replace(field, collection=replace(field.collection, fields=inner))
    if field.choices_from is None:
        return field
    if field.choices_from not in known:
        known[field.choices_from] = field.choices_from(session)
    return replace(field, choices=known[field.choices_from])


def _joined(rtype: RecordType, catalogue: list[CustomField]) -> RecordType:
    if not has_custom(rtype):
        return rtype
    fields = [field_of(row) for row in catalogue if row.archived_at is None]
    mine = [
        each
        for each in fields
        if not rtype.kinds or not each.kinds or set(each.kinds) & set(rtype.kinds)
    ]
    if any(each.profile for each in mine):
        mine.append(profile.field(rtype.entity, [each for each in mine if each.profile]))
    listed = tuple(each.name for each in mine if each.in_list)
    return replace(
        rtype,
        fields=(*rtype.fields, *mine),
        columns=(*rtype.columns, *listed) if listed else rtype.columns,
        archived=frozenset(row.key for row in catalogue if row.archived_at is not None),
    )


def has_custom(rtype: RecordType) -> bool:
    """Whether records of this type have a place for custom values."""
    return hasattr(rtype.model, "custom")


@event.listens_for(ScopedSession, "after_flush")
def _note_change(session: Any, _context: Any) -> None:
    """Whoever writes the catalogue, an import too, begins a new generation with it."""
    touched = [*session.new, *session.dirty, *session.deleted]
    if any(isinstance(each, CustomField) for each in touched):
        advance(session)
