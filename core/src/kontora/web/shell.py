"""What every page shows around its content: company, side bar, what can be created."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import g, request
from sqlalchemy import select

from kontora import text
from kontora.access.models import Branch
from kontora.access.principal import Principal, system
from kontora.errors import NotFound
from kontora.http.context import site
from kontora.records.query import grant_keys
from kontora.registry.faces import MenuItem
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import flash

GROUPS = (
    ("work", _("Work")),
    ("clients", _("Clients")),
    ("sales", _("Sales")),
    ("service", _("Service and knowledge")),
    ("marketing", _("Marketing")),
    ("analysis", _("Analysis")),
    ("administration", _("Administration")),
)
LANGUAGES = (("en", "English"), ("ru", "Русский"), ("uk", "Українська"))
# Letters after G. Others open by the search field.
KEYS = {"home": "h", "activities": "a", "contacts": "c", "counterparties": "p", "reports": "r"}


def context() -> dict[str, Any]:
    """The context of every template."""
    principal: Principal | None = g.get("principal")
    base: dict[str, Any] = {
        "locale": text.locale(),
        "languages": [{"code": code, "label": label} for code, label in LANGUAGES],
        "company": company(),
        "flashes": flash.pending(),
        "page": {"title": company()},
        "user": None,
        "nav": [],
    }
    if principal is not None:
        base |= {
            "user": {"name": principal.name, "email": principal.email, "id": principal.user_id},
            "branch": branch_name(principal),
            "zone": principal.timezone,
            "nav": navigation(principal),
            "create_items": create_items(principal),
            "shell": {"language": "/language"},
        }
    return base


def company() -> str:
    """The name of the company, if a setting of this name is declared and filled in."""
    if "company" not in g:
        g.company = "Kontora"
        try:
            with site().read(system("shell")) as session:
                g.company = str(site().setting(session, "company.name") or "Kontora")
        except NotFound:
            pass
    return str(g.company)


def branch_name(principal: Principal) -> str:
    """The branch of the user. It has a session of its own: error pages show it too."""
    if "branch_name" not in g:
        with site().read(principal) as session:
            found = session.scalar(select(Branch.name).where(Branch.id == principal.branch_id))
        g.branch_name = found or ""
    return str(g.branch_name)


def navigation(principal: Principal) -> list[dict[str, Any]]:
    """The side bar: groups in their order, each with the entries that this user may open."""
    items = [each for each in site().registry.menu if _may_open(principal, each)]
    found = []
    for name, label in GROUPS:
        entries = [_entry(each) for each in items if each.group == name]
        if entries:
            found.append({"label": label, "items": entries})
    return found


def _may_open(principal: Principal, item: MenuItem) -> bool:
    rights = principal.rights
    if item.permission is not None and not rights.has(item.permission):
        return False
    return item.view_entity is None or rights.scope(item.view_entity, "view") is not None


def _entry(item: MenuItem) -> dict[str, Any]:
    here = request.path
    inside = here == item.url or (item.url != "/" and here.startswith(f"{item.url}/"))
    return {
        "label": item.label,
        "url": item.url,
        "icon": item.icon,
        "active": inside,
        "key": KEYS.get(item.id),
    }


def create_items(principal: Principal) -> list[dict[str, Any]]:
    """What this user can create anywhere."""
    return [
        {"label": each.label, "url": f"/{each.path}/new", "icon": each.icon}
        for each in _creatable(principal, site().registry.record_types.values())
    ]


def _creatable(principal: Principal, types: Iterable[RecordType]) -> Iterable[RecordType]:
    with site().read(principal) as session:
        for each in types:
            keys = grant_keys(session, each, None)
            if each.creatable and any(principal.rights.scope(key, "create") for key in keys):
                yield each
