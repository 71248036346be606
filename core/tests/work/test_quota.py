"""Quotas of API tokens: never more than allowed, over all processes, with and without Redis."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select

from kontora import clock
from kontora.access import passwords
from kontora.access.models import ApiToken
from kontora.lifecycle.site import Site
from kontora.work.quota import _DAY, Quotas, usage
from kontora_sdk.testing.people import make_user

NOON = clock.now().replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def token(site: Site) -> UUID:
    user = make_user(site, "manager")
    with site.write(user) as session:
        passwords.create_token(session, user.user_id, "test")
    with site.database.read_engine.connect() as connection:
        return connection.execute(select(ApiToken.__table__.c.id)).scalar_one()


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


def spent(quotas: Quotas, token: UUID, times: int, limit: int, day: int | None = None) -> int:
    return sum(quotas.spend(token, limit, day).allowed for _n in range(times))


def test_one_process_may_use_all_of_its_quota_and_no_more(site: Site, token: UUID) -> None:
    quotas = Quotas(site.database.write_engine)
    first = quotas.spend(token, 100)
    assert (first.allowed, first.limit, first.remaining, first.reset) == (True, 100, 99, 60)
    assert spent(quotas, token, 200, 100) == 99
    last = quotas.spend(token, 100)
    assert (last.allowed, last.remaining) == (False, 0)
    with clock.frozen(NOON + timedelta(seconds=60)):
        assert quotas.spend(token, 100).allowed


def test_four_processes_together_never_get_more(site: Site, token: UUID) -> None:
    processes = [Quotas(site.database.write_engine) for _n in range(4)]
    counts = [0] * 4

    def ask(number: int) -> None:
        with clock.frozen(NOON):
            counts[number] = spent(processes[number], token, 250, 600)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert 480 <= sum(counts) <= 600


def test_a_quota_costs_far_less_than_a_write_per_request(site: Site, token: UUID) -> None:
    quotas, begun = Quotas(site.database.write_engine), []
    event.listen(site.database.write_engine, "begin", lambda connection: begun.append(1))
    assert spent(quotas, token, 600, 600) == 600
    assert len(begun) <= 30
    assert spent(quotas, token, 500, 600) == 0
    assert len(begun) <= 31, "who is over his quota asks the database no more"


def test_a_day_has_its_own_quota(site: Site, token: UUID) -> None:
    quotas = Quotas(site.database.write_engine)
    assert spent(quotas, token, 20, 100, 30) == 20
    with clock.frozen(NOON + timedelta(minutes=1)):
        assert spent(quotas, token, 20, 100, 30) == 10, "what was leased and not used came back"
        verdict = quotas.spend(token, 100, 30)
    assert (verdict.allowed, verdict.policy, verdict.limit) == (False, "day", 30)
    assert verdict.reset == 12 * 3600 - 60
    with clock.frozen(NOON + timedelta(days=1)):
        assert quotas.spend(token, 100, 30).allowed


def test_what_was_used_and_refused_is_told(site: Site, token: UUID) -> None:
    quotas = Quotas(site.database.write_engine)
    spent(quotas, token, 15, 10)
    quotas.flush()
    with site.database.read_engine.connect() as connection:
        row = connection.execute(select(_DAY)).one()
    assert (row.used, row.refused) == (10, 5)
    from kontora.access.principal import system

    with site.read(system("test")) as session:
        assert usage(session, [token]) == {token: {"used": 10, "refused": 5}}


class Counting:
    """Stands for Redis: shared by all processes; `None` while it is away."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.away = False

    def count(self, key: str, window_seconds: float) -> int | None:
        if self.away:
            return None
        self.counts[key] = self.counts.get(key, 0) + 1
        return self.counts[key]


def test_with_redis_it_is_exact_and_without_it_goes_on(site: Site, token: UUID) -> None:
    redis = Counting()
    processes = [Quotas(site.database.write_engine, redis) for _n in range(4)]
    assert sum(spent(each, token, 100, 200) for each in processes) == 200
    redis.away = True
    assert sum(spent(each, token, 100, 200) for each in processes) <= 200
    assert processes[0].spend(token, 200).limit == 200


def test_a_quota_that_cannot_be_asked_lets_requests_pass(
    site: Site, token: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    class Away:
        def begin(self) -> None:
            from sqlalchemy.exc import TimeoutError

            raise TimeoutError("no connection is free")

    quotas = Quotas(Away())
    assert quotas.spend(token, 10).allowed
    assert "passes" in caplog.text
