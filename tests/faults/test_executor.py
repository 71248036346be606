"""Celery as executor: the broker is cut off, emptied and killed, and no job is lost or doubled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.faults.cluster import Cluster
from tests.faults.ledger import Ledger
from tests.faults.test_faults import under_load
from tests.faults.wires import Wire

pytestmark = [pytest.mark.xdist_group("cluster"), pytest.mark.timeout(900)]


@contextmanager
def celery(cluster: Cluster, url: str) -> Iterator[None]:
    """The workers of the cluster with a broker."""
    with ExitStack() as stack:
        for worker in cluster.workers:
            stack.enter_context(worker.started_with(KONTORA_BROKER_URL=url))
        yield


def run(cluster: Cluster, url: str, fault: Callable[[], object], times: int) -> Ledger:
    with celery(cluster, url):
        return under_load(cluster, fault, times)


@pytest.mark.nightly
def test_a_worker_cut_off_from_rabbitmq(cluster: Cluster, rabbit: int, times: int) -> None:
    wire = Wire(rabbit)

    def fault() -> None:
        wire.cut()
        time.sleep(1.5)
        wire.mend()
        time.sleep(1)
        cluster.workers[0].kill()
        cluster.workers[0].start()

    try:
        ledger = run(cluster, f"amqp://guest:guest@127.0.0.1:{wire.port}//", fault, times)
    finally:
        wire.close()
    assert not ledger.faults()


@pytest.mark.nightly
def test_redis_as_broker_flushed_and_killed(cluster: Cluster, times: int) -> None:
    def fault() -> None:
        cluster.redis.flush()  # every id that was handed over is gone
        time.sleep(0.5)
        cluster.redis.kill()
        time.sleep(1)
        cluster.redis.start()

    url = cluster.redis.url.removesuffix("0") + "1"
    assert not run(cluster, url, fault, times).faults()
