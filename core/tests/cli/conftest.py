"""The command line for tests: as a process of its own, and inside this one."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from kontora.cli.main import cli
from kontora.lifecycle.site import Site

Process = Callable[..., "subprocess.CompletedProcess[str]"]
Invoke = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home, closed to others."""
    made = tmp_path / "home"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def process(home: Path) -> Process:
    """`process("init", "--sample", KEY=value)` runs `kontora` in `home` as its own process."""

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("KONTORA_")}
        environment |= {"KONTORA_HOME": str(home), **more}
        return subprocess.run(
            [sys.executable, "-m", "kontora", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture
def inside(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    """As `process`, but inside this process, which is quicker: no module is imported again."""
    for name in [each for each in os.environ if each.startswith("KONTORA_")]:
        if not name.startswith("KONTORA_TEST_"):  # the server of the tests is still needed
            monkeypatch.delenv(name)
    monkeypatch.setenv("KONTORA_HOME", str(home))
    runner = CliRunner()

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        done = runner.invoke(cli, arguments, env=more)
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    yield run
    _forget_logs()


def _forget_logs() -> None:
    structlog.reset_defaults()
    logging.getLogger("kontora").setLevel(logging.NOTSET)


@pytest.fixture
def invoke(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invoke]:
    """`invoke("user", "list")` runs a command on `site`, in this process."""
    monkeypatch.setenv("KONTORA_HOME", str(site.settings.home))
    monkeypatch.setenv("KONTORA_DATABASE_URL", site.settings.database_url)
    monkeypatch.setenv("KONTORA_SECRET_KEY", site.settings.secret_key)
    runner = CliRunner()

    def run(*arguments: str) -> Result:
        return runner.invoke(cli, arguments)

    yield run
    _forget_logs()
