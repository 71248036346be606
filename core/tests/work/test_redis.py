"""Redis helps, and nothing waits for it or fails without it."""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from kontora.access.principal import system
from kontora.errors import SettingsError
from kontora.lifecycle.site import Site
from kontora.work import jobs, outbox
from kontora.work.redis import Redis
from kontora.work.wake import Waker

URL = os.environ.get("KONTORA_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")


@pytest.fixture
def redis() -> Iterator[Redis]:
    pytest.importorskip("redis")
    found = Redis(URL, uuid.uuid4().hex)
    if not found.ping():
        pytest.skip(f"no Redis answers at {URL}")
    yield found
    found.close()


@pytest.fixture
def absent() -> Iterator[Redis]:
    """A Redis whose port takes connections and never answers."""
    pytest.importorskip("redis")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Redis(f"redis://127.0.0.1:{listener.getsockname()[1]}/0", "test")
        yield found
        found.close()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_it_counts_within_a_window_for_all_who_ask(redis: Redis) -> None:
    assert [redis.count("api", 3600) for _ in range(3)] == [1, 2, 3]
    assert redis.count("other", 3600) == 1


def test_what_is_published_is_heard_by_its_own_site_only(redis: Redis) -> None:
    heard: list[str] = []
    stop = threading.Event()
    other = Redis(URL, "another")
    for one, name in ((redis, "own"), (other, "other")):
        follow = (lambda word: lambda: heard.append(word))(name)
        threading.Thread(target=one.follow, args=(follow, stop), daemon=True).start()
    wait_for(lambda: sorted(heard) == ["other", "own"])  # each looks once when it is connected
    assert redis.publish("work")
    wait_for(lambda: len(heard) == 3)
    stop.set()
    assert heard[2] == "own"
    other.close()


def test_one_that_hangs_is_asked_once_and_then_left_alone(absent: Redis) -> None:
    assert absent.count("api", 60) is None
    assert absent.is_resting
    before = absent._failures
    assert absent.publish("work") is False
    assert absent.count("api", 60) is None
    assert absent._failures == before, "it was asked again"


def test_a_url_that_cannot_be_read_is_told() -> None:
    pytest.importorskip("redis")
    with pytest.raises(SettingsError, match="KONTORA_REDIS_URL"):
        Redis("http://nowhere", "test")


class Told(Waker):
    """Counts the wake-ups."""

    def __init__(self) -> None:
        self.times = 0

    def wake(self) -> None:
        self.times += 1


def test_workers_are_woken_after_the_commit_and_only_for_work(site: Site) -> None:
    site.waker = told = Told()
    with site.write(system("test")) as session:
        jobs.enqueue(session, "test.job")
        outbox.emit(session, "test.happened", "party", None)
        assert told.times == 0
    assert told.times == 1
    with site.write(system("test")) as session:
        session.begin_nested().commit()
    assert told.times == 1
    with pytest.raises(ZeroDivisionError), site.write(system("test")) as session:
        jobs.enqueue(session, "test.job")
        raise ZeroDivisionError
    assert told.times == 1


def test_a_savepoint_is_no_commit(site: Site) -> None:
    site.waker = told = Told()
    with site.write(system("test")) as session:
        with session.begin_nested():
            jobs.enqueue(session, "test.job")
        assert told.times == 0
    assert told.times == 1
