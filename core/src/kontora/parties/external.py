"""Keys by which other systems know a party, shown on demand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from kontora.records.models import ExternalKey
from kontora.registry.fields import Field, FieldType
from kontora.text import _

DOOR = {"door": "transfer"}
_key: Any = ExternalKey.__table__


def keys_of(session: Any, ids: Sequence[Any]) -> Mapping[Any, dict[str, str | list[str]]]:
    """By party: system → key, or a list of keys where a merge has brought several together.

    Called only for parties that the scope has shown.
    """
    rows = session.execute(
        select(_key.c.record_id, _key.c.system, _key.c.key)
        .where(_key.c.entity == "party", _key.c.record_id.in_(ids))
        # Places that a running import keeps for itself.
        .where(_key.c.system.not_like("import:%"))
        .order_by(_key.c.system, _key.c.key),
        execution_options=DOOR,
    )
    found: dict[Any, dict[str, list[str]]] = {each: defaultdict(list) for each in ids}
    for party_id, system, key in rows:
        found[party_id][system].append(key)
    return {
        party_id: {system: keys[0] if len(keys) == 1 else keys for system, keys in systems.items()}
        for party_id, systems in found.items()
    }


EXTERNAL = Field(
    name="external",
    label=_("Keys in other systems"),
    help=_("The keys under which imports know the record, by system."),
    type=FieldType.JSON,
    computed=keys_of,
    order=95,
    group="facts",
    read_only=True,
    on_demand=True,
    in_form=False,
    filterable=False,
    sortable=False,
    exportable=False,
    importable=False,
)
