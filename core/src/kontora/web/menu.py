"""The side bar, the bar of a phone, and administration with its second level."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, render_template, request

from kontora.access.principal import Principal
from kontora.errors import Forbidden
from kontora.http.context import principal, site
from kontora.http.policy import SIGNED_IN, policy
from kontora.registry.faces import MenuItem
from kontora.registry.records import RecordType
from kontora.text import Text, _

blueprint = Blueprint("menu", __name__)
ADMINISTRATION = "administration"
GROUPS: tuple[tuple[str, Text], ...] = (
    ("work", _("Work")),
    ("clients", _("Clients")),
    ("sales", _("Sales")),
    ("service", _("Service and knowledge")),
    ("marketing", _("Marketing")),
    ("analysis", _("Analysis")),
)
# Letters after G. Others open by the search field.
KEYS = {"home": "h", "activities": "a", "contacts": "c", "counterparties": "p", "reports": "r"}
# What most people need most; the bar of a phone has room for four, and “more”.
BOTTOM = ("home", "activities", "contacts", "counterparties", "groups", "reports", "import")
BOTTOM_PLACES = 4
# Administration in parts: the entries of each by the last part of their address.
SECTIONS: tuple[tuple[Text, tuple[str, ...]], ...] = (
    (_("People and access"), ("users", "roles", "branches", "tokens", "sign-ins", "passwords")),
    (_("Records"), ("fields", "stages", "relation-types", "purposes", "privacy", "duplicates")),
    (_("Company"), ("setup", "settings", "appearance", "mail", "plugins", "webhooks")),
    (_("Operation"), ("health", "jobs", "mails", "audit", "reading")),
)
OTHERS = _("Modules")


def may_open(who: Principal, item: MenuItem) -> bool:
    """Whether this entry of the menu is for this user."""
    rights = who.rights
    if item.permission is not None and not rights.has(item.permission):
        return False
    return item.view_entity is None or rights.scope(item.view_entity, "view") is not None


def navigation(who: Principal) -> list[dict[str, Any]]:
    """Groups in their order, each with the entries that this user may open. The whole of
    administration is one entry: its own pages are a level below."""
    items = [each for each in site().registry.menu if may_open(who, each)]
    found: list[dict[str, Any]] = []
    for name, label in GROUPS:
        entries = [_entry(each) for each in items if each.group == name]
        if entries:
            found.append({"label": label, "items": entries})
    if any(each.group == ADMINISTRATION for each in items):
        found.append({"label": None, "items": [_administration()]})
    return found


def bottom(groups: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries of the bar of a phone."""
    entries = {each["id"]: each for group in groups for each in group["items"]}
    order = [*(each for each in BOTTOM if each in entries), *entries]
    return [entries[each] for each in dict.fromkeys(order)][:BOTTOM_PLACES]


def second_level(who: Principal) -> list[dict[str, Any]]:
    """The pages of administration in their parts, on a page of administration; else nothing."""
    if not request.path.startswith("/admin/") or not request.endpoint:
        return []
    return sections(who)


def sections(who: Principal) -> list[dict[str, Any]]:
    """Administration, in parts; what plugins add comes last."""
    items = [each for each in site().registry.menu if each.group == ADMINISTRATION]
    entries = {_last(each.url): _entry(each) for each in items if may_open(who, each)}
    found: list[dict[str, Any]] = []
    for label, names in SECTIONS:
        mine = [entries.pop(name) for name in names if name in entries]
        if mine:
            found.append({"label": label, "items": mine})
    if entries:
        found.append({"label": OTHERS, "items": list(entries.values())})
    return found


@blueprint.get("/admin")
@policy(SIGNED_IN)
def administration() -> str:
    """What can be administered by this user."""
    found = sections(principal())
    if not found:
        raise Forbidden("admin.settings")
    return render_template(
        "core/pages/admin/index.html",
        page={"title": _("Administration"), "hint": None},
        sections=found,
    )


def help_of(item: MenuItem) -> Text:
    """What the page of this entry is for: its own words, or those of the record type there."""
    if item.help:
        return item.help
    rtype = site().registry.record_types.get(item.url.strip("/"))
    return rtype.help if rtype is not None else ""


def help_here() -> Text:
    """What the page that was asked for is for, when the menu leads to it; else nothing."""
    here = next((each for each in site().registry.menu if each.url == request.path), None)
    return help_of(here) if here is not None else ""


def creatable(who: Principal, types: Iterable[RecordType]) -> list[RecordType]:
    """The record types of which this user can make records."""
    return [
        each
        for each in types
        if each.creatable and any(who.rights.scope(key, "create") for key in keys_of(each))
    ]


def keys_of(rtype: RecordType) -> tuple[str, ...]:
    """Under which names grants speak of records of this type."""
    guard = rtype.model.__guard__
    kinds: dict[str, str] = guard.kinds
    return tuple(kinds[each] for each in rtype.kinds) if kinds else (guard.entity,)


def _last(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def _administration() -> dict[str, Any]:
    active = request.path == "/admin" or request.path.startswith("/admin/")
    return {
        "id": ADMINISTRATION,
        "label": _("Administration"),
        "url": "/admin",
        "icon": "settings",
        "active": active,
        "key": "s",
    }


def _entry(item: MenuItem) -> dict[str, Any]:
    here = request.path
    inside = here == item.url or (item.url != "/" and here.startswith(f"{item.url}/"))
    return {
        "id": item.id,
        "label": item.label,
        "url": item.url,
        "icon": item.icon,
        "active": inside,
        "key": KEYS.get(item.id),
        "help": help_of(item),
    }
