"""Workers are killed at any moment, and every effect happens exactly once (T-20, small)."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select
from work_ledger import SLICES, effects

from kontora.db.engine import Database
from kontora.work import jobs, models, outbox

PROGRAM = Path(__file__).parent / "work_ledger.py"


def start(url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(PROGRAM), url], stderr=subprocess.DEVNULL)


def ended(database: Database) -> int:
    with database.read_engine.connect() as connection:
        done = select(func.count()).where(jobs.JOB.c.state == models.DONE)
        return int(connection.scalar(done) or 0)


@dataclass(frozen=True)
class Load:
    """How much work there is, and how often a worker is killed meanwhile."""

    kills: int
    jobs: int
    events: int
    sliced: int
    seconds: float = 120


SMALL = Load(kills=5, jobs=140, events=56, sliced=4)
BIG = Load(kills=100, jobs=3000, events=1000, sliced=40, seconds=3000)


@pytest.mark.parametrize(
    "load",
    [
        pytest.param(SMALL, id="small"),
        pytest.param(BIG, id="big", marks=[pytest.mark.nightly, pytest.mark.timeout(3600)]),
    ],
)
def test_effects_happen_exactly_once_when_workers_are_killed(
    database: Database, url: str, load: Load
) -> None:
    with database.write_engine.begin() as connection:
        for n in range(load.jobs):
            jobs.enqueue(connection, "test.effect", {"n": n})
        for n in range(load.events):
            outbox.emit(connection, "test.happened", "party", None, {"n": n})
        for n in range(load.sliced):
            jobs.enqueue(connection, "test.sliced", {"n": n})
    total, seed = load.jobs + load.events + load.sliced, random.randrange(10**6)
    chance = random.Random(seed)
    workers = [start(url), start(url)]
    kills, deadline = 0, time.monotonic() + load.seconds
    try:
        while ended(database) < total:
            assert time.monotonic() < deadline, f"only {ended(database)} of {total} ended ({seed})"
            if kills < load.kills and ended(database) > (kills + 0.3) * total / (load.kills + 1):
                time.sleep(chance.uniform(0, 0.05))
                victim = workers.pop(0)
                victim.kill()
                victim.wait()
                kills += 1
                workers.append(start(url))
            time.sleep(0.005)
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait(20)
    with database.read_engine.connect() as connection:
        counted = Counter(connection.scalars(select(effects.c.key)))
        states = set(connection.scalars(select(jobs.JOB.c.state)))
    expected = [f"{kind} {n}" for n in range(load.jobs) for kind in ("job", "second")]
    expected += [f"event {n}" for n in range(load.events)]
    expected += [f"slice {n}.{part}" for n in range(load.sliced) for part in range(SLICES)]
    assert kills == load.kills
    assert counted == Counter(expected), f"seed {seed}"
    assert states == {models.DONE}
    # One that had only just been started does not know SIGTERM yet.
    assert {worker.returncode for worker in workers} <= {0, -signal.SIGTERM}
