"""With `--json` the standard output is one JSON document; reports come in three forms."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from typing import Any

import pytest

from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.records import service

Invoke = Callable[..., Any]


@pytest.mark.parametrize(
    "command",
    [
        ("plugin", "list"),
        ("plugin", "errors"),
        ("user", "list"),
        ("report", "list"),
        ("report", "run", "parties-by-role"),
        ("config",),
        ("upgrade",),
        ("upgrade", "--plan"),
        ("search", "reindex"),
        ("init",),
    ],
)
def test_the_output_is_one_document(invoke: Invoke, command: tuple[str, ...]) -> None:
    done = invoke(*command, "--json")
    assert done.exit_code == 0, done.output
    assert isinstance(json.loads(done.stdout), dict)
    plain = invoke(*command)
    assert plain.exit_code == 0
    assert not plain.stdout.startswith("{")


def test_logs_of_a_broken_plugin_stay_out_of_the_output(process: Callable[..., Any]) -> None:
    process("init")
    done = process("--verbose", "plugin", "list", "--json")
    assert set(json.loads(done.stdout)) == {"plugins"}
    for plugin in json.loads(done.stdout)["plugins"]:
        assert set(plugin) == {"name", "version", "state", "cause"}


def test_a_report_as_csv_and_json(invoke: Invoke, site: Site) -> None:
    counterparties = site.registry.record_type("counterparties")
    with site.write(system("test")) as session:
        for name in ("One", "Two"):
            data = {"display_name": name, "roles": [{"role": "client"}]}
            service.create_record(session, counterparties, data)
    document = json.loads(invoke("report", "run", "parties-by-role", "--format", "json").stdout)
    assert document["columns"][0] == {"name": "role", "label": "Role", "type": "text"}
    assert document["rows"] == [["Client", 2]]
    rows = list(
        csv.reader(
            invoke("report", "run", "parties-by-role", "--format", "csv").stdout.splitlines()
        )
    )
    assert rows == [["Role", "Count"], ["Client", "2"]]


def test_a_report_says_what_it_does_not_know(invoke: Invoke) -> None:
    assert "Known: " in invoke("report", "run", "fortune").stderr
    assert (
        "no such parameter" in invoke("report", "run", "parties-by-role", "--param", "a=1").stderr
    )
    assert invoke("report", "run", "parties-by-role", "--param", "a").exit_code == 2


def test_config_shows_no_secret(inside: Callable[..., Any]) -> None:
    more = {
        "KONTORA_SECRET_KEY": "k" * 40,
        "KONTORA_DATABASE_URL": "postgresql://me:hush@db/x",
        "KONTORA_REDIS_URL": "redis://:hush@cache/0",
    }
    done = inside("config", "--json", **more)
    assert done.returncode == 0
    assert "hush" not in done.stdout
    assert "kkkk" not in done.stdout
    assert json.loads(done.stdout)["redis_url"] == "redis://:***@cache/0"


def test_reindex_finds_again_what_was_lost(invoke: Invoke, site: Site) -> None:
    from sqlalchemy import delete

    from kontora.records.models import SearchPosting
    from kontora.records.service import Query

    counterparties = site.registry.record_type("counterparties")
    with site.write(system("test")) as session:
        service.create_record(session, counterparties, {"display_name": "Ґанок і сини"})
        session.execute(delete(SearchPosting.__table__), execution_options={"door": "search"})

    def found() -> int:
        with site.read(system("test")) as session:
            return len(service.list_records(session, counterparties, Query(q="ганок")).items)

    assert found() == 0
    assert (
        json.loads(invoke("search", "reindex", "--json").stdout)["indexed"]["counterparties"] == 1
    )
    assert found() == 1
