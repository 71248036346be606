"""Who manages users must not make anybody, himself included, stronger than he is.

`admin.users` alone gives roles, passwords and invitations only within one's own rights; whoever
holds `admin.roles` decides of rights anyway, and is not bound by this.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access.identity import DOOR, rights_of
from kontora.access.models import UserRole
from kontora.access.rights import Rights
from kontora.errors import Forbidden

FREE = "admin.roles"
_held: Any = UserRole.__table__


def covers(own: Rights, other: Rights) -> bool:
    """Whether `own` holds every permission of `other`, and every grant as wide or wider."""
    if own.everything:
        return True
    return other.permissions <= own.permissions and all(
        (mine := own.scope(entity, verb)) is not None and mine >= scope
        for (entity, verb), scope in other.grants.items()
    )


def too_strong(session: Any, roles: Iterable[str]) -> list[str]:
    """Those of the roles that the principal may not give: they hold more than he does."""
    own: Rights = session.principal.rights
    if own.has(FREE):
        return []
    return [each for each in sorted(set(roles)) if not covers(own, rights_of(session, [each]))]


def roles_of(session: Any, user_id: UUID) -> set[str]:
    """The keys of a user's roles."""
    statement = select(_held.c.role_key).where(_held.c.user_id == user_id)
    return set(session.execute(statement, execution_options=DOOR).scalars())


def require_within(session: Any, user_id: UUID) -> None:
    """Raise Forbidden when the principal could take over an account that may do more than he."""
    if user_id != session.principal.user_id and too_strong(session, roles_of(session, user_id)):
        raise Forbidden(FREE)
