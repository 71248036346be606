"""Rights that are new in a release reach the shipped roles of a site that is upgraded."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete

from kontora.access.models import OwnedObject, RolePermission
from kontora.access.principal import system
from kontora.lifecycle import install, roles
from kontora.lifecycle.site import Site

DOOR = {"door": "administration"}
NEW = ("privacy.export", "privacy.erase")


def held(site: Site, role: str) -> frozenset[str]:
    with site.read(system("test")) as session:
        return roles.content(session, role).permissions


def as_before(site: Site, *permissions: str) -> None:
    """The site as an older release left it, which did not know these permissions."""
    owned: Any = OwnedObject.__table__
    given: Any = RolePermission.__table__
    with site.write(system("test")) as session:
        for column, table in ((owned.c.key, owned), (given.c.permission, given)):
            session.execute(delete(table).where(column.in_(permissions)), execution_options=DOOR)


def take(site: Site, role: str, permission: str) -> None:
    """What an administrator took from a role."""
    given: Any = RolePermission.__table__
    here = (given.c.role_key == role, given.c.permission == permission)
    with site.write(system("test")) as session:
        session.execute(delete(given).where(*here), execution_options=DOOR)


def test_an_upgraded_site_gets_what_is_new_and_nothing_else(site: Site) -> None:
    as_before(site, *NEW)
    take(site, "head", "people.watch")
    before = held(site, "manager")
    install.init(site)
    assert held(site, "administrator") >= set(NEW)
    assert "people.watch" not in held(site, "head")
    assert held(site, "manager") == before
    assert not held(site, "head") & set(NEW)


def test_what_an_administrator_took_away_stays_away(site: Site) -> None:
    as_before(site, *NEW)
    install.init(site)
    take(site, "administrator", "privacy.erase")
    install.init(site)
    assert "privacy.erase" not in held(site, "administrator")
