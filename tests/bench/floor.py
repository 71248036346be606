"""The floor: a bare Flask application that serves the same bodies by one plain statement each.

No rights, no history, no search, no duplicates: what no CRM in this language on this server can
be faster than. Run as a program: `python -m tests.bench.floor FILE PORT`.
"""

from __future__ import annotations

import json
import sys
import threading
import uuid

import flask
import pysqlite3
import waitress

_local = threading.local()


def _connection(path: str) -> pysqlite3.Connection:
    if not hasattr(_local, "connection"):
        _local.connection = pysqlite3.connect(path, isolation_level=None)
        _local.connection.execute("PRAGMA journal_mode=WAL")
        _local.connection.execute("PRAGMA synchronous=FULL")
    return _local.connection


def application(path: str) -> flask.Flask:
    """Three routes over one table: list, open, create."""
    app = flask.Flask("floor")
    _connection(path).execute(
        "CREATE TABLE IF NOT EXISTS party (id TEXT PRIMARY KEY, sort TEXT, body TEXT)"
    )
    _connection(path).execute("CREATE INDEX IF NOT EXISTS by_sort ON party (sort, id)")

    @app.get("/healthz")
    def health() -> str:
        return "ok"

    @app.get("/api/v1/contacts")
    def listed() -> flask.Response:
        rows = _connection(path).execute("SELECT body FROM party ORDER BY sort, id LIMIT 51")
        items = [json.loads(row[0]) for row in rows]
        after = items[49]["id"] if len(items) > 50 else None
        return flask.jsonify({"items": items[:50], "next": after, "total": None})

    @app.get("/api/v1/contacts/<party>")
    def opened(party: str) -> flask.Response:
        row = _connection(path).execute("SELECT body FROM party WHERE id = ?", (party,)).fetchone()
        return flask.jsonify(json.loads(row[0]))

    @app.post("/api/v1/contacts")
    def created() -> tuple[flask.Response, int]:
        body = flask.request.get_json()
        body["id"] = body.get("id") or str(uuid.uuid4())
        _connection(path).execute(
            "INSERT INTO party VALUES (?, ?, ?)",
            (body["id"], body.get("display_name") or body.get("family"), json.dumps(body)),
        )
        return flask.jsonify(body), 201

    return app


if __name__ == "__main__":
    waitress.serve(application(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), _quiet=True)
