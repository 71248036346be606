"""What a process keeps of principals is gone with the first write that touches it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select, text, update

from kontora.access import identity
from kontora.access.models import Branch, Grant, Role, SiteState, TeamMember, User, UserRole
from kontora.access.principal import Principal, system
from kontora.lifecycle.install import add_user
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora_sdk.testing import queries

ADMINISTRATION = {"door": "administration"}


def principal(site: Site, user: UUID) -> Principal | None:
    with site.read(system("test")) as session:
        return identity.principal_of_user(session, user)


def somebody(site: Site) -> UUID:
    with site.write(system("test")) as session:
        return add_user(session, email="who@example.org", roles=["manager"])


def change(site: Site, statement: Any) -> None:
    with site.write(system("test")) as session:
        session.execute(statement, execution_options=ADMINISTRATION)


def test_a_right_that_is_taken_away_is_gone_at_the_next_request(site: Site) -> None:
    user = somebody(site)
    before = principal(site, user)
    assert before is not None and before.rights.scope("person", "edit") is not None
    grant: Any = Grant.__table__
    mine = (grant.c.role_key == "manager") & (grant.c.verb == "edit")
    change(site, delete(grant).where(mine))
    after = principal(site, user)
    assert after is not None and after.rights.scope("person", "edit") is None


def test_a_disabled_user_is_nobody_at_the_next_request(site: Site) -> None:
    user = somebody(site)
    assert principal(site, user) is not None
    table: Any = User.__table__
    change(site, update(table).where(table.c.id == user).values(state="disabled"))
    assert principal(site, user) is None


def test_a_team_changed_by_the_record_service_is_seen_at_once(site: Site) -> None:
    user, mate = somebody(site), None
    assert principal(site, user) is not None
    with site.write(system("test")) as session:
        mate = add_user(session, email="mate@example.org", roles=["manager"])
        members = {"name": "Both", "members": [str(user), str(mate)]}
        service.create_record(session, session.registry.record_type("teams"), members)
    found = principal(site, user)
    assert found is not None and set(found.team_mates) == {user, mate}


def test_what_is_taken_back_is_not_kept(site: Site) -> None:
    user = somebody(site)
    table: Any = UserRole.__table__
    with pytest.raises(RuntimeError), site.write(system("test")) as session:
        session.execute(
            insert(table).values(user_id=user, role_key="head"), execution_options=ADMINISTRATION
        )
        assert identity.principal_of_user(session, user).roles == ("head", "manager")
        raise RuntimeError
    found = principal(site, user)
    assert found is not None and found.roles == ("manager",)


WRITES: dict[str, Callable[[UUID], Any]] = {
    "a role": lambda user: update(Role.__table__).values(sort=7),
    "a branch": lambda user: update(Branch.__table__).values(version=7),
    "a team": lambda user: delete(TeamMember.__table__),
    "text": lambda user: text("UPDATE user_account SET version = version + 1"),
    "text in a WITH": lambda user: text(
        "WITH one AS (SELECT 1) DELETE FROM user_role WHERE role_key = 'nobody'"
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_every_write_begins_a_generation(site: Site, name: str) -> None:
    user = somebody(site)
    state: Any = SiteState.__table__
    value = select(state.c.value).where(state.c.key == identity.GENERATION)
    with site.database.write_engine.begin() as connection:
        before = connection.scalar(value)
    with site.database.write_engine.begin() as connection:
        connection.execute(WRITES[name](user))
        assert connection.scalar(value) not in (None, before)


def test_who_asks_again_costs_one_statement(site: Site) -> None:
    user = somebody(site)
    principal(site, user)
    with queries.at_most(site.database, 1):
        principal(site, user)
