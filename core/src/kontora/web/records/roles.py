"""Fields that are shown only for parties of some roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kontora.registry.fields import Field
from kontora.web.records.cells import is_current


def shows(field: Field, record: Mapping[str, Any]) -> bool:
    """Whether pages and forms of a record show a field: it names no roles, or one that the
    party holds today. The API shows it always."""
    if not field.roles:
        return True
    rows = record.get("roles") or ()
    held = {row.get("role") for row in rows if isinstance(row, Mapping) and is_current(row)}
    return bool(held & set(field.roles))
