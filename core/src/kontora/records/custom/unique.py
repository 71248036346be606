"""Unique custom fields: each value has a row of its own, and whoever writes it first holds it.

The primary key of the row decides, in the transaction of the save, on both engines: of two who
write the same value at the same time the second waits for the first and is then refused. A record
in the bin keeps its values, so that it can always be brought back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from kontora.access.session import ScopedSession
from kontora.db.fold import fold
from kontora.errors import Invalid
from kontora.records.models import CustomKey
from kontora.registry.fields import Field
from kontora.registry.records import RecordType
from kontora.text import _

DOOR = {"door": "catalogue"}
_key: Any = CustomKey.__table__


def compared(field: Field, value: Any) -> str | None:
    """A shown value as it is compared: letter case, accents and blanks make no difference."""
    if value is None:
        return None
    if isinstance(value, Mapping):  # a reference
        return str(value["id"])
    return fold(str(value)) or str(value)


def hold(session: ScopedSession, rtype: RecordType, record: Any, after: Mapping[str, Any]) -> None:
    """Take the keys of the unique values that a save has changed. Raises Invalid for one that
    another record has."""
    taken: dict[str, list[object]] = {}
    for field in rtype.fields:
        if not field.unique or field.name not in after:
            continue
        _release(session, rtype.entity, record.id, field)
        value = compared(field, after[field.name])
        if value is not None and not take(session, rtype, field, value, record.id):
            taken[field.name] = [_("Another record has this value already; it must be unique.")]
    if taken:
        raise Invalid(taken)


def _release(session: ScopedSession, entity: str, record_id: UUID, field: Field) -> None:
    session.execute(
        delete(_key).where(
            _key.c.entity == entity, _key.c.field == field.json_key, _key.c.record_id == record_id
        ),
        execution_options=DOOR,
    )


def take(
    session: ScopedSession, rtype: RecordType, field: Field, value: str, record_id: UUID
) -> bool:
    """Whether the record now holds a value."""
    row = {
        "entity": rtype.entity,
        "field": field.json_key,
        "value": value,
        "record_id": record_id,
    }
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    made: Any = session.execute(
        dialect.insert(_key).values(**row).on_conflict_do_nothing(), execution_options=DOOR
    )
    if made.rowcount == 1:
        return True
    holder = select(_key.c.record_id).where(
        _key.c.entity == rtype.entity, _key.c.field == field.json_key, _key.c.value == value
    )
    return session.execute(holder, execution_options=DOOR).scalar() == record_id


def forget(session: ScopedSession, entity: str, ids: Iterable[UUID]) -> None:
    """Forget the keys of records that are deleted for good."""
    session.execute(
        delete(_key).where(_key.c.entity == entity, _key.c.record_id.in_(list(ids))),
        execution_options=DOOR,
    )


def release_all(session: ScopedSession, entity: str, key: str) -> None:
    """Forget the keys of a field: it is no longer unique."""
    session.execute(
        delete(_key).where(_key.c.entity == entity, _key.c.field == key), execution_options=DOOR
    )
