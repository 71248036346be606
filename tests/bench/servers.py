"""Kontora and the floor as servers, each in processes of its own, alike on an engine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.kept import Kept
from tests.bench.places import free_port, running

WORKERS = {"sqlite": 1, "postgresql": 2}


@contextmanager
def kontora(engine: str, base: Kept, folder: Path) -> Iterator[int]:
    """A server of the kept database; gives its port."""
    port = free_port()
    more = {"KONTORA_HOME": str(folder), "KONTORA_DATABASE_URL": base.url}
    serve = [sys.executable, "-m", "kontora", "serve", "--host", "127.0.0.1", "--port", str(port)]
    # The quota of a token would end a measurement.
    more["KONTORA_LIMIT_API_PER_MINUTE"] = "1000000"
    workers = ["--workers", str(WORKERS[engine])]
    with running([*serve, *workers], port, {**os.environ, **more}):
        yield port


@contextmanager
def floor(engine: str, base: Kept, facts: Path) -> Iterator[int]:
    """The bare application on the same database; gives its port."""
    port = free_port()
    url = base.url.replace("postgresql+psycopg:", "postgresql:").removeprefix("sqlite:///")
    command = [sys.executable, "-m", "tests.bench.floor", url, str(facts), str(port)]
    with running([*command, str(WORKERS[engine])], port, dict(os.environ)):
        yield port
