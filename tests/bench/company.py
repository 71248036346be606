"""The company of the bench: two branches, a team in each, users in the shipped roles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kontora.access import passwords
from kontora.access.principal import system
from kontora.lifecycle.install import add_user, init, root_branch
from kontora.lifecycle.site import Site
from kontora.records import service
from tests.bench.fill import Owner

PASSWORD = "Bench-7-much-longer"
READERS = ("administrator", "head", "branch_manager", "manager")
ADDRESS = "{}@example.org"


@dataclass(slots=True, kw_only=True)
class Company:
    """Tokens by the name of their user, and who owns what."""

    tokens: dict[str, str] = field(default_factory=dict)
    owners: list[Owner] = field(default_factory=list)
    head: tuple[UUID, ...] = ()


def found_company(site: Site) -> Company:
    """Bring an empty database up to date, and make branches, teams, users and their tokens."""
    init(site)
    company = Company()
    with site.write(system("bench")) as session:
        branches = [_make(session, "branches", name=f"Branch {n}") for n in range(2)]
        teams = [_make(session, "teams", name=f"Team {n}", branch=each)
                 for n, each in enumerate(branches)]  # fmt: skip
        users = {
            name: add_user(session, email=ADDRESS.format(name), roles=[name], password=PASSWORD)
            for name in ("administrator", "head")
        }
        users["branch_manager"] = _user(session, "branch_manager", "branch_manager", branches[0])
        for number, name in enumerate(("manager", "colleague", "stranger", "other")):
            at = number // 2
            users[name] = _user(session, name, "manager", branches[at], teams[at])
            company.owners.append(Owner(user=users[name], branch=branches[at]))
        company.head = (users["head"], root_branch(session) or users["head"])
        for name in READERS:
            company.tokens[name] = passwords.create_token(session, users[name], "bench")
    return company


def _make(session: Any, path: str, **given: Any) -> UUID:
    data = {name: str(value) for name, value in given.items()}
    return service.create_record(session, session.registry.record_type(path), data).id


def _user(session: Any, name: str, role: str, branch: UUID, team: UUID | None = None) -> UUID:
    teams = [team] if team else []
    return add_user(
        session, email=ADDRESS.format(name), roles=[role], branch=branch, teams=teams,
        password=PASSWORD,
    )  # fmt: skip
