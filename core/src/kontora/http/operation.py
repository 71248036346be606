"""For machines that watch: alive, ready, figures."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, jsonify
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select

from kontora.access.doors import uses
from kontora.access.principal import system
from kontora.db.runner import pending
from kontora.http.context import site
from kontora.http.policy import PUBLIC, policy
from kontora.work.models import Job


def register(app: Flask) -> None:
    """Add /healthz, /readyz and /metrics."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)
    app.add_url_rule("/metrics", "metrics", metrics)


@policy(PUBLIC)
def healthz() -> Response:
    """Alive: answers without touching the database."""
    return jsonify(status="ok")


@policy(PUBLIC)
def readyz() -> tuple[Response, int]:
    """Ready to serve. Details are for administrators only."""
    problems: dict[str, Any] = {}
    try:
        behind = pending(site().database, site().owners())
        if "core" in behind:
            problems["schema"] = "The tables wait for `kontora upgrade`."
    except Exception:
        problems["database"] = "The database does not answer."
    status = 503 if problems else 200
    body: dict[str, Any] = {"status": "unavailable" if problems else "ready"}
    if g.get("principal") is not None and g.principal.rights.has("admin.health"):
        body["problems"] = problems
        body["plugins"] = {
            name: {"state": state.state, "cause": str(state.cause)}
            for name, state in site().manager.states.items()
        }
        body["safe_mode"] = site().safe_mode
    return jsonify(body), status


@policy(PUBLIC)
def metrics() -> Response:
    """Figures for Prometheus: jobs by state, uses of doors, errors of plugins."""
    registry = CollectorRegistry()
    jobs = Gauge("kontora_jobs", "Jobs by state", ["state"], registry=registry)
    table: Any = Job.__table__
    with site().read(system("metrics")) as session:
        rows = session.execute(
            select(table.c.state, func.count()).group_by(table.c.state),
            execution_options={"door": "work"},
        )
        for state, number in rows:
            jobs.labels(state).set(number)
    doors = Gauge("kontora_door_uses", "Uses of named doors", ["door"], registry=registry)
    for name, number in uses().items():
        doors.labels(name).set(number)
    plugins = Gauge("kontora_plugin_errors", "Errors of plugins", ["plugin"], registry=registry)
    totals: dict[str, int] = {}
    for (plugin, _hook), number in site().manager.errors.counts().items():
        totals[plugin] = totals.get(plugin, 0) + number
    for plugin, number in totals.items():
        plugins.labels(plugin).set(number)
    return Response(generate_latest(registry), content_type="text/plain; version=0.0.4")
