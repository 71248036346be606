"""Profile fields: each value is kept with its source and date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from kontora.access.session import ScopedSession
from kontora.records.models import ProfileValue
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _

NAME = "profile"
DOOR = {"door": "catalogue"}
_value: Any = ProfileValue.__table__


def field(entity: str, fields: Sequence[Field]) -> Field:
    """The field `profile` of a record type, shown on demand: the values of its profile fields,
    newest first, as `{"<key>": [{"value", "source", "who", "at"}, ...]}`."""

    def computed(session: Any, ids: Sequence[UUID]) -> Mapping[UUID, Any]:
        return load(session, entity, fields, ids)

    return Field(
        name=NAME,
        label=_("Values with source and date"),
        type=FieldType.JSON,
        computed=computed,
        read_only=True,
        on_demand=True,
        in_form=False,
        filterable=False,
        sortable=False,
        exportable=False,
        importable=False,
        group="custom",
        order=9_999,
    )


def load(
    session: ScopedSession, entity: str, fields: Sequence[Field], ids: Sequence[UUID]
) -> dict[UUID, dict[str, list[dict[str, Any]]]]:
    """The values of some records, without what the principal may not see."""
    from kontora.records.masking import mask

    keys = [each.json_key for each in fields if sees(session, entity, each)]
    rows = session.execute(
        select(_value)
        .where(_value.c.entity == entity, _value.c.record_id.in_(list(ids)))
        .where(_value.c.field.in_(keys))
        .order_by(_value.c.id.desc()),
        execution_options=DOOR,
    ).all()
    values = mask(session, [row.value for row in rows])
    found: dict[UUID, dict[str, list[dict[str, Any]]]] = {each: {} for each in ids}
    kept: dict[UUID, dict[str, list[dict[str, Any]]]] = defaultdict(dict)
    for row, value in zip(rows, values, strict=True):
        at = row.at.isoformat().replace("+00:00", "Z")
        entry = {"value": value, "source": row.source, "who": row.who, "at": at}
        kept[row.record_id].setdefault(row.field, []).append(entry)
    return found | kept


def sees(session: ScopedSession, entity: str, field: Field) -> bool:
    """Whether the principal may see the values of a profile field."""
    rights = session.principal.rights
    return not any(rights.hides(entity, name) for name in ("custom", field.name))


def keep(
    session: ScopedSession, rtype: RecordType, record_id: UUID, after: Mapping[str, Any]
) -> None:
    """Keep the new values of profile fields, with who gave them and where they come from.

    `after` maps field names to what the save has changed.
    """
    fields: Iterable[Field] = (each for each in rtype.fields if each.profile)
    principal = session.principal
    made = [
        {
            "entity": rtype.entity,
            "record_id": record_id,
            "field": each.json_key,
            "value": after[each.name],
            "source": source(session),
            "who": principal.name,
            "principal_id": principal.user_id,
            "at": session.now,
        }
        for each in fields
        if each.name in after
    ]
    if made:
        session.execute(insert(_value), made, execution_options=DOOR)


def source(session: ScopedSession) -> str:
    """Where values of this session come from: form, api, import:<run>, job, system."""
    given = session.info.get("source")
    if given:
        return str(given)[:255]
    return {"user": "form", "token": "api"}.get(session.principal.kind, session.principal.kind)
