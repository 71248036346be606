"""Custom fields of administrators and imports, as fields like all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from kontora.access.session import ScopedSession
from kontora.records.models import CustomField
from kontora.records.schema import sees_custom
from kontora.registry.fields import Choice, Field, FieldType
from kontora.registry.records import RecordType

GROUP = "custom"
_TYPES = {
    each.value: each
    for each in (
        FieldType.TEXT,
        FieldType.LONGTEXT,
        FieldType.INTEGER,
        FieldType.DECIMAL,
        FieldType.DATE,
        FieldType.BOOLEAN,
        FieldType.CHOICE,
        FieldType.URL,
    )
}


def fields(session: ScopedSession, rtype: RecordType) -> list[Field]:
    """The custom fields of a record type that the principal may see, in their order."""
    if not hasattr(rtype.model, "custom"):
        return []
    rows = session.scalars(
        select(CustomField)
        .where(CustomField.entity == rtype.entity)
        .order_by(CustomField.sort, CustomField.label, CustomField.key)
    )
    rights = session.principal.rights
    return [_field(row) for row in rows if sees_custom(rtype, rights, row.key)]


def writable(session: ScopedSession, rtype: RecordType) -> list[Field]:
    """Those of them that the principal may also write."""
    rights = session.principal.rights
    if rights.fixes(rtype.entity, "custom"):
        return []
    return [each for each in fields(session, rtype) if not rights.fixes(rtype.entity, each.name)]


def _field(row: CustomField) -> Field:
    return Field(
        name=f"custom.{row.key}",
        label=row.label or row.key,
        type=_TYPES.get(row.type, FieldType.TEXT),
        choices=tuple(_choices(row.options or ())),
        group=GROUP,
        order=1_000 + row.sort,
        sortable=False,
        filterable=False,
    )


def _choices(options: Sequence[Any]) -> list[Choice]:
    """An option is a word, or a value with its label."""
    found = []
    for each in options:
        if isinstance(each, dict):
            value = str(each.get("value", ""))
            found.append(Choice(value=value, label=str(each.get("label") or value)))
        else:
            found.append(Choice(value=str(each), label=str(each)))
    return found
