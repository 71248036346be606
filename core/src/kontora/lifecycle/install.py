"""Make a site: tables, shipped roles, the root branch and the first administrator."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access import passwords, shipped
from kontora.access.models import Branch, User, UserRole
from kontora.access.principal import system
from kontora.access.session import ScopedSession
from kontora.db.owner import CORE
from kontora.db.runner import current, upgrade
from kontora.errors import Invalid
from kontora.lifecycle import ledger
from kontora.lifecycle.site import Site
from kontora.parties.models import RelationType
from kontora.records import service

ROOT_BRANCH = "Head office"
RELATIONS = (
    ("parent_of", "parent of", "part of"),
    ("dealer_of", "dealer of", "has the dealer"),
    ("competes_with", "competes with", "competes with"),
    ("advises", "advises", "advised by"),
    ("supplies", "supplies", "supplied by"),
    ("related_to", "related to", "related to"),
)


def init(site: Site, *, email: str | None = None, password: str | None = None) -> str | None:
    """Bring an empty or older database up to date. Idempotent; makes no party, enables no plugin.

    With `email` the administrator is made unless he is there; his password is `password`, or a
    random one, which is returned once.
    """
    first = current(site.database, CORE) is None
    upgrade(site.database, [CORE])
    if first and site.database.path is not None:
        site.database.path.chmod(0o600)  # SQLite gives its other files the same mode
    with site.write(system("init")) as session:
        shipped.seed(session)
        _seed_relations(session)
        ledger.record_all(session, site)
        branch = _root_branch(session)
    if email is None:
        return None
    with site.write(system("init")) as session:
        return _administrator(session, branch, email, password)


def _seed_relations(session: ScopedSession) -> None:
    present = set(session.scalars(select(RelationType.key)))
    for key, name, inverse in RELATIONS:
        if key not in present:
            session.add(RelationType(key=key, name=name, inverse=inverse))


def _root_branch(session: ScopedSession) -> UUID:
    found = root_branch(session)
    if found is not None:
        return found
    branches = session.registry.record_type("branches")
    return service.create_record(session, branches, {"name": ROOT_BRANCH}).id


def root_branch(session: ScopedSession) -> UUID | None:
    """The first branch without a parent: where users without a branch belong."""
    return session.scalars(
        select(Branch.id).where(Branch.parent_id.is_(None)).order_by(Branch.created_at, Branch.id)
    ).first()


def user_named(session: ScopedSession, email: str) -> UUID | None:
    """The user with this e-mail, or None."""
    return session.scalars(select(User.id).where(User.email == email.strip().casefold())).first()


def _administrator(
    session: ScopedSession, branch: UUID, email: str, password: str | None
) -> str | None:
    existing = session.scalars(select(User).where(User.email == email.strip().casefold())).first()
    if existing is not None:
        held = select(UserRole.role_key).where(UserRole.user_id == existing.id)
        if "administrator" not in set(session.scalars(held)):
            raise Invalid({"email": [f"{email} is a user already, but no administrator."]})
        # The same one again would sign him out everywhere, and nothing was to change.
        if password and passwords.verify(session, email, password) != existing.id:
            passwords.set_password(session, existing.id, password)
        return None
    made = password or secrets.token_urlsafe(12)
    add_user(session, email=email, name="Administrator", roles=["administrator"], password=made)
    return None if password else made


def add_user(
    session: ScopedSession,
    *,
    email: str,
    name: str | None = None,
    roles: list[str],
    branch: UUID | None = None,
    teams: list[UUID] | None = None,
    password: str | None = None,
) -> UUID:
    """Add a user through the record service; without a branch he belongs to the root."""
    data: dict[str, Any] = {
        "name": name or email.partition("@")[0],
        "email": email,
        "roles": roles,
        "branch": str(branch or root_branch(session) or "") or None,
        "teams": [str(each) for each in teams or ()],
    }
    if password is not None:
        passwords.check_strength(password, passwords.shortest(session), (name, email))
    saved = service.create_record(session, session.registry.record_type("users"), data)
    if password is not None:
        passwords.set_password(session, saved.id, password)
    return saved.id
