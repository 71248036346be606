"""What is measured: the same steps for Kontora and for the floor, in the same order."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.bench import crowd
from tests.bench.client import Client

LIST = "/api/v1/contacts"
Step = Callable[[Client], Any]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that people or programs do. `call(client, number)` does it the numberth time and
    returns the body; `by` is who does it, `page` whether over HTML, `alike` whether the floor's
    bodies have to be the same, byte for byte."""

    name: str
    call: Callable[[Client, int], Any]
    by: str = "head"
    page: bool = False
    alike: bool = True
    writes: bool = False


@dataclass(kw_only=True)
class Facts:
    """What the operations need to know of the data."""

    size: int
    cursor: str
    called: Sequence[str]  # ids of contacts with activities
    made: dict[int, list[tuple[str, str]]] = field(default_factory=dict)


def person(number: int, size: int) -> int:
    """The number of some person; another for each time."""
    found = random.Random(number).randrange(size)
    return found + 1 if crowd.is_firm(found) else found


def operations(facts: Facts) -> list[Operation]:
    """All operations, in the order of the table."""
    size = facts.size

    def listed(client: Client, number: int) -> Any:
        return client("GET", LIST)

    def deep(client: Client, number: int) -> Any:
        return client("GET", f"{LIST}?cursor={facts.cursor}")

    def by_name(client: Client, number: int) -> Any:
        family = crowd.names(2 * person(number, size // 2))[1]
        return client("GET", f"{LIST}?q={family[1:-1].lower()}")

    def by_email(client: Client, number: int) -> Any:
        return client("GET", f"{LIST}?q={crowd.email(person(number, size))}")

    def by_phone(client: Client, number: int) -> Any:
        return client("GET", f"{LIST}?q=%2B{crowd.phone(person(number, size))[1:]}")

    def opened(client: Client, number: int) -> Any:
        party = facts.called[number % len(facts.called)]
        one = client("GET", f"{LIST}/{party}?expand=affiliations")
        return one + client("GET", f"/api/v1/activities?parties={party}&limit=10")

    def create(client: Client, number: int) -> Any:
        data = {"given": "Nova", "family": f"New {number}", "email": f"new{number}@example.org"}
        body = client("POST", LIST, data | {"phone": f"+38050{number:07d}"})
        facts.made.setdefault(id(client), []).append((client.parsed()["id"], client.etag))
        return body

    def change(client: Client, number: int) -> Any:
        made = facts.made[id(client)]
        party, etag = made[number % len(made)]
        body = client("PATCH", f"{LIST}/{party}", {"notes": f"changed {number}"}, etag=etag)
        made[number % len(made)] = (party, client.etag)
        return body

    return [
        Operation(name="list, first page", call=listed),
        Operation(name="list, 50,000 rows down", call=deep),
        Operation(name="list, as administrator", call=listed, by="administrator"),
        Operation(name="list, as manager (own and team)", call=listed, by="manager"),
        Operation(name="list, as branch manager", call=listed, by="branch_manager"),
        Operation(name="search by name part", call=by_name, alike=False),
        Operation(name="search by e-mail", call=by_email),
        Operation(name="search by phone", call=by_phone),
        Operation(name="open with company and activities", call=opened),
        Operation(name="create", call=create, alike=False, writes=True),
        Operation(name="change one field", call=change, alike=False, writes=True),
        Operation(name="home page", call=lambda c, n: c.page("/"), page=True, alike=False),
        Operation(name="list page", call=lambda c, n: c.page("/contacts"), page=True, alike=False),
    ]
