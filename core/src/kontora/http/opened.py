"""Note that somebody opened a record; see `kontora.records.reading`."""

from __future__ import annotations

from uuid import UUID

from flask import g

from kontora.http.context import site
from kontora.registry.records import RecordType


def opened(rtype: RecordType, record_id: UUID, face: str = "page") -> None:
    """Keep it in memory; it is written a moment later, apart from this request."""
    if g.get("principal") is not None:
        site().readings.note(g.principal, rtype.entity, record_id, face)
