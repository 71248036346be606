"""`python -m tests.bench.scale`: requests and jobs a second on PostgreSQL, by number of processes.

Web servers, workers, PostgreSQL (with fsync) and the clients share this machine; the clients are
processes that keep their connections. The milliseconds of a core that one request costs in
Kontora and in PostgreSQL depend little on what else the machine does: they are what
docs/explanation/scale.md calculates with.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.faults.cluster import Cluster, running
from tests.faults.servers import wait_for

STEPS = ("create", "list", "open")


def ask(connection: http.client.HTTPConnection, token: str, step: str, ids: Sequence[str]) -> None:
    """One request of a kind. An answer of 400 or more ends the measurement."""
    headers = {"Authorization": f"Bearer {token}"}
    method, path, body = "GET", "/api/v1/contacts", None
    if step == "create":
        name = uuid.uuid4().hex[:12]
        data = {"given": "Ann", "family": f"Scale {name}", "email": f"{name}@example.org"}
        method, body = "POST", json.dumps(data)
        headers["Content-Type"] = "application/json"
    elif step == "open":
        path = f"{path}/{ids[uuid.uuid4().int % len(ids)]}"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status >= 400:
        raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")


def client(port: int, token: str, step: str, ids: Sequence[str], seconds: float, told: Any) -> None:
    """Ask without a pause; tell how many answers came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    ask(connection, token, step, ids)
    count, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        ask(connection, token, step, ids)
        count += 1
    told.put(count)


def rate(cluster: Cluster, ports: Sequence[int], step: str, ids: Sequence[str], o: Any) -> str:
    """Answers a second by `o.clients` clients."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    started = [
        context.Process(
            target=client,
            args=(ports[n % len(ports)], cluster.token, step, ids, o.seconds, told),
        )
        for n in range(o.clients)
    ]
    before = spent(cluster)
    for each in started:
        each.start()
    total = sum(told.get(timeout=o.seconds + 60) for _ in started)
    for each in started:
        each.join()
    return per_second(total, o.seconds, before, spent(cluster))


def core_seconds(pids: Sequence[int]) -> float:
    """The time that these processes and their ended children have spent on a core."""
    ticks = 0
    for pid in pids:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue  # it has ended, and its parent has its time
        ticks += sum(int(each) for each in stat[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def spent(cluster: Cluster) -> tuple[float, float]:
    """Seconds of a core so far: (Kontora, PostgreSQL)."""
    kontora = [pid for part in (*cluster.webs, *cluster.workers) for pid in part.children()]
    kontora += [part.process.pid for part in cluster.workers]
    return core_seconds(kontora), core_seconds(cluster.postgres.processes())


def contacts(cluster: Cluster) -> list[str]:
    connection = http.client.HTTPConnection("127.0.0.1", cluster.web_ports[0], timeout=30)
    headers = {"Authorization": f"Bearer {cluster.token}"}
    connection.request("GET", "/api/v1/contacts?limit=200", headers=headers)
    return [each["id"] for each in json.loads(connection.getresponse().read())["items"]]


def jobs(cluster: Cluster, workers: int, number: int) -> str:
    """Jobs a second, each of which writes a record: `number` of them wait before it begins."""
    people = contacts(cluster)
    connection = http.client.HTTPConnection("127.0.0.1", cluster.web_ports[0], timeout=30)
    headers = {"Authorization": f"Bearer {cluster.token}", "Content-Type": "application/json"}
    for n in range(number):
        data = {"subject": f"jobs {n}", "party": people[n % len(people)]}
        connection.request("POST", "/api/v1/hello/greetings", json.dumps(data), headers)
        assert connection.getresponse().read()
    done = "SELECT count(*) FROM job WHERE name = 'on:hello.note' AND state = 'done'"
    cluster.workers = [cluster.worker(n) for n in range(workers)]

    def ended() -> int:
        return int(str(cluster.postgres.query(done)[0][0]))

    before = ended()
    wait_for(lambda: ended() > before + 5, "the start", 60)
    began, first, spent_before = time.monotonic(), ended(), spent(cluster)
    wait_for(lambda: ended() >= before + number, "the jobs", 300)
    taken, spent_after = time.monotonic() - began, spent(cluster)
    for part in cluster.workers:
        part.end()
    cluster.workers = []
    return per_second((before + number - first), taken, spent_before, spent_after)


def per_second(count: int, taken: float, before: Any, after: Any) -> str:
    """“123/s (4.5 + 1.2 ms)”: Kontora's and PostgreSQL's milliseconds of a core for each."""
    own, server = ((now - then) * 1000 / count for then, now in zip(before, after, strict=True))
    return f"{count / taken:6.0f}/s ({own:5.1f} + {server:4.1f} ms)"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--jobs", type=int, default=400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        cluster = stack.enter_context(running(Path(name), workers=0, measured=True))
        cluster.balancer.close()  # it asks for readiness, which costs a little
        one, two = cluster.web_ports[:1], cluster.web_ports
        rate(cluster, two, "create", [], options)
        ids = contacts(cluster)
        print(f"{os.cpu_count()} cores for all, {options.clients} clients")
        for step in STEPS:
            figures = [rate(cluster, ports, step, ids, options) for ports in (one, two)]
            print(f"{step:8} {figures[0]} with 1  {figures[1]} with 2 processes", flush=True)
        figures = [jobs(cluster, number, options.jobs) for number in (1, 2)]
        print(f"{'jobs':8} {figures[0]} with 1  {figures[1]} with 2 workers")


if __name__ == "__main__":
    main()
