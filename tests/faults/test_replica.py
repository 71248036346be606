"""Reports and exports read from a standby while it keeps up, and from the primary else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from kontora.access.principal import system
from kontora.db import replica as module
from kontora.lifecycle import install
from kontora.lifecycle.doctor import examine
from kontora.lifecycle.site import Site
from kontora.settings import Settings
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import with_token
from kontora_sdk.testing.people import make_party, make_user
from tests.faults.servers import PG_CTL, Postgres, wait_for

pytestmark = [
    pytest.mark.xdist_group("cluster"),
    pytest.mark.skipif(PG_CTL is None, reason="PostgreSQL is not installed: no standby"),
]


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Postgres, Postgres]]:
    """A primary and its standby by streaming replication."""
    primary = Postgres(sync=False)
    standby = Postgres(sync=False, standby_of=primary)
    yield primary, standby
    standby.close()
    primary.close()


@pytest.fixture
def site(
    servers: tuple[Postgres, Postgres], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    monkeypatch.setattr(module, "_CHECK_SECONDS", 0.0)
    monkeypatch.setattr(module, "_REST_SECONDS", 0.0)
    primary, standby = servers
    site = Site(
        Settings(
            home=tmp_path,
            database_url=primary.url,
            replica_url=standby.url,
            replica_lag=0.5,
            secret_key="s" * 40,
        )
    )
    install.init(site)
    wait_for(lambda: read_from(site) == "replica", "the standby follows")
    yield site
    site.close()


def read_from(site: Site) -> str:
    """Where a report would be read now."""
    with site.read_copy(system("test")) as session:
        return "primary" if session.get_bind() is site.database.read_engine else "replica"


def test_the_standby_answers_reports_and_nothing_else(
    site: Site, servers: tuple[Postgres, Postgres]
) -> None:
    assert site.replica is not None
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "pg_" not in statement and statement != "SELECT 1":
            statements.append(statement)

    event.listen(site.replica.database.write_engine, "before_cursor_execute", note)
    client = with_token(create_app(site), site, make_user(site, "administrator"))
    assert client.post("/api/v1/contacts", json={"family": "Seen"}).status_code == 201
    assert client.get("/api/v1/contacts").get_json()["items"][0]["family"] == "Seen"
    assert statements == []
    reports = client.get("/api/v1/reports").get_json()["items"]
    simple = next(r["id"] for r in reports if not any(p["required"] for p in r["params"]))
    wait_for(lambda: read_from(site) == "replica", "the standby follows")
    assert client.get(f"/api/v1/reports/{simple}").status_code == 200
    assert statements


def test_one_that_lags_is_not_read_until_it_has_caught_up(
    site: Site, servers: tuple[Postgres, Postgres]
) -> None:
    _primary, standby = servers
    standby.query("SELECT pg_wal_replay_pause()")
    make_party(site, None, {"kind": "person", "family": "Later"})
    wait_for(lambda: read_from(site) == "primary", "the lag is noticed")
    assert site.replica is not None
    assert "behind" in site.replica.problem
    standby.query("SELECT pg_wal_replay_resume()")
    wait_for(lambda: read_from(site) == "replica", "it has caught up")


def test_one_that_is_away_is_replaced_by_the_primary_and_comes_back(
    site: Site, servers: tuple[Postgres, Postgres]
) -> None:
    _primary, standby = servers
    standby.stop("immediate")
    assert read_from(site) == "primary"
    line = next(check for check in examine(site.settings) if check.name == "replica")
    assert not line.ok
    assert "does not answer" in line.message
    standby.start()
    wait_for(lambda: read_from(site) == "replica", "it is back")


def test_an_idle_primary_makes_no_lag(site: Site) -> None:
    """A clock of the last change would grow; a position does not."""
    assert site.replica is not None
    site.replica.look()
    assert site.replica.lag == 0.0


def test_a_server_that_is_no_standby_is_refused(
    servers: tuple[Postgres, Postgres], tmp_path: Path
) -> None:
    primary, _standby = servers
    settings = Settings(
        home=tmp_path, database_url=primary.url, replica_url=primary.url, secret_key="s" * 40
    )
    site = Site(settings)
    assert read_from(site) == "primary"
    assert site.replica is not None
    assert "no standby" in site.replica.problem
    site.close()
