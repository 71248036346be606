"""A client with one kept connection, and times as medians and 95th percentiles."""

from __future__ import annotations

import http.client
import json
import re
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

IDLE = 2.0  # seconds
Call = Callable[[int], object]


class Client:
    """One HTTP connection to a port of this machine."""

    def __init__(self, port: int, token: str = "", reader: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {"X-Reader": reader}
        self._last = b""
        self._used = 0.0
        self.etag = ""  # of the last answer

    def __call__(self, method: str, path: str, body: object = None, etag: str = "") -> bytes:
        """Send a request of the API; returns the body. An answer of 400 or more is an error."""
        headers = {"If-Match": etag} if etag else {}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        self._last = self._send(method, quote(path, safe="/?=&%,@:.-_~"), data, headers)
        return self._last

    def parsed(self) -> Any:
        """The last body as JSON."""
        return json.loads(self._last)

    def page(self, path: str) -> str:
        """The text of a page. One that sends the reader elsewhere, as to sign in, is an error."""
        text = self._send("GET", path, None, {}).decode()
        if not text.lstrip().lower().startswith("<!doctype html"):
            raise RuntimeError(f"GET {path} is no page: {text[:200]!r}")
        return text

    def sign_in(self, email: str, password: str) -> None:
        """Sign in as a browser does, and keep its cookie."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.page("/sign-in"))
        assert token is not None
        form = {"email": email, "password": password, "csrf_token": token[1]}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._send("POST", "/sign-in", urlencode(form).encode(), headers)

    def _send(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> bytes:
        if time.monotonic() - self._used > IDLE:  # the server closes those, maybe just now
            self._connection.close()
        self._connection.request(method, path, data, {**self._headers, **headers})
        answer = self._connection.getresponse()
        text = answer.read()
        self._used = time.monotonic()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]!r}")
        self.etag = answer.getheader("ETag", "")
        for cookie in answer.headers.get_all("Set-Cookie", ()):
            if cookie.startswith("kontora="):
                self._headers["Cookie"] = cookie.partition(";")[0]
        return text


@dataclass(frozen=True, kw_only=True)
class Times:
    """Milliseconds of many requests of one kind."""

    median: float
    p95: float
    count: int


def in_turn(ours: Call, theirs: Call, numbers: Sequence[int]) -> tuple[Times, Times]:
    """Call both in turn, so that whatever else the machine does slows both; the first three of
    each are not counted."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in numbers:
        for call, times in zip((ours, theirs), taken, strict=True):
            times.append(_timed(call, number))
    return _times(taken[0][3:]), _times(taken[1][3:])


def at_once(
    ours: Sequence[Call], theirs: Sequence[Call], each: int, rounds: int = 4
) -> tuple[Times, Times]:
    """As many clients as calls, all at the same time; rounds of both in turn, of which the first
    is not counted. In a round each client calls `each` times."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for calls, times in zip((ours, theirs), taken, strict=True):
            found = _together(calls, each, number)
            if number:
                times.extend(found)
    return _times(taken[0]), _times(taken[1])


def _together(calls: Sequence[Call], each: int, number: int) -> list[float]:
    taken: list[float] = []
    broken: list[BaseException] = []

    def work(place: int) -> None:
        try:
            for step in range(each):
                taken.append(_timed(calls[place], place * 10_000 + number * 1_000 + step))
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]
    return taken


def _timed(call: Call, number: int) -> float:
    start = time.perf_counter()
    call(number)
    return (time.perf_counter() - start) * 1000


def _times(taken: Sequence[float]) -> Times:
    cut = statistics.quantiles(taken, n=20)[-1]
    return Times(median=statistics.median(taken), p95=cut, count=len(taken))
