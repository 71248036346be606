"""One cluster for the tests of this folder; each leaves it whole."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.faults.cluster import Cluster, missing, running

RABBIT = 5672
NIGHT = [pytest.mark.nightly, pytest.mark.timeout(3000)]


@pytest.fixture
def rabbit() -> int:
    """The port of a RabbitMQ with its default user."""
    try:
        with socket.create_connection(("127.0.0.1", RABBIT), timeout=1) as probe:
            probe.sendall(b"AMQP\x00\x00\x09\x01")
            if probe.recv(1):
                return RABBIT
    except OSError:
        pass
    pytest.skip(f"no RabbitMQ listens on port {RABBIT}")


@pytest.fixture(scope="session")
def one_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if why := missing():
        pytest.skip(why)
    with running(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def cluster(one_cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The cluster, whole at the beginning and at the end."""
    one_cluster.wait_ready()
    failed = request.session.testsfailed
    yield one_cluster
    if request.session.testsfailed > failed:
        print(one_cluster.logs())
    one_cluster.database_wire.mend()
    one_cluster.redis.go_on()
    for part in (*one_cluster.webs, *one_cluster.workers):
        if part.process.poll() is not None:
            part.start()


@pytest.fixture(params=[pytest.param(1, id="small"), pytest.param(10, id="full", marks=NIGHT)])
def times(request: pytest.FixtureRequest) -> int:
    """How often each fault comes: once in each change, more at night."""
    number: int = request.param
    return number
