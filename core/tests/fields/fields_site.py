"""A site with fields of each type, and a few people to try them on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from kontora.access import identity
from kontora.access.principal import Principal, system
from kontora.lifecycle.install import add_user
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.records.custom import define
from kontora.records.service import Query

CHOICES = [{"value": "gold", "label": "Gold"}, {"value": "Срібло", "label": "Срібло"}]
TYPES: dict[str, dict[str, Any]] = {
    "word": {"type": "text"},
    "story": {"type": "longtext"},
    "level": {"type": "integer"},
    "weight": {"type": "decimal", "places": 3},
    "budget": {"type": "money"},
    "since": {"type": "date"},
    "grade": {"type": "choice", "options": CHOICES},
    "likes": {"type": "choices", "options": CHOICES},
    "vip": {"type": "boolean"},
    "friend": {"type": "reference", "target": "party", "target_kind": "person"},
    "task": {"type": "reference", "target": "activity"},
    "page": {"type": "url"},
}
# Two values of each type, the smaller first, as they are sent; and how they are shown.
VALUES: dict[str, tuple[Any, Any]] = {
    "word": ("alpha", "Ёлка"),
    "story": ("one\ntwo", "three"),
    "level": (9, 10),
    "weight": ("9.500", "10.125"),
    "budget": (
        {"amount": "99.90", "currency": "EUR"},
        {"amount": "123456789012.34", "currency": "EUR"},
    ),
    "since": ("1999-12-31", "2026-01-02"),
    "grade": ("gold", "Срібло"),
    "likes": (["gold"], ["gold", "Срібло"]),
    "vip": (False, True),
    "page": ("https://example.org/a", "https://example.org/b"),
}


@dataclass
class Fields:
    """A site, and short ways to work with it as the system or as somebody."""

    site: Site

    def define(self, entity: str = "party", /, **data: Any) -> None:
        with self.site.write(define.elevated(system("admin"))) as session:
            define.create(session, entity, {"label": data["key"], **data})

    def redefine(self, key: str, /, confirmed: bool = False, **data: Any) -> None:
        with self.site.write(define.elevated(system("admin"))) as session:
            row = define.find(session, "party", key)
            define.change(session, row, data, confirmed=confirmed)

    def make(
        self, path: str, data: dict[str, Any], by: Principal | None = None, **info: Any
    ) -> UUID:
        with self.site.write(by or system("test")) as session:
            session.info.update(info)
            return service.create_record(session, self.rtype(path), data).id

    def change(
        self, path: str, one: UUID, data: dict[str, Any], by: Principal | None = None
    ) -> None:
        with self.site.write(by or system("test")) as session:
            service.change_record(session, self.rtype(path), one, data)

    def get(self, path: str, one: UUID, by: Principal | None = None, **more: Any) -> dict[str, Any]:
        with self.site.read(by or system("test")) as session:
            return service.get_record(session, self.rtype(path), one, **more)

    def names(self, *conditions: Any, by: Principal | None = None, **query: Any) -> list[str]:
        """The given names of the contacts that a query finds, in its order."""
        leaves = [{"field": f, "op": op, "value": value} for f, op, value in conditions]
        tree = {"and": leaves} if leaves else None
        with self.site.read(by or system("test")) as session:
            rtype, asked = self.rtype("contacts"), Query(filter=tree, **query)
            page = service.list_records(session, rtype, asked)
        return [each["given"] for each in page.items]

    def rtype(self, path: str) -> Any:
        """As a plugin would hold it: the services find the fields of administrators."""
        return self.site.registry.record_type(path)

    def user(self, role: str, email: str = "") -> Principal:
        email = email or f"{role}@example.org"
        with self.site.write(system("test")) as session:
            made = add_user(session, email=email, roles=[role])
            found = identity.principal_of_user(session, made)
        assert found is not None
        return found

    def person(self, given: str, by: Principal | None = None, /, **custom: Any) -> UUID:
        return self.make("contacts", {"given": given, "custom": custom}, by)


def without(principal: Principal, entity: str, *hidden: str) -> Principal:
    """The same person, for whom some fields do not exist."""
    rights = replace(principal.rights, hidden={entity: frozenset(hidden)})
    return replace(principal, rights=rights)


@pytest.fixture
def fields(site: Site) -> Fields:
    return Fields(site)


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def typed(request: pytest.FixtureRequest, new_site: Any) -> Iterator[Fields]:
    """A site with a field of each type, and three people: Small, Large and None."""
    made = Fields(new_site(request.param))
    for key, data in TYPES.items():
        made.define(key=key, **data)
    for given, place in (("Small", 0), ("Large", 1)):
        made.person(given, **{key: pair[place] for key, pair in VALUES.items()})
    made.person("None")
    yield made
    new_site.gone(made.site)
