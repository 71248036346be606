"""The supervisor serves from the first moment to the last, whatever happens to its children."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from kontora.db.engine import Database
from kontora.work import jobs

HERE = Path(__file__).parent
PROGRAM = """
import logging, sys
from pathlib import Path
from types import SimpleNamespace
from kontora.lifecycle.supervisor import serve
logging.basicConfig(level=logging.INFO, format="%(message)s")
home, workers, work, safe = sys.argv[1:]
number = Path(home) / "number"
sys.exit(serve(
    SimpleNamespace(home=Path(home)), "127.0.0.1", 0, int(workers), safe == "safe",
    generation=lambda: int(number.read_text()) if number.exists() else 0,
    web_factory="tiny_app:create_app", work_factory=work or None,
    on_listening=lambda host, port: print(port, flush=True),
))
"""


class Served:
    """A running supervisor, and what a client sees of it."""

    def __init__(self, home: Path, workers: int = 1, work: str = "", mode: str = "") -> None:
        self.home = home
        self.generation = 0
        self.log = home / "log"
        environment = {**os.environ, "PYTHONPATH": str(HERE)}
        environment["KONTORA_DATABASE_URL"] = f"sqlite:///{home / 'work.sqlite'}"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(home), str(workers), work, mode],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
            )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def get(self, path: str = "/", timeout: float = 20) -> list[int]:
        """Ask once on a new connection: (process, its parent)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            return [int(word) for word in connection.getresponse().read().split()]
        finally:
            connection.close()

    def children(self) -> list[int]:
        """The processes that the supervisor has started, and those that they have."""
        found, todo = [], [self.process.pid]
        while todo:
            parent = todo.pop()
            path = Path(f"/proc/{parent}/task/{parent}/children")
            try:
                numbers = [int(word) for word in path.read_text().split()]
            except (FileNotFoundError, ProcessLookupError):  # it has just ended
                numbers = []
            found += numbers
            todo += numbers
        return found

    def next_generation(self) -> int:
        """Tell the supervisor of a new set of plugins; return its number."""
        self.generation += 1
        fresh = self.home / "number.new"
        fresh.write_text(str(self.generation))
        fresh.replace(self.home / "number")
        return self.generation

    def stop(self, number: int = signal.SIGTERM) -> float:
        """End the supervisor; how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        return time.monotonic() - began


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    made: list[Served] = []

    def make(**options: object) -> Served:
        made.append(Served(tmp_path, **options))
        return made[-1]

    yield make
    for served in made:
        children = served.children()
        served.process.kill()
        served.process.wait()
        assert served.process.stdout is not None
        served.process.stdout.close()
        for child in children:
            if alive(child):
                os.kill(child, signal.SIGKILL)


both = pytest.mark.parametrize("workers", [1, 2], ids=["waitress", "gunicorn"])


@both
def test_a_killed_web_process_is_replaced_and_no_connection_refused(
    start: Callable[..., Served], workers: int
) -> None:
    served = start(workers=workers)
    pid, parent = served.get()
    victim = pid if workers == 1 else parent
    os.kill(victim, signal.SIGKILL)
    # Gunicorn's own children serve on until the supervisor has seen that their master is gone.
    wait_for(lambda: "exit status -9" in served.log.read_text())
    assert served.get()[1] not in (pid, victim)
    assert served.get()[0] not in (pid, victim)


@both
def test_sigterm_ends_everything_after_the_request_at_hand(
    start: Callable[..., Served], workers: int
) -> None:
    served = start(workers=workers)
    served.get()
    children = served.children()
    answers: list[list[int]] = []
    client = threading.Thread(target=lambda: answers.append(served.get("/slow")))
    client.start()
    time.sleep(0.5)
    assert served.stop() < 15
    client.join()
    assert len(answers) == 1
    assert served.process.returncode == 0
    assert children
    assert not any(alive(child) for child in children)


class Client(threading.Thread):
    """Asks without a pause, on new connections or on a kept one."""

    def __init__(self, served: Served, *, keep: bool) -> None:
        super().__init__()
        self.served, self.keep = served, keep
        self.stopped = threading.Event()
        self.failures: list[str] = []
        self.answers = 0
        self.seen: set[int] = set()

    def run(self) -> None:
        connection = self._connect()
        while not self.stopped.is_set():
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                self.seen.add(int(answer.read().split()[0]))
                self.answers += 1
                if not self.keep or answer.getheader("Connection") == "close":
                    connection.close()
            except Exception as error:
                self.failures.append(repr(error))
                connection.close()
                connection = self._connect()
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=20)


@both
def test_a_new_generation_takes_over_without_a_failed_request(
    start: Callable[..., Served], workers: int
) -> None:
    served = start(workers=workers)
    served.get()
    clients = [Client(served, keep=False), Client(served, keep=True)]
    for client in clients:
        client.start()
    for _swap in range(3):
        before = set(served.children())
        number = served.next_generation()
        wait_for(lambda: f"(generation {number}) has taken over" in served.log.read_text())
        wait_for(lambda: not before & set(served.children()))
    for client in clients:
        client.stopped.set()
        client.join()
    assert [client.failures for client in clients] == [[], []]
    assert all(len(client.seen) >= 4 and client.answers > 100 for client in clients)


def test_a_set_that_does_not_load_leaves_the_old_one_serving(start: Callable[..., Served]) -> None:
    served = start()
    pid = served.get()[0]
    (served.home / "broken").touch()
    served.next_generation()
    wait_for(lambda: "did not come up" in served.log.read_text())
    assert "RuntimeError: the plugin set does not load" in served.log.read_text()
    time.sleep(1.5)
    assert served.get()[0] == pid
    assert served.log.read_text().count("did not come up") == 1
    (served.home / "broken").unlink()
    served.next_generation()
    wait_for(lambda: served.get()[0] != pid)


def test_an_application_that_never_starts_ends_serve_with_the_cause(
    start: Callable[..., Served], tmp_path: Path
) -> None:
    (tmp_path / "broken").touch()
    served = start()
    assert served.process.wait(20) == 1
    assert "the plugin set does not load" in served.log.read_text()
    assert "--safe-mode" in served.log.read_text()
    assert start(mode="safe").get()


@both
def test_children_end_when_the_supervisor_is_killed(
    start: Callable[..., Served], workers: int
) -> None:
    served = start(workers=workers)
    served.get()
    children = served.children()
    served.process.kill()
    wait_for(lambda: not any(alive(child) for child in children), seconds=16)


def test_the_worker_process_runs_jobs_and_follows_the_generation(
    start: Callable[..., Served], tmp_path: Path
) -> None:
    import work_ledger

    from kontora.db.base import Base
    from kontora.work import models

    database = Database(f"sqlite:///{tmp_path / 'work.sqlite'}")
    tables = [models.OutboxEvent, models.Job, models.ScheduleRun, models.Throttle]
    with database.write_engine.begin() as connection:
        Base.metadata.create_all(connection, tables=[each.__table__ for each in tables])
        work_ledger.metadata.create_all(connection)

    def run(n: int) -> None:
        with database.write_engine.begin() as connection:
            jobs.enqueue(connection, "test.effect", {"n": n})
        wait_for(lambda: f"job {n}" in ledger())

    def ledger() -> list[str]:
        with database.read_engine.connect() as connection:
            return list(connection.scalars(select(work_ledger.effects.c.key)))

    served = start(work="work_ledger:create_site")
    run(1)
    served.next_generation()
    wait_for(lambda: bool(re.search(r"worker .* has taken over", served.log.read_text())))
    run(2)
    assert served.stop(signal.SIGINT) < 15
    database.dispose()
