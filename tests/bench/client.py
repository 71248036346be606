"""A client with one kept connection, and times as medians and 95th percentiles."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


class Client:
    """One HTTP connection to a port of this machine."""

    def __init__(self, port: int, token: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, path: str, body: object = None) -> Any:
        """Send a request; returns the parsed body. An answer of 400 or more is an error."""
        headers = dict(self._headers)
        data = None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        self._connection.request(method, path, data, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]!r}")
        return json.loads(text)


@dataclass(frozen=True, kw_only=True)
class Times:
    """Milliseconds of many requests of one kind."""

    median: float
    p95: float
    count: int

    def __str__(self) -> str:
        return f"{self.median:7.2f} {self.p95:7.2f}"


def measure(calls: Iterable[Callable[[], object]]) -> Times:
    """Run the calls one after the other and time each."""
    taken = []
    for call in calls:
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    cut = statistics.quantiles(taken, n=20)[-1]
    return Times(median=statistics.median(taken), p95=cut, count=len(taken))
