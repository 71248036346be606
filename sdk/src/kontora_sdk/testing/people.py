"""Users and parties for tests, made through the same services as real ones."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from kontora.access.principal import Principal
    from kontora.lifecycle.site import Site

_numbers = itertools.count(1)


def make_user(
    site: Site,
    role: str,
    *,
    branch: UUID | None = None,
    teams: Sequence[UUID] = (),
    password: str | None = None,
) -> Principal:
    """A new user with one role (an empty one: none), as the principal of his requests."""
    from kontora.access.identity import principal_of_user
    from kontora.access.principal import system
    from kontora.lifecycle.install import add_user

    number = next(_numbers)
    with site.write(system("test")) as session:
        user_id = add_user(
            session,
            email=f"{role or 'nobody'}{number}@example.org",
            name=f"{role.replace('_', ' ').title() or 'Nobody'} {number}",
            roles=[role] if role else [],
            branch=branch,
            teams=list(teams),
            password=password,
        )
    with site.read(system("test")) as session:
        principal = principal_of_user(session, user_id)
    assert principal is not None, f"the user {user_id} cannot sign in"
    return principal


def make_party(site: Site, principal: Principal | None, fields: Mapping[str, Any]) -> UUID:
    """A new party, made by `principal` (None: the system); a person unless `kind` says else."""
    from kontora.access.principal import system
    from kontora.records.service import create_record

    data = dict(fields)
    kind = data.pop("kind", "person")
    if not any(key in data for key in ("display_name", "given", "family")):
        name = f"Party {next(_numbers)}"
        data |= {"family": name} if kind == "person" else {"display_name": name}
    with site.write(principal or system("test")) as session:
        path = "contacts" if kind == "person" else "counterparties"
        return create_record(session, session.registry.record_type(path), data).id
