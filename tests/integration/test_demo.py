"""`make run`: a demo company once, the same sign-in each time, nothing left behind at the end."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS, STOP_SECONDS = 160, 15  # the whole sample, on a busy machine


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def demo(home: Path, **more: str) -> Iterator[tuple[str, int]]:
    """What the demo printed, and its port, while it runs."""
    port = _free_port()
    environment = {**os.environ, "KONTORA_HOME": str(home), "PORT": str(port), **more}
    log = home.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "kontora.lifecycle.demo"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _healthy(port):
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.2)
        yield log.read_text(), port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_second_start_prints_the_same_sign_in(tmp_path: Path) -> None:
    home = tmp_path / "home"
    passwords = []
    # The environment names a database for something else: the demo leaves it alone.
    elsewhere = {"KONTORA_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none"}
    for _start in range(2):
        with demo(home, **elsewhere) as (printed, port):
            assert f"http://127.0.0.1:{port}/" in printed
            assert "demo@example.org" in printed
            assert printed.count("@sample.example.org") == 8
            found = re.search(r"Password +(\S+)", printed)
            assert found is not None, printed
            passwords.append(found[1])
        assert not _healthy(port)
    assert passwords[0] == passwords[1]
    kept = home / "demo-password"
    assert kept.read_text().strip() == passwords[0]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
