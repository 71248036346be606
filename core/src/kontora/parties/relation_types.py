"""Relations that plugins add: each needs its row before the first line that uses it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from kontora.parties.models import RelationType
from kontora.registry.records import Draft


def prepare(session: Any, draft: Draft) -> None:
    """Make the types that the relations of a draft name and the registry knows."""
    wanted = {str(row.get("type")) for row in draft.data.get("relations") or ()}
    if not wanted:
        return
    known = session.scalars(select(RelationType.key).where(RelationType.key.in_(wanted)))
    missing = wanted - set(known)
    labels = session.registry.labels("party", "relations.type") if missing else {}
    for key in sorted(missing & set(labels)):
        name = str(labels[key])[:64]
        row = RelationType(key=key, name=name, inverse=name)
        session.permit(row)
        session.add(row)
    if missing:
        session.flush()
