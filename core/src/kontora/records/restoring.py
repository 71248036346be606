"""Bring back a value that a field had before a change. It is a change like any other: it needs the
right to edit, is checked, stands in the history, and can be taken back the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound
from kontora.records import changes
from kontora.records.models import ChangeRow
from kontora.records.save import Saved, change_record, find
from kontora.records.schema import writable_fields
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _

_change: Any = ChangeRow.__table__


def restore_value(
    session: ScopedSession, rtype: RecordType, record_id: UUID, change_id: int, name: str
) -> Saved:
    """Give a field the value that it had before the change with this number.

    Raises NotFound when there is no such change of this record, or it did not touch the field as
    far as the principal may know; Invalid when the value cannot stand any more.
    """
    rtype = session.registry.effective(rtype)
    find(session, rtype, record_id)
    row = session.execute(
        select(_change.c.diff)
        .where(_change.c.id == change_id)
        .where(_change.c.entity == rtype.entity, _change.c.record_id == record_id),
        execution_options=changes.DOOR,
    ).one_or_none()
    diff = (row[0] if row else None) or {}
    if name not in diff or changes.hides(session, rtype.entity, name):
        raise NotFound()
    field = rtype.field_named(name)
    if field is None:
        raise Invalid({name: [_("This field no longer exists, so its value cannot come back.")]})
    value = sendable(field, diff[name][0])
    space, _dot, last = name.rpartition(".")
    body = {space: {last: value}} if space else {last: value}
    return change_record(session, rtype, record_id, body)


def restorable(session: ScopedSession, rtype: RecordType, kind: str | None) -> frozenset[str]:
    """The fields whose earlier values this principal may bring back, where he may edit."""
    return frozenset(
        each.name for each in writable_fields(rtype, session.principal.rights, "change", kind)
    )


def last_change(session: ScopedSession, rtype: RecordType, record_id: UUID) -> int | None:
    """The number of the latest change of a record, for taking it back."""
    found: int | None = session.scalar(
        select(func.max(_change.c.id)).where(
            _change.c.entity == rtype.entity, _change.c.record_id == record_id
        ),
        execution_options=changes.DOOR,
    )
    return found


def sendable(field: Field, value: Any) -> Any:
    """A value as the log keeps it, as input wants it: only what may be sent, ids for names."""
    if field.type is FieldType.TAGS and value is None:
        return []
    if field.collection is not None:
        if field.collection.single:
            return [_reference(each) for each in value or []]
        inner = {each.name: each for each in field.collection.fields if each.is_input}
        return [
            {name: sendable(inner[name], each) for name, each in row.items() if name in inner}
            for row in value or []
        ]
    return _reference(value) if field.type is FieldType.REFERENCE else value


def _reference(value: Any) -> Any:
    return str(value["id"]) if isinstance(value, Mapping) and "id" in value else value
