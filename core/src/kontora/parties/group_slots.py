"""Panels: the groups of a party, and the members of a group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from kontora.hookspecs import hookimpl
from kontora.parties import groups
from kontora.parties.models import Party
from kontora.records import service
from kontora.registry.faces import Panel
from kontora.text import _

SHOWN = 8


@hookimpl
def register_slots() -> Iterable[Panel]:
    """Both panels; who may see no groups has neither."""
    return (
        Panel(
            id="core.groups",
            title=_("Groups"),
            entity="party",
            template="core/pages/groups/of_party.html",
            load=of_party,
            order=800,
        ),
        Panel(
            id="core.members",
            title=_("Members"),
            entity="group",
            template="core/pages/groups/panel.html",
            load=of_group,
            order=10,
        ),
    )


def of_party(session: Any, record_id: UUID) -> Mapping[str, Any] | None:
    """The groups that a party is in, and was in."""
    rtype = session.registry.record_type(groups.PATH)
    hidden = session.principal.rights.hides("party", "groups")
    if hidden or not service.grants_of(session, rtype, "view"):
        return None
    kind = session.get(Party, record_id).kind
    own = session.registry.of_entity("party", kind)
    rows: list[dict[str, Any]] = [
        {"period": period, "name": name, "url": f"/groups/{period.group_id}"}
        for period, name in groups.periods_of(session, record_id)
    ]
    return {
        "present": [each for each in rows if each["period"].ended_at is None],
        "past": [each for each in rows if each["period"].ended_at is not None],
        "base": f"/{own.path}/{record_id}",
        "may_change": service.grants_of(session, rtype, "edit"),
    }


def of_group(session: Any, record_id: UUID) -> Mapping[str, Any]:
    """The first members of a group, and how many there are."""
    found = groups.members(session, record_id, limit=SHOWN)
    return {
        "members": [row_of(session, party) for _period, party in found],
        "count": groups.count(session, record_id),
        "base": f"/groups/{record_id}",
    }


def row_of(session: Any, party: Party) -> dict[str, Any]:
    """A member as rows of panels show it."""
    rtype = session.registry.of_entity("party", party.kind)
    return {"name": party.display_name, "url": f"/{rtype.path}/{party.id}", "kind": party.kind}
