"""`kontora serve`: follows the set of plugins, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Process = Callable[..., Any]


class Server:
    """A running `kontora serve` on a free port."""

    def __init__(self, home: Path) -> None:
        self.log = home.with_suffix(".log")
        kept = {key: value for key, value in os.environ.items() if not key.startswith("KONTORA_")}
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "kontora", "serve", "--port", "0"],
                env={**kept, "KONTORA_HOME": str(home)},
                stdout=subprocess.DEVNULL,
                stderr=output,
            )
        self.wait(lambda: "listens on" in self.log.read_text())
        found = re.search(r"listens on (http://\S+)/", self.log.read_text())
        assert found is not None
        self.url = found[1]

    def wait(self, condition: Callable[[], bool], seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < deadline, self.log.read_text()[-2000:]
            time.sleep(0.1)

    def status(self, path: str) -> int:
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return int(answer.status)


@pytest.fixture
def server(process: Process, home: Path) -> Iterator[Server]:
    assert process("init").returncode == 0
    made = Server(home)
    yield made
    if made.process.poll() is None:
        made.process.send_signal(signal.SIGTERM)
        made.process.wait(20)


def test_a_new_set_of_plugins_takes_over_and_sigterm_ends_it(
    server: Server, process: Process, home: Path
) -> None:
    from kontora.lifecycle import generation
    from kontora.lifecycle.site import Site
    from kontora.settings import Settings

    assert server.status("/healthz") == 200
    refused = process("restore", str(home / "nothing"))
    assert refused.returncode == 1
    site = Site(Settings.from_env({"KONTORA_HOME": str(home)}))
    number = generation.bump(site)
    site.close()
    text = f"(generation {number}) has taken over"
    server.wait(lambda: server.log.read_text().count(text) == 2)
    assert server.status("/healthz") == 200
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) == 0
    assert time.monotonic() - began < 15
    assert "Traceback" not in server.log.read_text()


def test_a_port_that_is_taken_is_one_sentence(server: Server, process: Process) -> None:
    port = server.url.rpartition(":")[2]
    done = process("serve", "--port", port)
    assert done.returncode == 1
    assert f"The address 127.0.0.1:{port} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
