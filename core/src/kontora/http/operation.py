"""For machines that watch: alive, ready, figures."""

from __future__ import annotations

import secrets
from ipaddress import ip_address
from typing import Any

from flask import Flask, Response, g, jsonify, request

from kontora import measures
from kontora.db import maintenance, runner
from kontora.http.context import site
from kontora.http.policy import PUBLIC, policy
from kontora.lifecycle import figures, remembered, ties


def register(app: Flask) -> None:
    """Add /healthz, /readyz and /metrics."""
    runner.known()  # now: a newer version may be installed while this one still serves
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
    if ties.is_leaving():
        problems["process"] = "The server is about to end."
    if maintenance.under_way(site().database):
        problems["maintenance"] = "The tables are being changed by `kontora upgrade`."
    try:
        if runner.is_behind(site().database):
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
        if "database" not in problems:
            body["backup"] = _backup()
    return jsonify(body), status


def _backup() -> dict[str, Any]:
    facts = remembered.recall(site().database, remembered.BACKUP)
    tried = remembered.recall(site().database, remembered.DRILL)
    return {
        "age_seconds": remembered.age(facts),
        "error": facts.get("error"),
        "drill_age_seconds": remembered.age(tried, "at"),
        "drill_ok": tried.get("ok"),
    }


@policy(PUBLIC)
def metrics() -> Response:
    """Figures for Prometheus; they name no person and no record.

    For this machine, for who knows `KONTORA_METRICS_TOKEN`, and for administrators.
    """
    here = site()
    if not (_is_here() or _has_token() or _looks_after()):
        response = Response("Send KONTORA_METRICS_TOKEN as a bearer token.\n", 401)
        response.headers["WWW-Authenticate"] = "Bearer"
        response.content_type = "text/plain; charset=utf-8"
        return response
    text = measures.exposed(lambda registry: figures.read(here, registry))
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")


# What a proxy adds for others: without `KONTORA_PROXIES` it tells that this is not the caller.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


def _is_here() -> bool:
    """Whether a program of this machine asks, and not somebody else through a proxy on it."""
    try:
        mine = ip_address(request.remote_addr or "").is_loopback
    except ValueError:  # a socket of this machine has no address
        mine = not request.remote_addr
    return mine and not any(name in request.headers for name in _FORWARDED)


def _has_token() -> bool:
    wanted = site().settings.metrics_token
    scheme, _blank, given = request.headers.get("Authorization", "").partition(" ")
    bearer = given.strip() if scheme.casefold() == "bearer" else ""
    return wanted is not None and secrets.compare_digest(bearer.encode(), wanted.encode())


def _looks_after() -> bool:
    who = g.get("principal")
    return who is not None and bool(who.rights.has("admin.health"))
