"""Kontora as on several machines, as processes of one: `python -m tests.faults.cluster`.

PostgreSQL and Redis of its own, two web servers, two workers and a balancer. Run as a program it
starts all of it, prints the addresses and waits for Ctrl-C; the tests kill what they like.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from kontora.access.passwords import create_token
from kontora.access.principal import system
from kontora.lifecycle import install, plugins
from kontora.lifecycle.site import Site
from kontora.settings import Settings
from tests.faults.servers import PG_CTL, REDIS_SERVER, Postgres, RedisServer, free_port, wait_for
from tests.faults.wires import Balancer, Wire

KONTORA = str(Path(sys.executable).with_name("kontora"))
EMAIL = "cluster@example.org"


class Part:
    """One process of Kontora: a web server with its supervisor, or a worker."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], log: Path):
        self.name, self._arguments = name, arguments
        self.environment, self.log = environment, log
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [KONTORA, *self._arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def starts(self) -> int:
        """How often a worker has said so far that it is ready."""
        return self.log.read_text().count("The worker is ready.")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """As a power cut: no goodbye."""
        self.process.kill()
        self.process.wait()

    def end(self, seconds: float = 120) -> float:
        """SIGTERM; how long it took."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(seconds)
        return time.monotonic() - began

    @contextmanager
    def started_with(self, **environment: str) -> Iterator[None]:
        """Within the block it runs with other settings."""
        before = self.environment
        self.end()
        self.environment = {**before, **environment}
        self.start()
        try:
            yield
        finally:
            if self.process.poll() is None:
                self.end()
            self.environment = before
            self.start()

    def children(self) -> list[int]:
        pid = self.process.pid
        path = Path(f"/proc/{pid}/task/{pid}/children")
        return [int(word) for word in path.read_text().split()]


class Cluster:
    """All of it, ready to serve. Every part logs into `folder`.

    `measured`: PostgreSQL syncs to disk, and nothing stands between it and Kontora.
    `code`: a folder that every process imports from before all others.
    """

    def __init__(
        self,
        folder: Path,
        *,
        webs: int = 2,
        workers: int = 2,
        measured: bool = False,
        code: Path | None = None,
    ) -> None:
        self.folder = folder
        self.webs: list[Part] = []
        self.workers: list[Part] = []
        self.postgres = Postgres(sync=measured)
        self.redis = RedisServer()
        self.database_wire = Wire(self.postgres.port)
        self.balancer = Balancer()
        port = self.postgres.port if measured else self.database_wire.port
        self.environment = self._environment(port)
        if code is not None:
            others = os.environ.get("PYTHONPATH", "")
            self.environment["PYTHONPATH"] = os.pathsep.join([str(code), others])
        self.password = secrets.token_urlsafe(12)
        try:
            self._start(webs, workers)
        except BaseException:
            print(self.logs())
            self.close()
            raise

    def _start(self, webs: int, workers: int) -> None:
        self.token = self._install()
        self.web_ports = [free_port() for _ in range(webs)]
        self.webs = [self._web(number, port) for number, port in enumerate(self.web_ports)]
        self.workers = [self.worker(number) for number in range(workers)]
        self.balancer.watch(self.web_ports)
        self.wait_ready()

    def _environment(self, database_port: int) -> dict[str, str]:
        plain = {k: v for k, v in os.environ.items() if not k.startswith("KONTORA_")}
        given = {
            "KONTORA_HOME": str(self.folder / "home"),
            "KONTORA_DATABASE_URL": self.postgres.url_by(database_port),
            "KONTORA_REDIS_URL": self.redis.url,
            "KONTORA_SECRET_KEY": secrets.token_urlsafe(40),
            "KONTORA_LEASE_SECONDS": "2",
            "KONTORA_LEAVE_SECONDS": "1",
            "KONTORA_LIMIT_API_PER_MINUTE": "1000000",
        }
        return {**plain, **given}

    def _install(self) -> str:
        """Tables, administrator and the plugin hello; returns a token of his."""
        settings = Settings.from_env(self.environment)
        with closing(Site(settings)) as site:
            install.init(site, email=EMAIL, password=self.password)
            plugins.enable(site, "hello")
            with site.write(system("cluster")) as session:
                user = install.user_named(session, EMAIL)
                assert user is not None
                return create_token(session, user, name="ledger", scope="write")

    def _part(self, name: str, arguments: list[str]) -> Part:
        return Part(name, arguments, self.environment, self.folder / f"{name}.log")

    def worker(self, number: int) -> Part:
        return self._part(f"worker{number}", ["worker"])

    def _web(self, number: int, port: int) -> Part:
        return self._part(f"web{number}", ["serve", "--port", str(port), "--no-worker"])

    def wait_ready(self, seconds: float = 300) -> None:
        wait_for(
            lambda: self.balancer.ready == set(self.web_ports), "both web servers ready", seconds
        )

    def logs(self) -> str:
        """The ends of all logs, for a test that failed."""
        parts = [*self.webs, *self.workers]
        return "\n".join(f"== {p.name}\n{p.log.read_text()[-1500:]}" for p in parts)

    def close(self) -> None:
        self.balancer.close()
        for part in (*self.webs, *self.workers):
            if part.process.poll() is None:
                part.signal(signal.SIGTERM)
        for part in (*self.webs, *self.workers):
            try:
                part.process.wait(15)
            except subprocess.TimeoutExpired:
                part.kill()
        self.redis.go_on()
        self.redis.kill()
        self.database_wire.close()
        self.postgres.close()


@contextmanager
def running(folder: Path, **options: Any) -> Iterator[Cluster]:
    cluster = Cluster(folder, **options)
    try:
        yield cluster
    finally:
        cluster.close()


def missing() -> str:
    """Why no cluster can be started here; empty when it can."""
    if PG_CTL is None:
        return "PostgreSQL is not installed: no cluster"
    if REDIS_SERVER is None:
        return "Redis is not installed: no cluster"
    return ""


def main() -> None:
    """Start a cluster and keep it until Ctrl-C."""
    with tempfile.TemporaryDirectory() as name, running(Path(name)) as cluster:
        print(f"http://127.0.0.1:{cluster.balancer.port}/  {EMAIL}  {cluster.password}")
        print(f"token {cluster.token}")
        for part in (*cluster.webs, *cluster.workers):
            print(f"{part.name}: process {part.process.pid}")
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
