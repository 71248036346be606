"""Core's entries in the side bar."""

from __future__ import annotations

from collections.abc import Iterable

from kontora.hookspecs import hookimpl
from kontora.registry.faces import MenuItem
from kontora.text import _


@hookimpl
def register_menu() -> Iterable[MenuItem]:
    """Home, the record types, reports, import, the bin, and administration."""
    return (
        MenuItem(id="home", label=_("Home"), url="/", icon="home", order=1),
        MenuItem(
            id="activities",
            label=_("Activities"),
            url="/activities",
            icon="calendar-event",
            order=10,
            view_entity="activity",
        ),
        MenuItem(
            id="contacts",
            label=_("Contacts"),
            url="/contacts",
            icon="user",
            group="clients",
            order=10,
            view_entity="person",
        ),
        MenuItem(
            id="counterparties",
            label=_("Counterparties"),
            url="/counterparties",
            icon="building",
            group="clients",
            order=20,
            view_entity="organisation",
        ),
        MenuItem(
            id="groups",
            label=_("Groups"),
            url="/groups",
            icon="users-group",
            group="clients",
            order=30,
            view_entity="group",
        ),
        MenuItem(
            id="import", label=_("Import"), url="/import", icon="upload", group="clients", order=80
        ),
        MenuItem(id="bin", label=_("Bin"), url="/bin", icon="trash", group="clients", order=90),
        MenuItem(
            id="reports",
            label=_("Reports"),
            url="/reports",
            icon="chart-bar",
            group="analysis",
            order=10,
            permission="reports.run",
        ),
        *(
            MenuItem(
                id=f"admin-{name}",
                label=label,
                url=f"/admin/{name}",
                icon=icon,
                group="administration",
                order=order,
                permission=f"admin.{right or name}",
            )
            for order, (name, label, icon, right) in enumerate(
                (
                    ("users", _("Users"), "user-cog", ""),
                    ("tokens", _("API tokens"), "key", "users"),
                    ("roles", _("Roles"), "shield", ""),
                    ("branches", _("Branches and teams"), "sitemap", "users"),
                    ("plugins", _("Plugins"), "puzzle", ""),
                    ("settings", _("Settings"), "settings", ""),
                    ("appearance", _("Appearance"), "sun", "settings"),
                    ("fields", _("Fields"), "list-details", "settings"),
                    ("stages", _("Stages"), "progress", "settings"),
                    ("audit", _("Audit"), "history", ""),
                    ("health", _("Health"), "stethoscope", ""),
                )
            )
        ),
    )
