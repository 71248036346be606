"""Who manages users does not widen his reach by branches and teams; who manages roles may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from kontora.access import identity
from kontora.access.principal import Principal, system
from kontora.errors import Invalid
from kontora.lifecycle import install, roles
from kontora.lifecycle.roles import RoleContent
from kontora.lifecycle.site import Site
from kontora.records import service

OURS = {
    (entity, verb): "all" for entity in ("user", "team", "branch") for verb in ("edit", "create")
}


@dataclass
class House:
    """West with the clerk, his mate and a colleague; East with a stranger; a team in each."""

    site: Site
    ids: dict[str, UUID]

    def principal(self, name: str) -> Principal:
        with self.site.read(system("test")) as session:
            found = identity.principal_of_user(session, self.ids[name])
        assert found is not None
        return found

    def save(self, path: str, name: str, by: str = "clerk", **data: Any) -> None:
        """Change a record by its name here; make one where there is none."""
        given = {key: self._ids(value) for key, value in data.items()}
        with self.site.write(self.principal(by)) as session:
            rtype = session.registry.record_type(path)
            if name in self.ids:
                service.change_record(session, rtype, self.ids[name], given)
            else:
                self.ids[name] = service.create_record(session, rtype, {"name": name, **given}).id

    def refuses(self, path: str, name: str, **data: Any) -> None:
        with pytest.raises(Invalid, match="not within your reach"):
            self.save(path, name, **data)

    def _ids(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._ids(each) for each in value]
        return str(self.ids[value]) if value in self.ids else value


def grant(site: Site, scope: str, *permissions: str) -> None:
    with site.write(system("test")) as session:
        held = roles.content(session, "personnel").grants
        grants = {key: scope for key in held if key[0] in ("person", "organisation")}
        wanted = RoleContent(
            grants={**held, **grants, **OURS}, permissions=frozenset({"admin.users", *permissions})
        )
        roles.save(session, "personnel", None, wanted)


@pytest.fixture
def house(site: Site) -> House:
    house = House(site, {})
    with site.write(system("test")) as session:
        install.add_user(session, email="first@example.org", roles=["administrator"])
        roles.create(session, "Personnel", "assistant")
        root = install.root_branch(session)
        assert root is not None
        make = service.create_record
        branches, teams = (session.registry.record_type(p) for p in ("branches", "teams"))
        house.ids["root"] = root
        for name, above in (("West", "root"), ("West one", "West"), ("East", "root")):
            data = {"name": name, "parent": str(house.ids[above])}
            house.ids[name] = make(session, branches, data).id
        for name in ("ours", "theirs"):
            house.ids[name] = make(session, teams, {"name": name}).id
        for name, branch, team in (
            ("clerk", "West", ["ours"]),
            ("mate", "East", ["ours"]),
            ("colleague", "West", []),
            ("deep", "West one", []),
            ("stranger", "East", ["theirs"]),
        ):
            house.ids[name] = install.add_user(
                session,
                email=f"{name}@example.org",
                roles=["personnel"] if name == "clerk" else ["assistant"],
                branch=house.ids[branch],
                teams=[house.ids[each] for each in team],
            )
    grant(site, "branch")
    return house


def test_users_are_placed_in_branches_within_reach(house: House) -> None:
    for whom in ("clerk", "mate", "colleague"):
        for branch in ("East", "West one", "root"):
            if (whom, branch) != ("mate", "East"):
                house.refuses("users", whom, branch=branch)
    house.refuses("users", "fresh", email="fresh@example.org", branch="East")
    house.save("users", "fresh", email="fresh@example.org", branch="West")
    house.save("users", "stranger", branch="East")  # where he is
    grant(house.site, "branch_below")
    house.save("users", "colleague", branch="West one")


def test_teams_are_put_together_of_people_within_reach(house: House) -> None:
    house.refuses("users", "clerk", teams=["ours", "theirs"])
    house.refuses("users", "stranger", teams=["theirs", "ours"])
    house.refuses("teams", "ours", members=["clerk", "mate", "stranger"])
    house.refuses("teams", "theirs", members=["stranger", "clerk"])
    house.refuses("teams", "new", members=["clerk", "stranger"])
    house.refuses("teams", "ours", branch="East")
    house.save("teams", "ours", members=["clerk", "mate", "colleague"])
    house.save("teams", "theirs", members=[])  # taking away widens nothing
    house.save("users", "colleague", teams=[])
    grant(house.site, "team")
    house.refuses("users", "colleague", teams=["ours"])  # of his branch, which he does not reach


def test_branches_are_hung_below_each_other_within_reach(house: House) -> None:
    grant(house.site, "branch_below")
    house.refuses("branches", "East", parent="West")
    house.refuses("branches", "West one", parent="East")
    house.refuses("branches", "new", parent="East")
    house.save("branches", "West two", parent="West")
    house.save("branches", "West one", parent="West two")
    house.save("branches", "East", parent="root")  # where it is


@pytest.mark.parametrize(("scope", "permission"), [("branch", "admin.roles"), ("all", "x.none")])
def test_who_manages_roles_or_reaches_all_is_not_bound(
    house: House, scope: str, permission: str
) -> None:
    grant(house.site, scope, *([permission] if permission != "x.none" else []))
    house.save("users", "clerk", branch="East", teams=["theirs"])
    house.save("branches", "East", parent="West")
    house.save("teams", "ours", members=["clerk", "stranger"])


def test_the_check_is_what_refuses(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A negative control: without it the clerk reaches the stranger's records."""
    monkeypatch.setattr("kontora.parties.own_reach.check", lambda session, draft: None)
    house.save("users", "clerk", teams=["ours", "theirs"])
    assert house.ids["stranger"] in house.principal("clerk").team_mates
