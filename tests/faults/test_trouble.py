"""Trouble that lasts: no connection to be had, tables locked, Redis full, the primary lost.

T-21 and T-22, as `test_faults`: nothing acknowledged is lost, every effect happens once, and
whoever is refused gets 503 with Retry-After.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from kontora.db.engine import Database
from tests.faults.cluster import Cluster
from tests.faults.conftest import NIGHT
from tests.faults.servers import Postgres, wait_for
from tests.faults.test_faults import under_load
from tests.faults.wires import Wire

pytestmark = [pytest.mark.xdist_group("cluster"), pytest.mark.timeout(900)]
OURS = "application_name = 'kontora'"
# A web process gives a lock up after 5 seconds (`lock_seconds`).
SLOWEST = 15.0


@pytest.fixture(params=[pytest.param(1, id="small"), pytest.param(3, id="full", marks=NIGHT)])
def few(request: pytest.FixtureRequest) -> int:
    """How often something comes that takes long."""
    number: int = request.param
    return number


# Connections


@contextmanager
def no_connection_left(server: Postgres) -> Iterator[None]:
    """Hold all connections that the server allows, those of Kontora too."""
    with ExitStack() as held:
        address = f"host=127.0.0.1 port={server.port} user=postgres application_name=hog"
        first = held.enter_context(psycopg.connect(address, autocommit=True))
        left = time.monotonic() + 30
        while True:
            first.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS}")
            with pytest.raises(psycopg.OperationalError, match="too many clients"):
                while True:
                    held.enter_context(psycopg.connect(address, autocommit=True))
            found = first.execute(f"SELECT count(*) FROM pg_stat_activity WHERE {OURS}").fetchone()
            if found == (0,):
                break
            assert time.monotonic() < left, "Kontora always gets one first"
        yield


def test_a_server_without_a_free_connection(cluster: Cluster, times: int) -> None:
    def fault() -> None:
        with no_connection_left(cluster.postgres):
            time.sleep(2)

    ledger = under_load(cluster, fault, times)
    assert not ledger.faults()
    assert ledger.seen.statuses[503] > 0, "nobody wanted a connection"
    names = f"SELECT count(*) FROM pg_stat_activity WHERE {OURS}"
    (number,) = cluster.postgres.query(names)[0]
    # Nobody keeps more than a pool: 8 of each process, here two web processes and two workers.
    assert int(str(number)) <= 8 * 4


# Locks


@contextmanager
def locked(server: Postgres, table: str) -> Iterator[None]:
    address = f"host=127.0.0.1 port={server.port} user=postgres"
    with psycopg.connect(address) as connection:
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


@pytest.mark.parametrize(
    "table", [pytest.param("hello_greeting", marks=pytest.mark.nightly), "activity"]
)
@pytest.mark.parametrize("seconds", [7, pytest.param(60, marks=NIGHT)])
def test_a_table_that_somebody_locks(cluster: Cluster, table: str, seconds: int) -> None:
    """Greetings are written by requests; activities by the jobs that follow from them, which are
    tried again until they come through."""

    def fault() -> None:
        with locked(cluster.postgres, table):
            time.sleep(seconds)

    ledger = under_load(cluster, fault)
    assert not ledger.faults()
    assert (ledger.seen.statuses[503] > 0) == (table == "hello_greeting")
    assert ledger.seen.slowest < SLOWEST


# Redis


def test_redis_without_room_and_slow_disturbs_nobody(cluster: Cluster, times: int) -> None:
    def fault() -> None:
        before = cluster.redis.refused()
        cluster.redis.fill()
        try:
            # What was refused is not asked again for a while, so it may take until then.
            wait_for(lambda: cluster.redis.refused() > before, "a write is refused", 60)
        finally:
            cluster.redis.make_room()
        cluster.redis.slow(2)
        time.sleep(2)

    ledger = under_load(cluster, fault, times)
    assert not ledger.faults()
    assert set(ledger.seen.statuses) == {200, 201}


# A standby takes over


def fail_over(cluster: Cluster, *, lost: Callable[[Wire], object] | None = None) -> None:
    """The primary dies and its standby becomes the primary, a second after it is asked first.

    `lost` is done to the wire between the two before; without it the standby is synchronous.
    """
    old = cluster.postgres
    between = Wire(old.port)
    new = Postgres(sync=False, standby_of=old, by=between.port)
    try:
        if lost is None:
            old.wait_for_standbys()
        else:
            lost(between)
        time.sleep(1)
        old.stop("immediate")
        cluster.database_wire.lead_to(new.port)
        time.sleep(1)
        new.promote()
    except BaseException:
        cluster.database_wire.lead_to(old.port)
        new.close()
        raise
    finally:
        between.close()
    cluster.postgres = new
    old.close()


def test_a_synchronous_standby_takes_over(cluster: Cluster, few: int) -> None:
    ledger = under_load(cluster, lambda: fail_over(cluster), few)
    assert not ledger.faults()
    assert ledger.seen.statuses[503] > 0
    assert cluster.postgres.query("SELECT pg_is_in_recovery()") == [(False,)]


@pytest.mark.nightly
@pytest.mark.timeout(3000)
def test_a_standby_that_was_behind_loses_and_the_ledger_tells(cluster: Cluster) -> None:
    """The control: with an asynchronous standby that is what happens, and it is seen."""
    ledger = under_load(cluster, lambda: fail_over(cluster, lost=Wire.cut))
    assert any(fault.startswith("lost:") for fault in ledger.faults())


def test_an_address_with_two_servers_finds_the_one_that_writes(tmp_path: Path) -> None:
    primary = Postgres(sync=False)
    standby = Postgres(sync=False, standby_of=primary)
    hosts = "&".join(f"host=127.0.0.1:{each.port}" for each in (standby, primary))
    url = f"postgresql+psycopg://postgres@/postgres?{hosts}&target_session_attrs=read-write"
    database = Database(url, home=tmp_path)
    try:
        assert port_of_writer(database) == primary.port
        primary.stop("immediate")
        standby.promote()
        database.dispose()
        assert port_of_writer(database) == standby.port
    finally:
        database.dispose()
        standby.close()
        primary.close()


def port_of_writer(database: Database) -> int:
    with database.write_engine.begin() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE written (n int)"))
        return int(str(connection.scalar(text("SELECT inet_server_port()"))))
