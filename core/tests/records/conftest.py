"""Random parties, the same on each engine, and what Python says about them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from kontora.access import identity
from kontora.access.principal import Principal, system
from kontora.lifecycle.install import add_user
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.records.service import Query

SEED, SIZE = 20261121, 45
GIVEN = ["Anna", "анна", "Олексій", "Пётр", "Петр", "Zoë", "O'Neil", "Ян", "李", None]
FAMILY = [
    "Петрова",
    "петрова",
    "Ґалаґан",
    "Об’їздна",
    "Smith",
    "smith-jones",
    "SSoß",
    "De La",
    None,
]
INDUSTRY = ["trade", "Trade", "IT", "IT 100%", "a_b", None]
DAYS = ["1950-01-01", "1987-05-14", "1987-05-15", "2000-02-29", None]


@dataclass
class Crowd:
    """A site with random parties; `rows` are the records as their owner's head reads them."""

    site: Site
    people: dict[str, UUID] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def rtype(self, path: str) -> Any:
        return self.site.registry.record_type(path)

    def principal(self, name: str) -> Principal:
        with self.site.read(system("test")) as session:
            found = identity.principal_of_user(session, self.people[name])
        assert found is not None
        return found


def one(chance: random.Random, number: int, owners: list[str | None]) -> dict[str, Any]:
    """The input of one random party; names come twice, so that order needs a second key."""
    owner = chance.choice(owners)
    data: dict[str, Any] = {"owner": owner, "notes": chance.choice([None, "x", f"note {number}"])}
    data["tags"] = chance.sample(["vip", "VIP", "alt", "ёж"], chance.randint(0, 2))
    data["custom"] = {"level": chance.choice([1, 2, True, "1", "high", 1.5])}
    if chance.random() < 0.5:
        roles = [{"role": chance.choice(["client", "dealer"])}] if chance.random() < 0.6 else []
        person = {
            "kind": "person",
            "given": chance.choice(GIVEN) or "Nobody",
            "family": chance.choice(FAMILY),
            "birth_date": chance.choice(DAYS),
            "gender": chance.choice(["male", "female", None]),
            "roles": roles or [{"role": "prospect"}],
        }
        return {**data, **person}
    return {
        **data,
        "kind": "organisation",
        "display_name": f"{chance.choice(['Acme', 'acme', 'Éclair', 'Ярд'])} {number % 7}",
        "industry": chance.choice(INDUSTRY),
        "employees": chance.choice([None, 0, 5, 5, 100]),
        "founded": chance.choice([None, 1999, 2001]),
    }


@pytest.fixture(scope="session", params=("sqlite", "postgresql"))
def crowd(request: pytest.FixtureRequest, new_site: Any) -> Crowd:
    crowd = Crowd(site=new_site(request.param))
    chance = random.Random(SEED)
    with crowd.site.write(system("test")) as session:
        team = service.create_record(session, crowd.rtype("teams"), {"name": "T"}).id
        for name, role in (("head", "head"), ("manager", "manager"), ("mate", "manager")):
            teams = [team] if role == "manager" else []
            email = f"{name}@example.org"
            crowd.people[name] = add_user(session, email=email, roles=[role], teams=teams)
        owners = [None, *(str(each) for each in crowd.people.values())]
        for number in range(SIZE):
            data = one(chance, number, owners)
            service.create_record(session, crowd.rtype("counterparties"), data)
    with crowd.site.read(crowd.principal("head")) as session:
        query = Query(limit=200)
        crowd.rows = service.list_records(session, crowd.rtype("counterparties"), query).items
    assert len(crowd.rows) == SIZE
    return crowd
