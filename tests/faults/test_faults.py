"""Whatever one part suffers, nothing acknowledged is lost and every effect happens once.

T-20, T-21, T-22 and T-27: small counts here, more with `-m nightly`. The balancer and the
servers may say 503 with Retry-After; nothing else is allowed (`Ledger.faults`).
"""

from __future__ import annotations

import http.client
import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.cluster import Cluster
from tests.faults.ledger import Ledger
from tests.faults.servers import wait_for

pytestmark = [pytest.mark.xdist_group("cluster"), pytest.mark.timeout(900)]
CALM = 1.0  # seconds of load before and after a fault


def under_load(cluster: Cluster, fault: Callable[[], object], times: int = 1) -> Ledger:
    """Run `fault` that often in the middle of load; then let the workers finish."""
    with Ledger(cluster) as ledger:
        time.sleep(CALM)
        for _time in range(times):
            fault()
            recovered(ledger)
        time.sleep(CALM)
    ledger.settle()
    return ledger


def recovered(ledger: Ledger) -> None:
    """Wait until somebody is served again."""
    now = time.monotonic()
    wait_for(lambda: any(at > now for at in ledger.seen.answered_at), "an answer after the fault")


def test_without_a_fault_nothing_is_refused(cluster: Cluster) -> None:
    ledger = under_load(cluster, lambda: None)
    assert not ledger.faults()
    assert set(ledger.seen.statuses) == {200, 201}
    assert len(ledger.seen.acknowledged) > 10


@pytest.mark.nightly
def test_kill_9_of_a_web_server(cluster: Cluster, times: int) -> None:
    """The supervisor and, with it, its child; whoever looks after the machine starts it anew."""
    web = cluster.webs[0]

    def fault() -> None:
        web.kill()
        time.sleep(0.5)
        web.start()
        cluster.wait_ready()

    assert not under_load(cluster, fault, times).faults()


def test_kill_9_of_a_web_process_behind_its_supervisor(cluster: Cluster, times: int) -> None:
    def fault() -> None:
        for child in cluster.webs[1].children():
            os.kill(child, signal.SIGKILL)
        time.sleep(0.5)
        cluster.wait_ready()

    ledger = under_load(cluster, fault, times)
    assert not ledger.faults()


def test_kill_9_of_a_worker(cluster: Cluster, times: int) -> None:
    def fault() -> None:
        for worker in cluster.workers:
            worker.kill()
            time.sleep(0.3)
            worker.start()

    assert not under_load(cluster, fault, times).faults()


def test_redis_flushed_hanging_and_gone_disturbs_nobody(cluster: Cluster, times: int) -> None:
    def fault() -> None:
        cluster.redis.flush()
        cluster.redis.hang()
        time.sleep(2)
        cluster.redis.go_on()
        cluster.redis.kill()
        time.sleep(2)
        cluster.redis.start()

    ledger = under_load(cluster, fault, times)
    assert not ledger.faults()
    # Not even a 503: Redis holds nothing that an answer needs.
    assert set(ledger.seen.statuses) == {200, 201}


@pytest.mark.parametrize("mode", ["immediate", pytest.param("fast", marks=pytest.mark.nightly)])
def test_postgresql_restarted(cluster: Cluster, mode: str, times: int) -> None:
    ledger = under_load(cluster, lambda: cluster.postgres.restart(mode, pause=1.0), times)
    assert not ledger.faults()
    assert ledger.seen.statuses[503] > 0, "the restart was not even noticed"


def test_connections_killed_and_the_network_silent(cluster: Cluster, times: int) -> None:
    def fault() -> None:
        cluster.postgres.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'kontora'"
        )
        time.sleep(0.5)
        cluster.database_wire.silence()
        time.sleep(2)
        cluster.database_wire.mend()

    assert not under_load(cluster, fault, times).faults()


@pytest.mark.nightly
def test_restarts_in_turn_fail_no_request(cluster: Cluster, times: int) -> None:
    """SIGHUP brings new children; SIGTERM ends a server after it has said that it leaves. The
    clients send nothing twice, and the balancer sends no request that failed again."""
    with Ledger(cluster, clients=6, rate=30, patient=False) as ledger:
        for number in range(times):
            one, other = cluster.webs[number % 2], cluster.webs[(number + 1) % 2]
            before = one.children()
            one.signal(signal.SIGHUP)
            wait_for(lambda: not set(before) & set(one.children()), "new children")
            other.end()
            assert other.process.returncode == 0
            other.start()
            cluster.wait_ready()
            worker = cluster.workers[number % 2]
            worker.end()
            worker.start()
    ledger.settle()
    assert not ledger.faults()
    assert len(ledger.seen.acknowledged) > 30


def test_a_server_that_ends_is_not_ready_before_its_socket_closes(cluster: Cluster) -> None:
    web, port = cluster.webs[0], cluster.web_ports[0]
    assert readiness(port) == 200
    web.signal(signal.SIGTERM)
    said = []
    while web.process.poll() is None:
        said.append(readiness(port))
        time.sleep(0.05)
    assert said.count(503) > 3
    assert 200 not in said[said.index(503) :]
    assert 0 not in said[: said.index(503)]


def readiness(port: int) -> int:
    """The status of /readyz; 0 when the socket is closed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()
