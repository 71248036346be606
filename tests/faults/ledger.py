"""Clients that remember what was acknowledged, and a comparison with what is there.

Each makes greetings over the API. A greeting's event makes a worker write one note into the
timeline: an effect that has to happen once. A refused request is sent again under the same
idempotency key, as a careful client does; the ledger keeps each status that it ever saw.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults.cluster import Cluster
from tests.faults.servers import wait_for

PEOPLE = 6


@dataclass
class Seen:
    """What the clients saw. `wrong` holds every answer that must not be given."""

    acknowledged: dict[str, str] = field(default_factory=dict)  # subject → id
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    refused: int = 0
    slowest: float = 0.0
    answered_at: list[float] = field(default_factory=list)


class Ledger:
    """Clients in threads, `rate` requests a second together, from `start` to `stop`.

    `patient` clients send again what was refused; the others count it as wrong.
    """

    def __init__(
        self, cluster: Cluster, *, clients: int = 3, rate: float = 20.0, patient: bool = True
    ):
        self.cluster, self.seen = cluster, Seen()
        self._patient = patient
        self._pause = clients / rate
        self._run = uuid.uuid4().hex[:8]
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._people = [self._person(number) for number in range(PEOPLE)]
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(clients)]

    def __enter__(self) -> Ledger:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(400)
            assert not thread.is_alive(), "a client hangs"

    def _person(self, number: int) -> str:
        body = {"given": "Ann", "family": f"Ledger{number}{self._run}"}
        status, answer, _headers = self._ask("POST", "/api/v1/contacts", body, uuid.uuid4().hex)
        assert status == 201, answer
        return str(json.loads(answer)["id"])

    def _work(self, client: int) -> None:
        number = 0
        while not self._stop.is_set():
            began = time.monotonic()
            number += 1
            if number % 4 == 0:
                self._send("GET", f"/api/v1/contacts/{self._people[number % PEOPLE]}", None)
            else:
                subject = f"{self._run} {client}.{number}"
                party = self._people[number % PEOPLE]
                self._send("POST", "/api/v1/hello/greetings", {"subject": subject, "party": party})
            self._stop.wait(max(0.0, self._pause - (time.monotonic() - began)))

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> None:
        """Until it is acknowledged, also after `stop`: so nothing stays in doubt."""
        key, deadline = uuid.uuid4().hex, time.monotonic() + 300
        while True:
            began = time.monotonic()
            try:
                status, answer, headers = self._ask(method, path, body, key)
            except (OSError, http.client.HTTPException):
                status, answer, headers = 0, b"", {}
            with self._lock:
                self._note(method, status, answer, headers, body, time.monotonic() - began)
            if status in (200, 201) or not self._patient:
                return
            if time.monotonic() > deadline:
                with self._lock:
                    self.seen.wrong.append(f"{method} {path} was never answered")
                return
            time.sleep(0.2)

    def _note(
        self,
        method: str,
        status: int,
        answer: bytes,
        headers: dict[str, str],
        body: dict[str, Any] | None,
        seconds: float,
    ) -> None:
        seen = self.seen
        seen.statuses[status] += 1
        seen.slowest = max(seen.slowest, seconds)
        if status in (200, 201):
            seen.answered_at.append(time.monotonic())
            if body is not None:
                seen.acknowledged[body["subject"]] = str(json.loads(answer)["id"])
        elif not self._patient or status not in (0, 503):
            seen.wrong.append(f"{method}: {status} {answer[:300]!r}")
        elif status == 503 and not headers.get("retry-after"):
            seen.wrong.append(f"{method}: 503 without Retry-After")
        elif status == 0:
            seen.refused += 1

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None, key: str
    ) -> tuple[int, bytes, dict[str, str]]:
        port = self.cluster.balancer.port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Authorization": f"Bearer {self.cluster.token}"}
        if method == "POST":
            headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
        try:
            data = json.dumps(body) if body is not None else None
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, answer.read(), found
        finally:
            connection.close()

    # Afterwards

    def settle(self, seconds: float = 300) -> None:
        """Wait until the workers have done everything."""
        open_work = (
            "SELECT (SELECT count(*) FROM job WHERE state IN ('queued', 'running')"
            " AND name = 'on:hello.note') + (SELECT count(*) FROM outbox WHERE state = 'new')"
        )
        wait_for(
            lambda: self.cluster.postgres.query(open_work) == [(0,)], "all work is done", seconds
        )

    def faults(self) -> list[str]:
        """What was acknowledged and is not there, and what is there twice."""
        greetings = self._count("hello_greeting", "deleted_at IS NULL")
        notes = self._count("activity", "kind = 'note'")
        found = [f"lost: {each}" for each in self.seen.acknowledged if not greetings[each]]
        found += [f"doubled: {each}" for each, number in greetings.items() if number > 1]
        for each in greetings:
            if notes[each] != 1:
                found.append(f"its note was written {notes[each]} times: {each}")
        return [*found, *self.seen.wrong]

    def _count(self, table: str, condition: str) -> Counter[str]:
        rows = self.cluster.postgres.query(
            f"SELECT subject, count(*) FROM {table}"
            f" WHERE subject LIKE '{self._run} %' AND {condition} GROUP BY subject"
        )
        return Counter({str(subject): int(str(number)) for subject, number in rows})
