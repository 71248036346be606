"""The floor: a bare Flask application that answers the same JSON from hand-written SQL.

It reads and writes the very tables of Kontora, under the same server with as many processes, and
knows no rights, no history, no search index and no look: what no CRM in this language on this
server can be faster than. Run as a program: `python -m tests.bench.floor DATABASE FACTS PORT
WORKERS`; DATABASE is a file or a URL of PostgreSQL, FACTS a JSON file: a contact and an activity
as the API shows them, for the order of their members, and whom a manager reaches.
"""

from __future__ import annotations

import base64
import json
import re
import socket
import sys
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import flask
import psycopg
import pysqlite3

from kontora.lifecycle import webserver

CONTACT = """SELECT p.id, p.display_name, p.state, p.owner_id, u.name, p.branch_id, b.name, p.notes,
p.created_at, p.updated_at, n.given, n.middle, n.family, p.sort_key, p.version
FROM {source} JOIN person n ON n.party_id = p.id LEFT JOIN user_account u ON u.id = p.owner_id
LEFT JOIN branch b ON b.id = p.branch_id
WHERE p.kind = 'person' AND p.deleted_at IS NULL {condition} ORDER BY {order} LIMIT 51"""
POINTS = """SELECT party_id, kind, value, label, is_primary, status FROM contact_point
WHERE party_id {among} ORDER BY party_id, position, id"""
OTHERS = """SELECT party_id FROM address WHERE party_id {among} UNION ALL
SELECT party_id FROM identifier WHERE party_id {among} UNION ALL
SELECT party_id FROM party_role WHERE party_id {among} UNION ALL
SELECT party_id FROM party_tag WHERE party_id {among} UNION ALL
SELECT party_id FROM group_member WHERE party_id {among}"""
PLACES = """SELECT a.organisation_id, o.display_name, a.title FROM affiliation a
JOIN party o ON o.id = a.organisation_id WHERE a.person_id = ?"""
ACTIVITIES = """SELECT a.id, a.kind, a.subject, a.state, a.due_at, a.done_at, a.at, a.owner_id,
u.name, a.branch_id, b.name, a.created_at, a.updated_at, p.id, p.display_name
FROM activity_party l JOIN activity a ON a.id = l.activity_id JOIN party p ON p.id = l.party_id
LEFT JOIN user_account u ON u.id = a.owner_id LEFT JOIN branch b ON b.id = a.branch_id
WHERE l.party_id = ? AND a.deleted_at IS NULL ORDER BY a.at DESC, a.id LIMIT 11"""
LIST = """<!doctype html><title>Contacts</title><table>{% for each in items %}<tr>
<td><a href="/contacts/{{ each.id }}">{{ each.display_name }}</a>
<td>{% for point in each.points %}{{ point.value }} {% endfor %}<td>{{ each.owner.name }}</tr>
{% endfor %}</table>"""
HOME = "<!doctype html><title>Home</title><p>{{ number }} contacts, {{ due }} planned"
_local = threading.local()


class Store:
    """The tables of Kontora by plain SQL; a connection for each thread."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.is_postgresql = database.startswith("postgresql")

    def __call__(self, statement: str, *values: Any) -> list[Any]:
        """Run a statement in which `?` stands for values; it is committed at once."""
        if not hasattr(_local, "connection"):
            _local.connection = self._open()
        if self.is_postgresql:
            found = _local.connection.execute(statement.replace("?", "%s"), values)
            return found.fetchall() if found.description else []
        plain = [each.bytes if isinstance(each, uuid.UUID) else each for each in values]
        return _local.connection.execute(statement, plain).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is written within the block is committed together."""
        self("SELECT 1")
        if self.is_postgresql:
            with _local.connection.transaction():
                yield
            return
        self("BEGIN IMMEDIATE")
        yield
        self("COMMIT")

    def among(self, statement: str, ids: Sequence[uuid.UUID]) -> list[Any]:
        """The same, with `{among}` for these ids."""
        if self.is_postgresql:
            times = statement.count("{among}")
            return self(statement.replace("{among}", "= ANY(?)"), *([list(ids)] * times))
        marks = f"IN ({', '.join('?' * len(ids))})"
        times = statement.count("{among}")
        return self(statement.replace("{among}", marks), *(list(ids) * times))

    def id(self, value: Any) -> str | None:
        return None if value is None else str(self.uuid(value))

    def uuid(self, value: Any) -> uuid.UUID:
        return value if isinstance(value, uuid.UUID) else uuid.UUID(bytes=bytes(value))

    def time(self, value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, str):
            value = datetime.fromisoformat(value).replace(tzinfo=UTC)
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _open(self) -> Any:
        if self.is_postgresql:
            return psycopg.connect(self.database, autocommit=True)
        connection = pysqlite3.connect(self.database, isolation_level=None, timeout=30)
        connection.execute("PRAGMA synchronous=FULL")
        return connection


class Contacts:
    """Contacts as the API shows them."""

    def __init__(self, store: Store, facts: dict[str, Any]) -> None:
        self.store, self.facts = store, facts

    def found(
        self, condition: str = "", *values: Any, source: str = "party p", order: str = ""
    ) -> tuple[list[dict[str, Any]], Any]:
        """At most 50 bodies, and the row after which there are more."""
        text = CONTACT.format(condition=condition, source=source, order=order or "p.sort_key, p.id")
        rows = self.store(text, *values)
        page = rows[:50]
        ids = [self.store.uuid(row[0]) for row in page]
        points: dict[Any, list[dict[str, Any]]] = {each: [] for each in ids}
        for row in self.store.among(POINTS, ids) if ids else ():
            point = dict(zip(("kind", "value", "label", "primary", "status"), row[1:], strict=True))
            point["primary"] = bool(point["primary"])
            points[self.store.uuid(row[0])].append(point)
        if ids and self.store.among(OTHERS, ids):
            raise RuntimeError("The crowd has no addresses, roles, tags or groups.")
        bodies = [self._body(row, points[key]) for key, row in zip(ids, page, strict=True)]
        return bodies, page[-1] if len(rows) > 50 else None

    def _body(self, row: Any, points: list[dict[str, Any]]) -> dict[str, Any]:
        party, name, state, owner, owner_name, branch, branch_name, notes, made, changed = row[:10]
        given, middle, family = row[10:13]
        contact: dict[str, Any] = {
            **self.facts["contact"],
            "id": self.store.id(party),
            "display_name": name,
            "given": given,
            "middle": middle,
            "family": family,
            "state": state,
            "points": points,
            "owner": owner and {"id": self.store.id(owner), "name": owner_name},
            "branch": branch and {"id": self.store.id(branch), "name": branch_name},
            "notes": notes,
            "created_at": self.store.time(made),
            "updated_at": self.store.time(changed),
        }
        return contact

    def page(self, found: tuple[list[dict[str, Any]], Any]) -> flask.Response:
        items, last = found
        cursor = None
        if last is not None:
            place = [["display_name"], [last[13]], self.store.id(last[0])]
            text = json.dumps(place, separators=(",", ":"))
            cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        return flask.jsonify({"items": items, "next": cursor, "total": None})


def application(store: Store, facts: dict[str, Any]) -> flask.Flask:
    """The addresses that the operations ask for."""
    app = flask.Flask("floor")
    app.json.sort_keys = False
    contacts = Contacts(store, facts)
    page, home = app.jinja_env.from_string(LIST), app.jinja_env.from_string(HOME)

    def one(party: str) -> dict[str, Any]:
        return contacts.found("AND p.id = ?", uuid.UUID(party))[0][0]

    @app.get("/api/v1/contacts")
    def listed() -> flask.Response:
        given = flask.request.args
        conditions = ""
        values: list[Any] = []
        if reached := facts["reach"].get(flask.request.headers.get("X-Reader", "")):
            owners = [uuid.UUID(each) for each in reached]
            conditions += f" AND p.owner_id IN ({', '.join('?' * len(owners))})"
            values += owners
        if "cursor" in given:
            text = given["cursor"] + "=" * (-len(given["cursor"]) % 4)
            _names, (name,), last = json.loads(base64.urlsafe_b64decode(text))
            conditions += " AND (p.sort_key, p.id) > (?, ?)"
            values += [name, uuid.UUID(last)]
        if q := given.get("q"):
            kind = "email" if "@" in q else "phone" if re.fullmatch(r"\+\d+", q) else ""
            if kind:
                point = "SELECT party_id FROM contact_point WHERE kind = ? AND normalised = ?"
                conditions += f" AND p.id IN ({point})"
                values += [kind, q.lstrip("+")]
            else:
                conditions += f" AND p.display_name {'I' if store.is_postgresql else ''}LIKE ?"
                values += [f"%{q}%"]
        return contacts.page(contacts.found(conditions, *values))

    @app.get("/api/v1/contacts/<party>")
    def opened(party: str) -> flask.Response:
        body, key = one(party), uuid.UUID(party)
        place = facts["place"]
        body["affiliations"] = [
            {**place, "organisation": {"id": store.id(firm), "name": name}, "title": title}
            for firm, name, title in store(PLACES, key)
        ]
        return flask.jsonify({name: body[name] for name in facts["order"]})

    @app.get("/api/v1/activities")
    def activities() -> flask.Response:
        items = []
        for row in store(ACTIVITIES, uuid.UUID(flask.request.args["parties"])):
            items.append(
                facts["activity"]
                | {"id": store.id(row[0]), "kind": row[1], "subject": row[2], "state": row[3]}
                | {"due_at": store.time(row[4]), "done_at": store.time(row[5])}
                | {"at": store.time(row[6]), "owner": {"id": store.id(row[7]), "name": row[8]}}
                | {"branch": {"id": store.id(row[9]), "name": row[10]}}
                | {"created_at": store.time(row[11]), "updated_at": store.time(row[12])}
                | {"parties": [{"id": store.id(row[13]), "name": row[14]}]}
            )
        return flask.jsonify({"items": items, "next": None, "total": None})

    @app.post("/api/v1/contacts")
    def created() -> tuple[flask.Response, int]:
        given, party = flask.request.get_json(), uuid.uuid4()
        name, now = f"{given['given']} {given['family']}", _now(store)
        owner, branch = (uuid.UUID(each) for each in facts["head"])
        with store.transaction():
            store(
                "INSERT INTO party (id, kind, display_name, sort_key, is_counterparty, state,"
                " owner_id, branch_id, custom, version, created_at, updated_at)"
                " VALUES (?, 'person', ?, ?, false, 'active', ?, ?, '{}', 1, ?, ?)",
                *(party, name, name.lower(), owner, branch, now, now),
            )
            person = "INSERT INTO person (party_id, given, family) VALUES (?, ?, ?)"
            store(person, party, given["given"], given["family"])
            for position, kind in enumerate(("email", "phone")):
                store(
                    "INSERT INTO contact_point (id, party_id, kind, value, normalised, is_primary,"
                    " status, position) VALUES (?, ?, ?, ?, ?, true, 'ok', ?)",
                    *(uuid.uuid4(), party, kind, given[kind], given[kind].lstrip("+"), position),
                )
        return flask.jsonify(one(str(party))), 201

    @app.patch("/api/v1/contacts/<party>")
    def changed(party: str) -> flask.Response:
        notes = flask.request.get_json()["notes"]
        store(
            "UPDATE party SET notes = ?, version = version + 1, updated_at = ? WHERE id = ?",
            *(notes, _now(store), uuid.UUID(party)),
        )
        return flask.jsonify(one(party))

    @app.get("/contacts")
    def list_page() -> str:
        return page.render(items=contacts.found()[0])

    @app.get("/")
    def home_page() -> str:
        owner = uuid.UUID(facts["head"][0])
        mine = "SELECT count(*) FROM party WHERE owner_id = ?"
        due = "SELECT count(*) FROM activity WHERE owner_id = ? AND state = 'planned'"
        return home.render(number=store(mine, owner)[0][0], due=store(due, owner)[0][0])

    return app


def _now(store: Store) -> Any:
    now = datetime.now(UTC)
    return now if store.is_postgresql else now.replace(tzinfo=None).isoformat(" ")


def main() -> None:
    """Serve until SIGTERM, as `kontora serve` does."""
    database, facts, port, workers = sys.argv[1:]
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=128)
    known = json.loads(Path(facts).read_text("utf-8"))

    def make() -> Any:
        return application(Store(database), known)

    if int(workers) > 1:
        webserver.serve_processes(make, listener, int(workers), lambda: None)
    else:
        webserver.serve_threads(make(), listener, lambda: None)


if __name__ == "__main__":
    main()
