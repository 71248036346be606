"""Core's widgets of the home page: my neglected clients, and what changed last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from kontora.errors import Forbidden, Invalid
from kontora.hookspecs import hookimpl
from kontora.parties.reports.asking import Leaf, asked
from kontora.parties.reports.parameters import PARTIES
from kontora.parties.reports.quality import NEGLECTED
from kontora.records import periods, service
from kontora.records.period_names import days
from kontora.registry.faces import Widget
from kontora.text import _

SHOWN = 6


def _listed(session: Any, path: str, leaves: list[Leaf], sort: str, dated: str) -> list[Any]:
    what = asked(session, path, *leaves)
    tree = [
        {"field": name, "op": op, "value": str(value).lower() if value is True else str(value)}
        for name, op, value in what.all_leaves()
    ]
    fields = ("display_name", dated) if dated != "updated_at" else ("display_name",)
    query = service.Query(
        filter={"and": tree} if tree else None, sort=(sort,), limit=SHOWN, fields=fields
    )
    try:
        items = service.list_records(session, what.rtype, query).items
    except (Forbidden, Invalid):
        return []
    return [_row(session, item, dated) for item in items]


def _row(session: Any, item: Mapping[str, Any], dated: str) -> dict[str, Any]:
    path = "contacts" if item.get("kind") == "person" else PARTIES
    moment = item.get(dated)
    return {
        "name": item.get("display_name") or str(_("no name")),
        "url": f"/{path}/{item['id']}",
        "kind": item.get("kind"),
        "aside": _day(session, moment) if moment else str(_("never")),
    }


def _day(session: Any, moment: str) -> str:
    day = datetime.fromisoformat(moment).astimezone(periods.zone_of(session)).date()
    return days(day, day, year=day.year != periods.today(session).year)


def neglected(session: Any) -> Mapping[str, Any]:
    """My clients with whom nobody has spoken for long and for whom nothing is planned; the longest
    silence first."""
    leaves: list[Leaf] = [
        ("owner", "eq", "me"),
        ("last_contact", "ne", f"last_{NEGLECTED}_days"),
        ("next_activity", "empty", True),
        ("roles", "has", "role:client;now"),
    ]
    return {
        "rows": _listed(session, PARTIES, leaves, "last_contact", "last_contact"),
        "all_url": asked(session, PARTIES, *leaves).link(),
        "blank": _("All your clients were spoken with in the last 90 days, or have a plan."),
    }


def recent(session: Any) -> Mapping[str, Any]:
    """The people and organisations that changed last among those that I may see."""
    return {
        "rows": _listed(session, PARTIES, [], "-updated_at", "updated_at"),
        "all_url": f"/{PARTIES}?sort=-updated_at",
        "blank": _("Nothing has changed yet."),
    }


@hookimpl
def register_widgets() -> Iterable[Widget]:
    """What core offers for the home page beside every report."""
    return (
        Widget(
            id="core.neglected",
            title=_("My clients without contact and plan"),
            help=_("With whom nobody has spoken for 90 days, and for whom nothing is planned."),
            template="core/widgets/rows.html",
            load=neglected,
            order=10,
        ),
        Widget(
            id="core.recent",
            title=_("Last changed"),
            help=_("The counterparties that somebody changed, the newest first."),
            template="core/widgets/rows.html",
            load=recent,
            order=20,
        ),
    )
