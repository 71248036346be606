"""T-20: workers are killed while they send, and every event arrives, under one id each."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from receiver import Receiver, Reply, Request
from standardwebhooks import Webhook

from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.webhooks.models import DELIVERED

PROGRAM = Path(__file__).parent / "hook_worker.py"
LEASE = "2"


@dataclass(frozen=True)
class Load:
    """How many events, and how often a worker is killed meanwhile."""

    events: int
    kills: int
    seconds: float


SMALL = Load(events=40, kills=3, seconds=100)
BIG = Load(events=2_000, kills=60, seconds=3000)


@pytest.fixture(autouse=True)
def stopped_clock() -> None:
    """Time runs here, for the workers are other processes."""


def start(site: Site) -> subprocess.Popen[bytes]:
    url = site.database.url.render_as_string(hide_password=False)
    program = [sys.executable, str(PROGRAM), str(site.settings.home), url, LEASE]
    return subprocess.Popen(
        program,
        env=os.environ | {"KONTORA_SECRET_KEY": site.settings.secret_key},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    "load",
    [
        pytest.param(SMALL, id="small"),
        pytest.param(BIG, id="big", marks=[pytest.mark.nightly, pytest.mark.timeout(3600)]),
    ],
)
def test_each_event_arrives_though_workers_are_killed(
    site: Site, make_hook: Callable[..., Any], receiver: Receiver, load: Load
) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    hook = make_hook(events=["contacts.created"])
    told: set[str] = set()

    def reply(request: Request) -> Reply:
        message: Any = Webhook(hook.secret).verify(request.body, request.headers)
        told.add(message["data"]["record"]["family"])
        return Reply(200, seconds=chance.uniform(0, 0.05))

    receiver.reply = reply
    with site.write(hook.admin) as session:
        rtype = session.registry.record_type("contacts")
        for number in range(load.events):
            service.create_record(session, rtype, {"family": f"Event {number}"})
    worker, kills, deadline = start(site), 0, time.monotonic() + load.seconds
    try:
        while set(hook.states) != {DELIVERED}:
            assert time.monotonic() < deadline, (seed, len(receiver.requests), hook.states)
            if kills < load.kills and len(receiver.requests) > kills * load.events // load.kills:
                time.sleep(chance.uniform(0, 0.05))
                worker.kill()
                worker.wait()
                kills, worker = kills + 1, start(site)
            time.sleep(0.05)
    finally:
        worker.kill()
        worker.wait()
    ids = [each.headers["webhook-id"] for each in receiver.requests]
    assert kills == load.kills
    assert set(ids) == {row["message_id"] for row in hook.rows()}, "none lost, none invented"
    assert len(set(ids)) == load.events
    # Up to four were on their way whenever a worker was killed.
    assert len(ids) - load.events <= 4 * kills, f"seed {seed}"
    assert told == {f"Event {n}" for n in range(load.events)}


def test_a_receiver_that_hangs_holds_up_neither_jobs_nor_other_receivers(
    site: Site, make_hook: Callable[..., Any], receiver: Receiver
) -> None:
    with Receiver(Reply(200, seconds=30)) as hanging:
        slow = make_hook(events=["contacts.created"], url=hanging.url)
        quick = make_hook(events=["contacts.created"])
        with site.write(slow.admin) as session:
            rtype = session.registry.record_type("contacts")
            for number in range(3):
                service.create_record(session, rtype, {"family": f"Event {number}"})
        worker = start(site)
        try:
            receiver.wait(3, 60)
        finally:
            worker.kill()
            worker.wait()
    states = {row["state"] for row in quick.rows() if row["endpoint_id"] == slow.id}
    assert len(receiver.requests) == 3
    assert states == {"pending"}, "the slow one is still being waited for"
