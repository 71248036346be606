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
        MenuItem(
            id="home",
            label=_("Home"),
            help=_("What waits for you today, and what you put here to see at a glance."),
            url="/",
            icon="home",
            order=1,
        ),
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
            id="import",
            label=_("Import"),
            help=_("Bring records in from a file."),
            url="/import",
            icon="upload",
            group="clients",
            order=80,
        ),
        MenuItem(
            id="bin",
            label=_("Bin"),
            help=_("Deleted records rest here and can be brought back."),
            url="/bin",
            icon="trash",
            group="clients",
            order=90,
        ),
        MenuItem(
            id="reports",
            label=_("Reports"),
            help=_("Figures over what you may see."),
            url="/reports",
            icon="chart-bar",
            group="analysis",
            order=10,
            permission="reports.run",
        ),
        MenuItem(
            id="admin-setup",
            label=_("Set-up"),
            help=_("The first steps: company, branches, users, what you keep, import, modules."),
            url="/setup",
            icon="list-check",
            group="administration",
            order=4,
            permission="admin.settings",
        ),
        *(
            MenuItem(
                id=f"admin-{name}",
                label=label,
                help=help,
                url=f"/admin/{name}",
                icon=icon,
                group="administration",
                order=order,
                permission=f"admin.{right or name}",
            )
            for order, (name, label, icon, right, help) in enumerate(
                (
                    (
                        "users",
                        _("Users"),
                        "user-cog",
                        "",
                        _("Who works here, and what each may do."),
                    ),
                    (
                        "tokens",
                        _("API tokens"),
                        "key",
                        "users",
                        _("Programs that work in the name of a user, and how often they may ask."),
                    ),
                    (
                        "roles",
                        _("Roles"),
                        "shield",
                        "",
                        _("What users may do is the sum of their roles."),
                    ),
                    (
                        "branches",
                        _("Branches and teams"),
                        "sitemap",
                        "users",
                        _("Branches and teams decide how far the grants of a role reach."),
                    ),
                    (
                        "plugins",
                        _("Plugins"),
                        "puzzle",
                        "",
                        _("They add record types, pages, fields and jobs."),
                    ),
                    (
                        "settings",
                        _("Settings"),
                        "settings",
                        "",
                        _("They hold for everybody, from the next page on."),
                    ),
                    (
                        "appearance",
                        _("Appearance"),
                        "sun",
                        "settings",
                        _("The colour and the logo of the company."),
                    ),
                    (
                        "fields",
                        _("Fields"),
                        "list-details",
                        "settings",
                        _("Facts that your company keeps beside those that Kontora brings."),
                    ),
                    (
                        "stages",
                        _("Stages"),
                        "progress",
                        "settings",
                        _("Where a client, a partner or another role stands in its life cycle."),
                    ),
                    (
                        "audit",
                        _("Audit"),
                        "history",
                        "",
                        _("Who changed what, and when. Nothing here can be changed."),
                    ),
                    (
                        "health",
                        _("Health"),
                        "stethoscope",
                        "",
                        _("Whether all is well, and what to do if not."),
                    ),
                )
            )
        ),
    )
