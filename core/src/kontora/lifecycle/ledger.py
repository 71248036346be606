"""The ownership ledger: every table, foreign key, permission, setting, schedule and record type
of core and of each plugin, kept so that it is known when the package is gone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select

from kontora.access import shipped
from kontora.access.models import OwnedObject
from kontora.access.session import ScopedSession
from kontora.lifecycle.site import Site
from kontora.plugins.discovery import core_version
from kontora.plugins.manager import CORE
from kontora.registry.build import Registry

DOOR = {"door": "administration"}
_owned: Any = OwnedObject.__table__
Thing = tuple[str, str]


def owner_of(name: str, plugins: tuple[str, ...], mark: str) -> str:
    """Whose `name` is, by what it begins with: the longest plugin name wins, else core."""
    fitting = [each for each in plugins if name.startswith(f"{each}{mark}")]
    return max(fitting, key=len, default=CORE)


def owned(registry: Registry, plugins: tuple[str, ...]) -> dict[str, set[Thing]]:
    """Owner → (kind, key) of all that is declared, `plugins` being those that are loaded."""
    found: dict[str, set[Thing]] = {name: set() for name in (CORE, *plugins)}
    for name, model in registry.models.items():
        owner = owner_of(name, plugins, "_")
        found[owner] |= {("table", name), *(("foreign_key", key) for key in _keys(model))}
    for kind, names in (
        ("permission", registry.permissions),
        ("setting", registry.settings),
        ("schedule", [name for name, job in registry.jobs.items() if job.schedule]),
    ):
        for name in names:
            found[owner_of(name, plugins, ".")].add((kind, name))
    for path, rtype in registry.record_types.items():
        found.setdefault(rtype.owner, set()).add(("record_type", path))
    return found


def _keys(model: Any) -> list[str]:
    """`hello_card.party_id>party.id` for each foreign key column of the table."""
    return [
        f"{model.__tablename__}.{column.name}>{key.target_fullname}"
        for column in model.__table__.columns
        for key in column.foreign_keys
    ]


def record_all(session: ScopedSession, site: Site) -> None:
    """Add to the ledger what core and the loaded plugins own and it does not know yet; shipped
    roles get the permissions among that.

    What an earlier version owned stays: its data may still be there.
    """
    plugins = site.manager.order[1:]
    versions = {name: site.manager.states[name].version for name in plugins}
    versions[CORE] = core_version()
    columns = select(_owned.c.owner, _owned.c.kind, _owned.c.key)
    known = {tuple(row) for row in session.execute(columns, execution_options=DOOR)}
    rows = [
        {"owner": owner, "kind": kind, "key": key, "created_in_version": versions.get(owner, "")}
        for owner, things in sorted(owned(site.registry, plugins).items())
        for kind, key in sorted(things)
        if (owner, kind, key) not in known
    ]
    if rows:
        new = [row["key"] for row in rows if row["kind"] == "permission"]
        shipped.give_new(session, site.registry, new)
        session.execute(insert(_owned), rows, execution_options=DOOR)


def entries(session: ScopedSession, owner: str) -> list[dict[str, str]]:
    """What an owner has brought in: kind, key and the version that did."""
    columns = select(_owned.c.kind, _owned.c.key, _owned.c.created_in_version)
    found = columns.where(_owned.c.owner == owner).order_by(_owned.c.kind, _owned.c.key)
    return [dict(row._mapping) for row in session.execute(found, execution_options=DOOR)]
