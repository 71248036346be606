"""What every page shows around its content: company, side bar, what can be created."""

from __future__ import annotations

from typing import Any

from flask import g
from sqlalchemy import select

from kontora import text
from kontora.access.models import Branch, SiteState
from kontora.access.principal import Principal, system
from kontora.http.context import site
from kontora.lifecycle.brand import KEY as BRAND
from kontora.records import notices
from kontora.web import brand, flash, menu

LANGUAGES = (("en", "English"), ("ru", "Русский"), ("uk", "Українська"))
NAME = "setting:company.name"
_state: Any = SiteState.__table__
_branches: Any = Branch.__table__


def context() -> dict[str, Any]:
    """The context of every template."""
    principal: Principal | None = g.get("principal")
    facts = _facts(principal)
    base: dict[str, Any] = {
        "locale": text.locale(),
        "languages": [{"code": code, "label": label} for code, label in LANGUAGES],
        "company": facts["company"],
        "brand": facts["brand"],
        "flashes": flash.pending(),
        "page": {"title": facts["company"]},
        "user": None,
        "nav": [],
    }
    if principal is not None:
        nav = menu.navigation(principal)
        base |= {
            "user": {"name": principal.name, "email": principal.email, "id": principal.user_id},
            "branch": facts["branch"],
            "zone": principal.timezone,
            "unread": facts["unread"],
            "nav": nav,
            "bottom": menu.bottom(nav),
            "second": menu.second_level(principal),
            "page_help": menu.help_here(),
            "create_items": create_items(principal),
            "shell": {"language": "/language"},
        }
    return base


def company() -> str:
    """The name of the company, if a setting of this name is filled in."""
    return str(_facts(g.get("principal"))["company"])


def look() -> dict[str, Any]:
    """Accent, logo and sheet of the company."""
    return dict(_facts(g.get("principal"))["brand"])


def plain() -> dict[str, Any]:
    """What the shell shows when nothing was asked."""
    return {"company": "Kontora", "brand": brand.links({}), "branch": "", "unread": 0}


def _facts(principal: Principal | None) -> dict[str, Any]:
    """What the shell reads, in one session of its own: error pages show it too. When the database
    was asked nothing (`g.company` is set before), nothing is asked here either."""
    if "shell_facts" in g:
        kept: dict[str, Any] = g.shell_facts
        return kept
    found = plain()
    if "company" in g:
        return {**found, "company": g.company}
    with site().read(principal or system("shell")) as session:
        asked = [_setting(NAME), _setting(BRAND)]
        if principal is not None:
            asked += [_branch(principal), notices.unread_of(principal.user_id)]
        row = session.execute(select(*asked), execution_options={"door": "shell"}).one()
    found["company"] = str(row[0] or "Kontora")
    found["brand"] = brand.links(row[1] if isinstance(row[1], dict) else {})
    if principal is not None:
        found |= {"branch": row[2] or "", "unread": int(row[3])}
    g.shell_facts = found
    return found


def _setting(key: str) -> Any:
    return select(_state.c.value).where(_state.c.key == key).scalar_subquery()


def _branch(principal: Principal) -> Any:
    here = (_branches.c.id == principal.branch_id, _branches.c.deleted_at.is_(None))
    return select(_branches.c.name).where(*here).scalar_subquery()


def create_items(principal: Principal) -> list[dict[str, Any]]:
    """What this user can create anywhere."""
    return [
        {"label": each.label, "url": f"/{each.path}/new", "icon": each.icon}
        for each in menu.creatable(principal, site().registry.record_types.values())
    ]
