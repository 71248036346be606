"""A site that may call this machine, a receiver on it, and a webhook between the two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from receiver import Receiver
from sqlalchemy import select

from kontora import clock
from kontora.access.principal import Principal
from kontora.lifecycle.site import Site
from kontora.webhooks import endpoints
from kontora.webhooks.deliveries import DELIVERY, ENDPOINT
from kontora.work.runner import run_pending
from kontora_sdk.testing.people import make_user


@dataclass
class Hook:
    """A webhook of a site, seen from the test."""

    site: Site
    admin: Principal
    id: UUID
    secret: str

    def work(self, after: float = 0.0) -> dict[str, int]:
        """Run what is due, as it will be after so many seconds."""
        with clock.frozen(clock.now() + timedelta(seconds=after)):
            return run_pending(self.site.work_site())

    def rows(self, table: Any = DELIVERY) -> list[Any]:
        with self.site.database.read_engine.connect() as connection:
            return list(connection.execute(select(table).order_by(table.c.id)).mappings())

    @property
    def states(self) -> list[str]:
        return [row["state"] for row in self.rows()]

    @property
    def endpoint(self) -> Any:
        return next(row for row in self.rows(ENDPOINT) if row["id"] == self.id)

    def do(self, step: Callable[..., Any], *given: Any, by: Principal | None = None) -> Any:
        with self.site.write(by or self.admin) as session:
            return step(session, self.id, *given)


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[None]:
    """Time passes only where a test says so."""
    with clock.frozen(clock.now()):
        yield


@pytest.fixture
def site(site: Site) -> Site:
    site.settings = replace(site.settings, egress_allow=("127.0.0.1/32",))
    return site


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.fixture
def make_hook(site: Site, receiver: Receiver) -> Callable[..., Hook]:
    """`make_hook(owner=…, events=[…])`: a webhook that an administrator has made."""
    admin = make_user(site, "administrator")

    def make(
        *, owner: Principal | None = None, events: list[str] | None = None, **more: Any
    ) -> Hook:
        data = {
            "url": receiver.url,
            "events": events
            if events is not None
            else ["contacts.created", "contacts.changed", "contacts.deleted"],
            "owner": str((owner or admin).user_id),
            **more,
        }
        with site.write(admin) as session:
            made, secret = endpoints.create(session, data)
        return Hook(site, admin, made, secret)

    return make


@pytest.fixture
def hook(make_hook: Callable[..., Hook]) -> Hook:
    return make_hook()
