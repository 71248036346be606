"""Principals: who does it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from kontora.access.rights import ALL_RIGHTS, Rights

PrincipalKind = Literal["user", "token", "job", "system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who does it: a user, an API token or a job on a user's behalf, or the system.

    `team_mates` are the users of all teams of the user, himself included; `branches_below` are
    the user's branch and all under it. `confirmed_at`: when the user of a device last proved who
    he is. `lacks_factor`: a role demands a second factor, and this device was signed in without.
    `generation`: that of roles, teams, branches and users by which all of this was read, and
    `catalogue`: that of the fields of administrators, of the same moment. `used_at`: when use of
    the token or device was noted last.
    """

    kind: PrincipalKind
    name: str
    rights: Rights
    user_id: UUID | None = None
    email: str | None = None
    branch_id: UUID | None = None
    roles: tuple[str, ...] = ()
    team_mates: tuple[UUID, ...] = ()
    branches_below: tuple[UUID, ...] = ()
    locale: str = "en"
    timezone: str = "UTC"
    token_id: UUID | None = None
    session_id: int | None = None
    confirmed_at: datetime | None = None
    lacks_factor: bool = False
    per_minute: int | None = None
    per_day: int | None = None
    generation: str | None = field(default=None, compare=False)
    catalogue: str | None = field(default=None, compare=False)
    used_at: datetime | None = field(default=None, compare=False)
    request_id: str | None = field(default=None, compare=False)

    @property
    def is_system(self) -> bool:
        return self.kind == "system"


def system(name: str = "system", *, branch_id: UUID | None = None) -> Principal:
    """The principal of the command line and of the program's own work."""
    return Principal(kind="system", name=name, rights=ALL_RIGHTS, branch_id=branch_id)
