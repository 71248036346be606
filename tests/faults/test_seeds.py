"""The ledger catches what it is there for: real bugs, built in on purpose (T-35)."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster
from tests.faults.ledger import Ledger
from tests.faults.servers import wait_for

pytestmark = [pytest.mark.xdist_group("cluster"), pytest.mark.timeout(900)]
SEEDS = Path(__file__).parent / "seeds"


def path_with(seed: str) -> str:
    """PYTHONPATH with the folder of a seed, whose `sitecustomize` every process imports first."""
    assert (SEEDS / seed / "sitecustomize.py").exists()
    return os.pathsep.join([str(SEEDS / seed), os.environ.get("PYTHONPATH", "")])


@pytest.mark.nightly
def test_an_answer_before_the_commit_is_caught(cluster: Cluster) -> None:
    with ExitStack() as stack:
        for web in cluster.webs:
            stack.enter_context(web.started_with(PYTHONPATH=path_with("early_answer")))
        cluster.wait_ready()
        with Ledger(cluster) as ledger:
            time.sleep(2)
            for web in cluster.webs:
                for child in web.children():
                    os.kill(child, signal.SIGKILL)
            cluster.wait_ready()
    ledger.settle()
    assert any(fault.startswith("lost:") for fault in ledger.faults())


@pytest.mark.nightly
def test_an_effect_without_its_mark_is_caught(cluster: Cluster) -> None:
    before = [worker.starts() for worker in cluster.workers]
    with ExitStack() as stack:
        for worker in cluster.workers:
            stack.enter_context(worker.started_with(PYTHONPATH=path_with("mark_apart")))
        wait_for(
            lambda: all(w.starts() > n for w, n in zip(cluster.workers, before, strict=True)),
            "both workers",
        )
        with Ledger(cluster, rate=8) as ledger:
            time.sleep(3)
        for worker in cluster.workers:  # each is in the middle of one, as it always is
            worker.kill()
    ledger.settle()
    assert any("written 2 times" in fault for fault in ledger.faults())
