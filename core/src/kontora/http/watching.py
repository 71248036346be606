"""Each request is counted, timed and, where spans are made, traced."""

from __future__ import annotations

import time

from flask import current_app, g, request

from kontora import measures, traces

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_told = {"at": 0.0}


def begin(route: str) -> None:
    """A request has come."""
    g.in_flight = True
    measures.count("kontora_requests_in_flight")
    if traces.active():
        parent = request.headers.get(traces.HEADER)
        about = {"http.request.method": _method(), "http.route": route}
        g.span_block = traces.span(f"{_method()} {route}", "server", about, parent)
        g.span = g.span_block.__enter__()


def answered(route: str, status: int) -> None:
    """Its answer is made."""
    if not g.get("in_flight"):
        return
    seconds = time.perf_counter() - g.began
    measures.count("kontora_requests_total", _method(), route, str(status))
    measures.observe("kontora_request_seconds", seconds, route)
    if (span := g.get("span")) is not None:
        span.set_attribute("http.response.status_code", status)
        span.set_attribute("kontora.request_id", g.get("request_id", ""))
    _look()


def end() -> None:
    """All of it is over."""
    if g.pop("in_flight", False):
        measures.count("kontora_requests_in_flight", by=-1)
    if (block := g.pop("span_block", None)) is not None:
        block.__exit__(None, None, None)


def _method() -> str:
    # Anybody may invent a method, and each would be a series of its own.
    return request.method if request.method in _METHODS else "other"


def _look() -> None:
    """How this process stands, at most once a second."""
    now = time.monotonic()
    if now - _told["at"] < 1:
        return
    _told["at"] = now
    measures.state("kontora_process_resident_bytes", measures.resident_bytes())
    database = current_app.extensions["kontora"].database
    for name, engine in (("read", database.read_engine), ("write", database.write_engine)):
        in_use = getattr(engine.pool, "checkedout", None)
        measures.state("kontora_pool_connections", in_use() if in_use else 0, name)
