"""Quotas per token over a real Redis: exact over processes, and known when Redis comes and goes."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import select

from kontora import clock
from kontora.access import passwords
from kontora.access.models import ApiToken
from kontora.lifecycle.site import Site
from kontora.work.quota import Quotas
from kontora.work.redis import Redis
from kontora_sdk.testing.people import make_user

URL = os.environ.get("KONTORA_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
NOON = clock.now().replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def clients() -> Iterator[list[Redis]]:
    """Four connections to one Redis, as four processes of one site have them."""
    pytest.importorskip("redis")
    key = uuid.uuid4().hex
    found = [Redis(URL, key) for _each in range(4)]
    if not found[0].ping():
        pytest.skip(f"no Redis answers at {URL}")
    yield found
    for each in found:
        each.close()


def tokens(site: Site, number: int) -> list[UUID]:
    user = make_user(site, "manager")
    assert user.user_id is not None
    with site.write(user) as session:
        for name in range(number):
            passwords.create_token(session, user.user_id, f"test {name}")
    with site.database.read_engine.connect() as connection:
        return list(connection.execute(select(ApiToken.__table__.c.id)).scalars())


def test_four_processes_give_a_token_its_quota_and_no_more(
    site: Site, clients: list[Redis]
) -> None:
    one, other = tokens(site, 2)
    processes = [Quotas(site.database.write_engine, each) for each in clients]
    counts = [0] * 4

    def ask(number: int) -> None:
        with clock.frozen(NOON):
            counts[number] = sum(
                processes[number].spend(one, 100, None).allowed for _n in range(50)
            )

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 100
    with clock.frozen(NOON):
        left = processes[0].spend(other, 100, None)
    assert (left.allowed, left.remaining) == (True, 99)  # each token has its own


def test_without_redis_the_database_counts_on(site: Site, clients: list[Redis]) -> None:
    (token,) = tokens(site, 1)
    with clock.frozen(NOON):
        first = Quotas(site.database.write_engine, clients[0])
        assert sum(first.spend(token, 20, None).allowed for _n in range(30)) == 20
        gone = Redis("redis://127.0.0.1:1/0", "nobody")
        later = Quotas(site.database.write_engine, gone)
        assert later.spend(token, 20, None).limit == 20
        gone.close()
