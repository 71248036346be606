"""A small company to test rights on: a tree of branches, a team, a user per shipped role, and
records that lie in every relation to them. `may` is the rule, written down a second time.

Branches: Head office > West > West one; Head office > East. The six users with a role sit in
West and share a team with `mate`; `colleague` sits in West, `deep` in West one, `stranger` in
East. `spare` is a second administrator, since the last one cannot be taken away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access import identity
from kontora.access.principal import Principal, system
from kontora.lifecycle.install import add_user, root_branch
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.records.custom import define

ROLES = ("administrator", "head", "branch_manager", "manager", "assistant", "auditor")
RECORDS, COMPANY = ("person", "organisation", "activity", "group"), ("branch", "team", "user")
ALL_VERBS = "view create edit delete export import merge assign".split()
# What the shipped roles may do with records, and how far; written apart from the code.
GRANTS: dict[str, dict[str, str]] = {
    "administrator": dict.fromkeys(ALL_VERBS, "all"),
    "head": dict.fromkeys(ALL_VERBS, "all"),
    "branch_manager": dict.fromkeys(ALL_VERBS, "branch_below"),
    "manager": dict.fromkeys("view create edit delete export".split(), "team"),
    "assistant": dict.fromkeys("view create edit".split(), "branch"),
    "auditor": dict.fromkeys("view export".split(), "all"),
}
# Groups of parties: one's own, and those that are shared.
OF_GROUPS = dict.fromkeys("view create edit delete export".split(), "own")
GROUP_GRANTS: dict[str, dict[str, str]] = {
    **{role: GRANTS[role] for role in ("administrator", "head", "auditor")},
    **dict.fromkeys(("branch_manager", "manager"), OF_GROUPS),
    "assistant": dict.fromkeys("view create edit delete".split(), "own"),
}
# Fields of administrators that lead from a record to another one, by where they are defined: a link
# to any party, a person, an activity, a group, a user.
LINKS: dict[str, dict[str, dict[str, str]]] = {
    "party": {
        "friend": {"target": "party"},
        "adviser": {"target": "party", "target_kind": "person"},
        "task": {"target": "activity"},
        "keeper": {"target": "user"},
    },
    "activity": {"before": {"target": "activity"}, "about": {"target": "party"}},
    "group": {"sister": {"target": "group"}},
}
PLACES = ("team", "branch", "below", "foreign", "unowned", "deleted")


@dataclass
class Item:
    """A record of the company, with all that decides who may do what with it."""

    path: str
    entity: str
    place: str
    owner: str | None
    branch: str | None
    id: UUID = field(default_factory=lambda: UUID(int=0))
    roles: list[tuple[str | None, str | None]] = field(default_factory=list)
    # Not in what a failed test prints: they lead to one another, and that never ends.
    firms: list[Item] = field(default_factory=list, repr=False)
    parties: list[Item] = field(default_factory=list, repr=False)
    deleted: bool = False
    shared: bool = False
    listed: tuple[str, ...] = ()
    links: dict[str, Item] = field(default_factory=dict, repr=False)


@dataclass
class Company:
    """The site with its people and records."""

    site: Site
    users: dict[str, UUID] = field(default_factory=dict)
    branches: dict[str, UUID] = field(default_factory=dict)
    team: UUID | None = None
    items: list[Item] = field(default_factory=list)
    _principals: dict[str, Principal] = field(default_factory=dict)

    def principal(self, user: str) -> Principal:
        if user not in self._principals:
            with self.site.read(system("test")) as session:
                found = identity.principal_of_user(session, self.users[user])
            assert found is not None
            self._principals[user] = found
        return self._principals[user]

    def of(self, path: str, place: str) -> Item:
        return next(i for i in self.items if i.place == place and path in (i.path, *i.listed))

    def rtype(self, path: str) -> Any:
        return self.site.registry.record_type(path)

    def may(self, role: str, verb: str, item: Item) -> bool:
        """The rule of design section 2, on Python objects. Says nothing about the bin."""
        if item.entity in COMPANY:
            return role == "administrator" or verb == "view"
        grants = GROUP_GRANTS if item.entity == "group" else GRANTS
        scope = grants[role].get(verb)
        if scope is None:
            return False
        if item.shared and verb == "view":
            return True
        pairs = [(item.owner, item.branch), *item.roles]
        if any(self._within(role, scope, owner, branch) for owner, branch in pairs):
            return True
        if verb != "view":
            return False
        firms = [firm for firm in item.firms if not firm.deleted]
        return any(self.may(role, "view", each) for each in firms + item.parties)

    def _within(self, role: str, scope: str, owner: str | None, branch: str | None) -> bool:
        reach = ["own", "team", "branch", "branch_below", "all"].index(scope)
        return (
            reach == 4
            or owner == role
            or (reach >= 1 and owner in (*ROLES, "mate"))
            or (reach >= 2 and branch == "West")
            or (reach >= 3 and branch == "West one")
        )


def dump(company: Company) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    found = {}
    with company.site.database.read_engine.connect() as connection:
        for name, model in company.site.registry.models.items():
            table: Any = model.__table__
            rows = connection.execute(select(table).order_by(*table.primary_key.columns))
            found[name] = [tuple(row) for row in rows]
    return found


@contextmanager
def undone(session: Any) -> Iterator[None]:
    """Roll back what the block did."""
    savepoint = session.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()
        session.expunge_all()


def build(site: Site) -> Company:
    company = Company(site=site)
    with site.write(define.elevated(system("test"))) as session:
        for entity, fields in LINKS.items():
            for key, target in fields.items():
                field_of = {"key": key, "label": key, "type": "reference", **target}
                define.create(session, entity, field_of)
    with site.write(system("test")) as session:
        _people(company, session)
        for path, entity in (("contacts", "person"), ("counterparties", "organisation")):
            _places(company, session, path, entity)
        _ties(company, session)
        _places(company, session, "activities", "activity")
        _activities(company, session)
        _places(company, session, "groups", "group")
        shared = Item("groups", "group", "shared", "stranger", "East", shared=True)
        _create(company, session, shared, {"shared": True})
        _own_company(company)
    with site.write(system("test")) as session:
        _links(company, session)
    return company


def _links(company: Company, session: Any) -> None:
    """Each record leads by its links to others, which lie in all relations to the roles."""
    live = [each for each in company.items if not each.deleted]
    for number, item in enumerate(each for each in live if each.entity in RECORDS):
        entity = {"person": "party", "organisation": "party"}.get(item.entity, item.entity)
        for key, target in LINKS[entity].items():
            wanted = {"party": ("person", "organisation")}.get(target["target"])
            kinds = (target["target_kind"],) if "target_kind" in target else wanted
            able = [each for each in live if each.entity in (kinds or (target["target"],))]
            item.links[key] = able[(5 * number + 3) % len(able)]
        custom = {key: str(each.id) for key, each in item.links.items()}
        service.change_record(session, company.rtype(item.path), item.id, {"custom": custom})


def _people(company: Company, session: Any) -> None:
    branches, rtype = company.branches, company.rtype("branches")
    root = root_branch(session)
    assert root is not None
    branches["Head office"] = root
    for name, above in (("West", "Head office"), ("West one", "West"), ("East", "Head office")):
        data = {"name": name, "parent": str(branches[above])}
        branches[name] = service.create_record(session, rtype, data).id
    team = {"name": "Team A", "branch": str(branches["West"])}
    company.team = service.create_record(session, company.rtype("teams"), team).id
    others = {"mate": "West", "colleague": "West", "deep": "West one", "stranger": "East"}
    others["spare"] = "Head office"
    for name, branch in {**dict.fromkeys(ROLES, "West"), **others}.items():
        company.users[name] = add_user(
            session,
            email=f"{name}@example.org",
            roles=[{"spare": "administrator"}.get(name, name if name in ROLES else "manager")],
            branch=branches[branch],
            teams=[company.team] if name in (*ROLES, "mate") else [],
        )


def _places(company: Company, session: Any, path: str, entity: str) -> None:
    spots: dict[str, tuple[str | None, str | None]] = {
        **{f"own {role}": (role, "West") for role in ROLES},
        "team": ("mate", "West"),
        "branch": ("colleague", "West"),
        "below": ("deep", "West one"),
        "foreign": ("stranger", "East"),
        "unowned": (None, None),
        "deleted": ("mate", "West"),
        "deleted foreign": ("stranger", "East"),
    }
    for place, (owner, branch) in spots.items():
        item = Item(path=path, entity=entity, place=place, owner=owner, branch=branch)
        _create(company, session, item, {})


def _create(company: Company, session: Any, item: Item, data: dict[str, Any]) -> Item:
    word = f"canary{item.entity}{item.place.replace(' ', '')}".replace("_", "")
    names: dict[str, dict[str, Any]] = {
        "person": {"given": word, "family": "Common", "birth_date": "1990-01-01"},
        "organisation": {"display_name": f"{word} Common", "industry": "trade"},
        "activity": {"kind": "note", "subject": f"{word} Common"},
        "group": {"name": f"{word} Common"},
    }
    given = {
        **names[item.entity],
        "owner": str(company.users[item.owner]) if item.owner else None,
        "branch": str(company.branches[item.branch]) if item.branch else None,
        **data,
    }
    rtype = company.rtype(item.path)
    item.id = service.create_record(session, rtype, given).id
    if item.place.startswith("deleted"):
        service.delete_record(session, rtype, item.id)
        item.deleted = True
    company.items.append(item)
    return item


def _ties(company: Company, session: Any) -> None:
    """People whom one reaches through a role, or through the organisation where they work."""
    mine, lost = company.of("counterparties", "team"), company.of("counterparties", "foreign")
    gone, mate = company.of("counterparties", "deleted"), company.users["mate"]
    west = company.branches["West"]
    past, future = {"to": "2020-12-31"}, {"from": "2090-01-01"}

    def person(place: str, data: dict[str, Any], **more: Any) -> None:
        item = Item("contacts", "person", place, "stranger", "East", **more)
        # An organisation in the bin cannot be named: the person came before.
        _create(company, session, item, data)

    def work(firm: Item, **dates: str) -> dict[str, Any]:
        return {"affiliations": [{"organisation": str(firm.id), **dates}]}

    role = {"role": "client", "owner": str(mate), "branch": str(west)}
    listed = ("counterparties",)
    person("by role", {"roles": [role]}, roles=[("mate", "West")], listed=listed)
    person("by past role", {"roles": [{**role, **past}]}, listed=listed)
    person("at our firm", work(mine), firms=[mine])
    person("once at our firm", work(mine, **past))
    person("later at our firm", work(mine, **future))
    person("at a foreign firm", work(lost), firms=[lost])
    firms = company.rtype("counterparties")
    service.restore_record(session, firms, gone.id)
    person("at a deleted firm", work(gone), firms=[gone])
    service.delete_record(session, firms, gone.id)


def _activities(company: Company, session: Any) -> None:
    for place, about in (("with ours", "team"), ("with a foreigner", "foreign")):
        party = company.of("contacts", about)
        item = Item("activities", "activity", place, "stranger", "East", parties=[party])
        _create(company, session, item, {"parties": [str(party.id)]})


def _own_company(company: Company) -> None:
    for name, found in company.branches.items():
        company.items.append(Item("branches", "branch", name, None, None, id=found))
    for name, found in company.users.items():
        company.items.append(Item("users", "user", name, None, None, id=found))
    assert company.team is not None
    company.items.append(Item("teams", "team", "team", None, None, id=company.team))
