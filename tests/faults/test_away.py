"""A database that is away, or goes in the middle of a request, is a 503 with Retry-After."""

from __future__ import annotations

import http.client
import re
import urllib.parse
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from kontora.lifecycle.site import Site
from kontora.settings import Settings
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import PersonClient, ProgramClient, signed_in, with_token
from kontora_sdk.testing.people import make_user
from tests.faults.cluster import EMAIL, Cluster

pytestmark = [pytest.mark.xdist_group("cluster"), pytest.mark.timeout(900)]
# What needs no database: files, and the question whether the process lives.
ALONE = ("static", "healthz")


@dataclass(frozen=True)
class Here:
    """The application in this process, on the database of the cluster."""

    site: Site
    app: Flask
    program: ProgramClient
    person: PersonClient


@pytest.fixture
def here(cluster: Cluster) -> Iterator[Here]:
    site = Site(Settings.from_env(cluster.environment))
    app = create_app(site)
    admin = make_user(site, "administrator")
    yield Here(site, app, with_token(app, site, admin), signed_in(app, site, admin))
    site.close()


def addresses(app: Flask) -> Iterator[tuple[str, str]]:
    """Each address that takes GET, with something in place of its variables."""
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        path = re.sub(r"<uuid:[^>]+>", str(uuid.uuid4()), rule.rule)
        path = re.sub(r"<int:[^>]+>", "1", path)
        yield rule.endpoint, re.sub(r"<[^>]+>", "x", path)


def test_every_address_says_503_while_the_database_is_away(cluster: Cluster, here: Here) -> None:
    cluster.database_wire.cut()
    wrong, number = [], 0
    for endpoint, path in addresses(here.app):
        if endpoint.rpartition(".")[2] in ALONE or endpoint in ALONE:
            continue
        client: Any = here.program if path.startswith("/api/") else here.person
        answer = client.get(path)
        number += 1
        told = answer.headers.get("Retry-After") or endpoint == "readyz"
        if answer.status_code != 503 or not told:
            wrong.append(f"{path}: {answer.status_code}")
    cluster.database_wire.mend()
    # Files of the application are served all the same.
    assert [each for each in wrong if not re.search(r": (200|404)$", each)] == []
    assert len(wrong) < 12, wrong
    assert number > 100
    assert here.program.get("/api/v1/me").status_code == 200


def test_the_answers_are_a_problem_document_and_a_page(cluster: Cluster, here: Here) -> None:
    cluster.database_wire.cut()
    problem = here.program.get("/api/v1/contacts")
    page = here.person.get("/contacts")
    visitor = here.app.test_client().get("/sign-in")
    cluster.database_wire.mend()
    assert problem.content_type == "application/problem+json"
    assert problem.get_json()["title"] == "The database does not answer."
    assert "The database does not answer." in page.get_data(as_text=True)
    assert page.content_type == visitor.content_type == "text/html; charset=utf-8"
    assert visitor.status_code == 503
    assert str(cluster.database_wire.port) not in page.get_data(as_text=True) + str(problem.json)


def test_a_connection_that_breaks_at_any_statement_leaves_no_half_and_no_500(
    cluster: Cluster, here: Here
) -> None:
    """The server ends the session before the N-th statement of a request, N from 1 on."""
    here.app.config["PROPAGATE_EXCEPTIONS"] = False
    seen = []
    for number in range(1, 60):
        family = f"Broken{number}x{uuid.uuid4().hex[:6]}"
        with breaking(cluster, here.site, number) as broke:
            answer = here.program.post("/api/v1/contacts", json={"given": "A", "family": family})
        seen.append(answer.status_code)
        kept = cluster.postgres.query(f"SELECT count(*) FROM person WHERE family = '{family}'")
        if answer.status_code == 201:
            assert kept == [(1,)]
            if not broke:
                break
        else:
            assert answer.status_code == 503, answer.get_json()
            assert answer.headers["Retry-After"]
            assert kept == [(0,)]
    assert seen[-1] == 201, seen
    assert seen.count(503) > 5
    # A connection that broke inside a hook is not the plugin's fault.
    assert not here.site.manager.errors.entries()


def test_a_connection_that_breaks_at_the_commit_is_told_as_unsure(
    cluster: Cluster, here: Here
) -> None:
    here.app.config["PROPAGATE_EXCEPTIONS"] = False

    def kill(connection: Any) -> None:
        end(cluster, connection.connection.dbapi_connection.info.backend_pid)

    event.listen(here.site.database.write_engine, "commit", kill)
    answer = here.program.post("/api/v1/contacts", json={"given": "A", "family": "Unsure"})
    event.remove(here.site.database.write_engine, "commit", kill)
    assert answer.status_code == 503
    assert "look whether it was saved" in answer.get_json()["detail"]


def test_who_signed_in_at_one_server_is_known_at_the_other(cluster: Cluster) -> None:
    """One key, one database: the form of one server may be sent to the other."""
    one, other = cluster.web_ports
    page, cookie = fetch(one, "GET", "/sign-in", "")
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    form = {"email": EMAIL, "password": cluster.password, "csrf_token": found[1]}
    _page, cookie = fetch(other, "POST", "/sign-in", cookie, urllib.parse.urlencode(form))
    page, _cookie = fetch(one, "GET", "/contacts", cookie)
    assert "Ledger" in page or "Contacts" in page
    assert 'action="/sign-in"' not in page


def fetch(port: int, method: str, path: str, cookie: str, body: str = "") -> tuple[str, str]:
    """The page, and the cookie to go on with."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Cookie": cookie, "Referer": f"http://127.0.0.1:{port}/sign-in"}
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    with closing(connection):
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
    assert answer.status in (200, 302, 303), (answer.status, text[:500])
    for name, value in answer.getheaders():
        if name == "Set-Cookie" and value.startswith("kontora="):
            cookie = value.partition(";")[0]
    return text, cookie


class breaking:
    """Within the block the server ends the session before its `number`-th statement."""

    def __init__(self, cluster: Cluster, site: Site, number: int) -> None:
        self._cluster, self._number = cluster, number
        self._engine = site.database.write_engine
        self._count = 0
        self._broke: list[int] = []

    def __enter__(self) -> list[int]:
        event.listen(self._engine, "before_cursor_execute", self._look)
        return self._broke

    def __exit__(self, *_failure: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._look)

    def _look(self, connection: Any, *_rest: Any) -> None:
        self._count += 1
        if self._count == self._number:
            pid = connection.connection.dbapi_connection.info.backend_pid
            self._broke.append(pid)
            end(self._cluster, pid)


def end(cluster: Cluster, pid: int) -> None:
    """End a session of the database, and wait until it is gone."""
    cluster.postgres.query(f"SELECT pg_terminate_backend({pid}, 5000)")
