"""The roles that Kontora ships with, and what they may do until an administrator changes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import insert, select

from kontora.access.models import Grant, Role, RolePermission
from kontora.access.rights import VERBS
from kontora.registry.build import Registry
from kontora.text import Text, _

DOOR = {"door": "administration"}
ROLE_LABELS: Mapping[str, Text] = {
    "administrator": _("Administrator"),
    "head": _("Head"),
    "branch_manager": _("Branch manager"),
    "manager": _("Manager"),
    "assistant": _("Assistant"),
    "auditor": _("Auditor"),
}
_RECORDS = ("person", "organisation", "activity")
_COMPANY = ("branch", "team", "user")
_WORK = ("view", "create", "edit", "delete", "export", "import")
_OWN = ("view", "create", "edit", "delete", "export")
_GRANTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...], str], ...] = (
    ("administrator", (*_RECORDS, *_COMPANY), VERBS, "all"),
    ("head", _RECORDS, VERBS, "all"),
    ("branch_manager", _RECORDS, (*_WORK, "merge", "assign"), "branch_below"),
    ("manager", _RECORDS, ("view", "create", "edit", "delete", "export"), "team"),
    ("assistant", _RECORDS, ("view", "create", "edit"), "branch"),
    ("auditor", (*_RECORDS, *_COMPANY), ("view", "export"), "all"),
    ("administrator", ("group",), VERBS, "all"),
    ("head", ("group",), VERBS, "all"),
    ("branch_manager", ("group",), _OWN, "own"),
    ("manager", ("group",), _OWN, "own"),
    ("assistant", ("group",), _OWN[:4], "own"),
    ("auditor", ("group",), ("view", "export"), "all"),
    ("head", _COMPANY, ("view",), "all"),
    ("branch_manager", _COMPANY, ("view",), "all"),
    ("manager", _COMPANY, ("view",), "all"),
    ("assistant", _COMPANY, ("view",), "all"),
)
_PERMISSIONS: tuple[tuple[str, str], ...] = (
    *(
        ("administrator", f"admin.{name}")
        for name in (
            "users",
            "roles",
            "plugins",
            "settings",
            "audit",
            "health",
            "webhooks",
            "imports",
        )
    ),
    ("auditor", "admin.audit"),
    ("administrator", "privacy.export"),
    ("administrator", "privacy.erase"),
    *((role, "views.share") for role in ("administrator", "head", "branch_manager")),
    *((role, "people.watch") for role in ("administrator", "head")),
    *((role, "people.hand_over") for role in ("administrator", "head", "branch_manager")),
    *((role, "reports.run") for role in ROLE_LABELS if role != "assistant"),
)


def seed(session: Any) -> None:
    """Make the shipped roles that are missing, each with its grants. What an administrator has
    changed since stays as it is."""
    role: Any = Role.__table__
    present = set(session.execute(select(role.c.key), execution_options=DOOR).scalars())
    missing = [key for key in ROLE_LABELS if key not in present]
    if not missing:
        return
    rows = [
        {"key": key, "name": key, "built_in": True, "sort": number}
        for number, key in enumerate(ROLE_LABELS)
        if key in missing
    ]
    session.execute(insert(role), rows, execution_options=DOOR)
    grants = {
        (key, entity, verb): scope
        for key, entities, verbs, scope in _GRANTS
        for entity in entities
        for verb in verbs
        if key in missing
    }
    _write_grants(session, grants)
    permissions = [
        {"role_key": key, "permission": name} for key, name in _PERMISSIONS if key in missing
    ]
    held: Any = RolePermission.__table__
    session.execute(insert(held), permissions, execution_options=DOOR)


def seed_plugin(session: Any, registry: Registry, plugin: str) -> None:
    """Give the shipped roles what a plugin suggests, once, when it is enabled first."""
    role: Any = Role.__table__
    present = set(session.execute(select(role.c.key), execution_options=DOOR).scalars())
    entities = {rt.entity for rt in registry.record_types.values() if rt.owner == plugin}
    grants = {
        (each.role, each.entity, verb): each.scope
        for each in registry.grants
        if each.entity in entities and each.role in present
        for verb in each.verbs
    }
    _write_grants(session, grants)
    held: Any = RolePermission.__table__
    rows = [
        {"role_key": key, "permission": each.name}
        for each in registry.permissions.values()
        if each.name.partition(".")[0] == plugin
        for key in each.roles
        if key in present
    ]
    existing = {
        tuple(row)
        for row in session.execute(
            select(held.c.role_key, held.c.permission), execution_options=DOOR
        )
    }
    rows = [row for row in rows if (row["role_key"], row["permission"]) not in existing]
    if rows:
        session.execute(insert(held), rows, execution_options=DOOR)


def give_new(session: Any, registry: Registry, new: Collection[str]) -> None:
    """Give the shipped roles the permissions `new` in this release. What they held before, and
    what an administrator took from them since, stays as it is."""
    role: Any = Role.__table__
    held: Any = RolePermission.__table__
    present = set(session.execute(select(role.c.key), execution_options=DOOR).scalars())
    known = select(held.c.role_key, held.c.permission)
    existing = {tuple(row) for row in session.execute(known, execution_options=DOOR)}
    wanted = {(key, name) for key, name in _PERMISSIONS if name in new}
    for name in new:
        wanted |= {(key, name) for key in registry.permissions[name].roles}
    rows = [
        {"role_key": key, "permission": name}
        for key, name in sorted(wanted - existing)
        if key in present
    ]
    if rows:
        session.execute(insert(held), rows, execution_options=DOOR)


def _write_grants(session: Any, grants: Mapping[tuple[str, str, str], str]) -> None:
    table: Any = Grant.__table__
    columns = select(table.c.role_key, table.c.entity, table.c.verb)
    present = {tuple(row) for row in session.execute(columns, execution_options=DOOR)}
    rows = [
        {"role_key": key, "entity": entity, "verb": verb, "scope": scope}
        for (key, entity, verb), scope in grants.items()
        if (key, entity, verb) not in present
    ]
    if rows:
        session.execute(insert(table), rows, execution_options=DOOR)
