"""`make bench`: list, open and create over HTTP at 1,000 contacts, beside a bare floor.

Both servers are single processes on SQLite with `synchronous=FULL`; one client, one connection.
The floor answers with the very bodies that Kontora gave. `--parties N` changes the size.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.client import Client, Times, measure

KONTORA = str(Path(sys.executable).with_name("kontora"))
READS = 300
STEPS = ("create", "list", "open")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _person(number: int) -> dict[str, Any]:
    return {
        "given": f"Given{number % 97}",
        "family": f"Family{number:07d}",
        "email": f"person{number}@example.org",
        "phone": f"+38044{number:07d}",
    }


def _timed(client: Client, bodies: list[dict[str, Any]]) -> tuple[dict[str, Times], list[str]]:
    """Create all bodies, then read; returns the times and the ids that were made."""
    made: list[str] = []

    def create(body: dict[str, Any]) -> None:
        made.append(client("POST", "/api/v1/contacts", body)["id"])

    create(bodies[0])  # the first request pays for imports
    times = {"create": measure(functools.partial(create, body) for body in bodies[1:])}
    client("GET", "/api/v1/contacts")
    reading = functools.partial(client, "GET", "/api/v1/contacts")
    times["list"] = measure(reading for _ in range(READS))
    times["open"] = measure(
        functools.partial(client, "GET", f"/api/v1/contacts/{made[index * 7 % len(made)]}")
        for index in range(READS)
    )
    return times, made


def measure_kontora(home: Path, parties: int) -> tuple[dict[str, Times], list[dict[str, Any]]]:
    """The times of a fresh Kontora, and the bodies that it answered with."""
    environment = {**os.environ, "KONTORA_HOME": str(home)}
    environment.pop("KONTORA_DATABASE_URL", None)

    def cli(*arguments: str) -> str:
        command = [KONTORA, *arguments]
        return subprocess.run(
            command, env=environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    email, password = "bench@example.org", secrets.token_urlsafe(12)
    cli("init", "--admin-email", email, "--admin-password", password)
    token = cli("token", "create", "--user", email, "--name", "bench").strip()
    port = _free_port()
    serve = [KONTORA, "serve", "--host", "127.0.0.1", "--port", str(port)]
    with _running(serve, port, environment):
        client = Client(port, token)
        times, made = _timed(client, [_person(number) for number in range(parties)])
        bodies = [client("GET", f"/api/v1/contacts/{party}") for party in made]
    return times, bodies


def measure_floor(folder: Path, bodies: list[dict[str, Any]]) -> dict[str, Times]:
    """The times of the bare application with the same bodies."""
    port = _free_port()
    command = [sys.executable, "-m", "tests.bench.floor", str(folder / "floor.db"), str(port)]
    with _running(command, port, dict(os.environ)):
        return _timed(Client(port), bodies)[0]


def main() -> None:
    """Measure both, print a table, and with --json FILE keep the numbers."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--parties", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kontora, bodies = measure_kontora(Path(folder) / "home", options.parties)
        floor = measure_floor(Path(folder), bodies)
    print(f"{options.parties} contacts, SQLite, milliseconds: median and 95th percentile")
    print(f"{'':8} {'kontora':>15}   {'floor':>15}   {'times':>5}")
    for step in STEPS:
        ratio = kontora[step].median / floor[step].median
        print(f"{step:8} {kontora[step]}   {floor[step]}   {ratio:5.1f}")
    if options.json:
        numbers = {step: [vars(kontora[step]), vars(floor[step])] for step in STEPS}
        options.json.write_text(json.dumps(numbers, indent=2) + "\n")


if __name__ == "__main__":
    main()
