"""The panel of stages on the page of a party: what it went through, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from kontora.hookspecs import hookimpl
from kontora.parties import stages
from kontora.registry.faces import Panel
from kontora.text import _

MOST = 12


@hookimpl
def register_slots() -> Iterable[Panel]:
    """Only where there is something to tell."""
    return (
        Panel(
            id="core.stages",
            title=_("Stages"),
            entity="party",
            template="core/pages/groups/stages.html",
            load=of_party,
            order=790,
        ),
    )


def of_party(session: Any, record_id: UUID) -> Mapping[str, Any] | None:
    """The stages of all roles, the newest first."""
    rtype = session.registry.of_entity("party", stages.kind_of(session, record_id))
    if session.principal.rights.hides("party", "roles"):
        return None
    roles = session.registry.labels("party", "roles.role")
    known = {each.key: each for each in stages.all_stages(session)}
    rows = [
        {
            "role": roles.get(each.role, each.role),
            "stage": stages.name_of(known[each.stage]) if each.stage in known else each.stage,
            "begin": each.begin,
            "end": each.end,
        }
        for each in stages.spans(session, rtype, record_id)[:MOST]
    ]
    return {"rows": rows} if rows else None
