"""Figures that the processes of this machine count together, for Prometheus.

A server has several processes, and a scrape reaches one of them: each keeps its figures in files
of a folder of the home, and whoever is asked adds all of them up. A process takes the first place
(`slot`) that nobody holds, and goes on counting in the files of whoever had it before; so there
are never more files than processes at one time, and no figure goes back when one is replaced.
Without `share` (tests, commands) the figures are those of this process alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure that is counted where things happen. `mode` is for gauges: how they add up."""

    kind: str
    help: str
    labels: tuple[str, ...] = ()
    mode: str = ""


MEASURES = {
    "kontora_requests_total": Measure(
        kind="counter", help="Requests", labels=("method", "route", "status")
    ),
    "kontora_request_seconds": Measure(
        kind="histogram", help="Duration of requests", labels=("route",)
    ),
    "kontora_requests_in_flight": Measure(
        kind="gauge", help="Requests being answered now", mode="livesum"
    ),
    "kontora_statements_total": Measure(kind="counter", help="Statements sent to the database"),
    "kontora_statement_seconds_total": Measure(
        kind="counter", help="Seconds that statements took"
    ),
    "kontora_slow_statements_total": Measure(
        kind="counter", help="Statements slower than KONTORA_SLOW_MS", labels=("route",)
    ),
    "kontora_plugin_errors_total": Measure(
        kind="counter", help="Errors of plugins, by hook, panel or job", labels=("plugin", "where")
    ),
    "kontora_job_runs_total": Measure(
        kind="counter", help="Runs of jobs by outcome", labels=("job", "outcome")
    ),
    "kontora_door_uses_total": Measure(kind="counter", help="Uses of doors", labels=("door",)),
    "kontora_pool_connections": Measure(
        kind="gauge", help="Database connections of a process in use", labels=("pool",),
        mode="livesum",
    ),
    "kontora_process_resident_bytes": Measure(
        kind="gauge", help="Memory of a process", mode="liveall"
    ),
}  # fmt: skip

_held: dict[int, tuple[str, IO[bytes] | None]] = {}
_metrics: dict[str, Any] = {}
# The first requests of a process come at once; the library refuses a figure that is made twice.
_making = threading.RLock()


def share(folder: Path) -> None:
    """Count together with the other processes that share `folder` from now on."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ[FOLDER] = str(folder)
    from prometheus_client import values as found

    values: Any = found
    values.ValueClass = values.MultiProcessValue(slot)
    with _making:  # what was counted before stays behind
        _metrics.clear()
        _own.cache_clear()
        _child.cache_clear()


def is_shared() -> bool:
    """Whether several processes count together."""
    return FOLDER in os.environ


def slot() -> str:
    """The place of this process, for as long as it lives; a fork takes one of its own."""
    held = _held.get(os.getpid())
    if held is None:
        with _making:
            held = _held.get(os.getpid()) or _take(Path(os.environ[FOLDER]))
            _held[os.getpid()] = held
    return held[0]


def _take(folder: Path) -> tuple[str, IO[bytes] | None]:
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        return str(os.getpid()), None
    for number in range(10_000):
        file = (folder / f"{number}.slot").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        _forget_state(folder, str(number))
        return str(number), file
    raise RuntimeError(f"No place is free in {folder}.")


def _forget_state(folder: Path, place: str) -> None:
    """Gauges say how things are now: those of a process that has ended say nothing."""
    for file in folder.glob(f"gauge_live*_{place}.db"):
        file.unlink(missing_ok=True)


def is_counting(folder: Path) -> bool:
    """Whether a living process holds a place in the folder."""
    try:
        import fcntl
    except ImportError:
        return True
    for lock in folder.glob("*.slot"):
        with lock.open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


def _forget_the_dead(folder: Path) -> None:
    try:
        import fcntl
    except ImportError:
        return
    for lock in folder.glob("*.slot"):
        if lock.stem == slot():
            continue
        with lock.open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _forget_state(folder, lock.stem)


def _metric(name: str) -> Any:
    found = _metrics.get(name)
    if found is None:
        with _making:
            found = _metrics.get(name) or _make(name)
            _metrics[name] = found
    return found


def _make(name: str) -> Any:
    from prometheus_client import Counter, Gauge, Histogram

    found = MEASURES[name]
    if found.kind == "counter":
        return Counter(name, found.help, found.labels, registry=_own())
    if found.kind == "histogram":
        return Histogram(name, found.help, found.labels, registry=_own(), buckets=_BUCKETS)
    mode: Any = found.mode
    return Gauge(name, found.help, found.labels, registry=_own(), multiprocess_mode=mode)


@cache
def _own() -> Any:
    import prometheus_client

    library: Any = prometheus_client
    library.disable_created_metrics()  # when a series began says nothing that anybody asks for
    return library.CollectorRegistry()


@cache
def _child(name: str, labels: tuple[str, ...]) -> Any:
    metric = _metric(name)
    return metric.labels(*labels) if labels else metric


def count(name: str, *labels: str, by: float = 1) -> None:
    """Add to a counter or a gauge of `MEASURES`."""
    _child(name, labels).inc(by)


def observe(name: str, seconds: float, *labels: str) -> None:
    """Add an observation to a histogram of `MEASURES`."""
    _child(name, labels).observe(seconds)


def state(name: str, value: float, *labels: str) -> None:
    """Set a gauge of `MEASURES`."""
    _child(name, labels).set(value)


def exposed(more: Callable[[Any], None]) -> bytes:
    """All figures in the text format of Prometheus; `more(registry)` adds those that are read
    where they are kept, such as the jobs of the database."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client import multiprocess as found

    multiprocess: Any = found
    registry = CollectorRegistry()
    more(registry)
    if is_shared():
        folder = Path(os.environ[FOLDER])
        _forget_the_dead(folder)
        multiprocess.MultiProcessCollector(registry, path=str(folder))
        return generate_latest(registry)
    with _making:
        own = _own()
    return generate_latest(registry) + generate_latest(own)


def resident_bytes() -> float:
    """The memory of this process, where the system tells it; else 0."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return float(pages * os.sysconf("SC_PAGE_SIZE"))
