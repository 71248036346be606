"""Throw-away PostgreSQL and Redis servers, which a test may stop, kill and starve."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
PG_CTL = str(BINARIES[-1]) if BINARIES else shutil.which("pg_ctl")
REDIS_SERVER = shutil.which("redis-server")


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 300) -> None:
    """Wait until it is so, long: how busy a machine is, nobody knows. AssertionError names
    `what` did not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds:g} s: {what}"
        time.sleep(0.05)


class Postgres:
    """A PostgreSQL server in a folder and on a port of its own, gone with `close()`.

    Root starts it as the user postgres, who must not need to pass through root's folders.
    """

    def __init__(
        self,
        *,
        sync: bool = True,
        standby_of: Postgres | None = None,
        by: int | None = None,
    ) -> None:
        """`standby_of`: a copy that follows that server, through a wire on port `by` if given."""
        self.folder, self.port = Path(tempfile.mkdtemp(prefix="kontora-postgres-")), free_port()
        self._data = self.folder / "data"
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        if standby_of is None:
            self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        else:
            source = f"host=127.0.0.1 port={by or standby_of.port} user=postgres"
            self._run("pg_basebackup", "-d", source, "-R", "-X", "stream", "-c", "fast")
        with (self._data / "postgresql.conf").open("a") as conf:
            conf.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nmax_connections = 100\n"
                f"unix_socket_directories = '{self.folder}'\nwal_level = replica\n"
                f"fsync = {'on' if sync else 'off'}\nhot_standby_feedback = on\n"
            )
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def url_by(self, port: int) -> str:
        """The address through a wire that listens on `port`."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"

    def start(self) -> None:
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "-w", "-t", "300", "-l", log)

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "stop", "-w", "-m", mode)

    def close(self) -> None:
        with contextlib.suppress(AssertionError):  # it may have been stopped
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def restart(self, mode: str, pause: float = 0.0) -> None:
        """`mode`: fast ends all connections; immediate is a crash with recovery after it."""
        self.stop(mode)
        time.sleep(pause)
        self.start()

    def pause(self) -> None:
        """Replay nothing for now (a standby)."""
        self.query("SELECT pg_wal_replay_pause()")

    def promote(self) -> None:
        """A standby becomes a primary."""
        self._run("pg_ctl", "promote", "-w", "-t", "300")

    def wait_for_standbys(self) -> None:
        """From now on acknowledge nothing that a standby has not written down."""
        self.query("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.query("SELECT pg_reload_conf()")
        asked = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        wait_for(lambda: self.query(asked) == [(1,)], "a synchronous standby")

    def processes(self) -> list[int]:
        """The server and its present children."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        path = Path(f"/proc/{pid}/task/{pid}/children")
        return [pid, *(int(word) for word in path.read_text().split())]

    def query(self, statement: str) -> list[tuple[object, ...]]:
        import psycopg

        with psycopg.connect(
            f"host=127.0.0.1 port={self.port} user=postgres", autocommit=True
        ) as c:
            found = c.execute(statement)
            return list(found.fetchall()) if found.description else []

    def _run(self, program: str, *arguments: str) -> None:
        assert PG_CTL is not None
        command = [str(Path(PG_CTL).with_name(program)), "-D", str(self._data), *arguments]
        if os.geteuid() == 0:
            user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
            command = ["setpriv", *user, *command]
        ran = subprocess.run(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
        )
        assert ran.returncode == 0, f"{program}: {(ran.stderr or b'').decode()[-500:]}"


class RedisServer:
    """A Redis server that keeps nothing on disk."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        assert REDIS_SERVER is not None
        options = ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
        self._process = subprocess.Popen(
            [REDIS_SERVER, "--port", str(self.port), *options], stdout=subprocess.DEVNULL
        )
        wait_for(lambda: listens(self.port), "Redis listens")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def hang(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        with self._client() as client:
            client.flushall()

    def fill(self) -> None:
        """No room for anything more: every write is refused."""
        with self._client() as client:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", "1")

    def make_room(self) -> None:
        with self._client() as client:
            client.config_set("maxmemory", "0")

    def slow(self, seconds: float) -> None:
        """Answer nobody for that long."""
        with self._client() as client:
            client.client_pause(int(seconds * 1000))

    def refused(self) -> int:
        """How many commands were refused for want of room since it was started."""
        with self._client() as client:
            found = client.info("errorstats")
        return int(found.get("errorstat_OOM", {}).get("count", 0))

    @contextlib.contextmanager
    def _client(self) -> Iterator[Any]:
        import redis

        with redis.Redis.from_url(self.url) as client:
            yield client
