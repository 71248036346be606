"""`kontora import` and `kontora export`, inside this process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from small_transfer import Transfer

from kontora.cli.main import cli

Command = Callable[..., Result]


@pytest.fixture
def command(transfer: Transfer, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs one command on the site."""
    monkeypatch.setenv("KONTORA_HOME", str(transfer.site.settings.home))
    monkeypatch.setenv("KONTORA_DATABASE_URL", transfer.site.settings.database_url)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(cli, [str(each) for each in arguments])

    return run


def rows_of(transfer: Transfer) -> str:
    """A fingerprint of the whole database."""
    digest = hashlib.sha256()
    with transfer.site.database.read_engine.connect() as connection:
        for name, model in sorted(transfer.site.registry.models.items()):
            table: Any = model.__table__
            found = sorted(repr(tuple(row)) for row in connection.execute(table.select()))
            digest.update(f"{name}{found}".encode())
    return digest.hexdigest()


def test_a_trial_writes_nothing_at_all(transfer: Transfer, command: Command) -> None:
    heads = ["external.old", "given", "email", "organisation", "reports_to", "owner"]
    transfer.rows("contacts", heads, ["1", "Anna", "anna@example.org", "Acme", "", ""])
    file = transfer.file(
        heads,
        ["1", "Anne", "", "Acme", "2", ""],
        ["2", "Boris", "broken", "Beta", "", "nobody"],
        ["3", "Clara", "anna@example.org", "", "", ""],
        ["", "", "broken", "", "", ""],
    )
    mapping = transfer.folder / "map.json"
    mapping.write_text(json.dumps({head: head for head in heads}))
    before = rows_of(transfer)
    home = sorted(Path(transfer.site.settings.home).rglob("*.csv"))
    done = command("import", "contacts", file, "--map", mapping, "--dry-run", "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    figures = {name: found[name] for name in ("rows", "created", "updated", "skipped", "refused")}
    assert figures == {"rows": 4, "created": 2, "updated": 1, "skipped": 0, "refused": 1}
    assert found["run"] is None
    assert {(each["row"], each["column"]) for each in found["issues"]} >= {(2, "email")}
    assert rows_of(transfer) == before
    assert sorted(Path(transfer.site.settings.home).rglob("*.csv")) == home
    real = json.loads(command("import", "contacts", file, "--map", mapping, "--json").stdout)
    assert {name: real[name] for name in figures} == figures


def test_the_summary_is_one_document(transfer: Transfer, command: Command) -> None:
    file = transfer.file(["given", "email"], ["Anna", "broken"], ["", ""])
    done = command("import", "contacts", file, "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["state"] == "finished"
    assert (found["created"], found["refused"], found["noted"]) == (1, 0, 1)
    assert found["issues"][0]["column"] == "email"
    assert Path(found["issues_file"]).is_file()


def test_refusals_are_no_failure(transfer: Transfer, command: Command) -> None:
    file = transfer.file(["given", "email"], ["", "broken"])
    done = command("import", "contacts", file)
    assert done.exit_code == 0
    assert "1 refused" in done.stdout
    assert "to-mend.csv" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("import", "contacts", "missing.csv"), 1),
        (("import", "nothing", "missing.csv"), 1),
        (("import", "contacts"), 2),
        (("import", "contacts", "missing.csv", "--on-duplicate", "guess"), 2),
        (("export", "contacts", "people.doc"), 1),
    ],
)
def test_what_cannot_be_done_is_said(
    command: Command, arguments: tuple[str, ...], status: int
) -> None:
    done = command(*arguments)
    assert done.exit_code == status
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_wrong_mapping_file_ends_with_one(transfer: Transfer, command: Command) -> None:
    file = transfer.file(["given"], ["Anna"])
    mapping = transfer.folder / "map.json"
    for text in ("{", "[]", '{"given": "surname"}', '{"nobody": "given"}', "{}"):
        mapping.write_text(text)
        done = command("import", "contacts", file, "--map", mapping)
        assert done.exit_code == 1, text
        assert "mapping" in done.stderr
    assert transfer.all("contacts") == []


def test_a_column_that_a_mapping_file_names_twice_is_refused(
    transfer: Transfer, command: Command
) -> None:
    file = transfer.file(["Mail"], ["anna@example.org"])
    mapping = transfer.folder / "map.json"
    mapping.write_text('{"Mail": "email", "Mail": "phone"}')
    done = command("import", "contacts", file, "--map", mapping)
    assert done.exit_code == 1
    assert "is named twice" in done.stderr


def test_last_begins_a_run_where_none_is_left(transfer: Transfer, command: Command) -> None:
    file = transfer.file(["external.old", "given"], ["1", "Anna"])
    first = json.loads(command("import", "contacts", file, "--resume", "last", "--json").stdout)
    again = json.loads(command("import", "contacts", file, "--resume", "last", "--json").stdout)
    assert (first["created"], first["updated"]) == (1, 0)
    assert (again["created"], again["updated"]) == (0, 1)
    assert first["run"] != again["run"]
    ended = command("import", "contacts", file, "--resume", first["run"])
    assert ended.exit_code == 1


def test_an_export_says_how_many_rows(transfer: Transfer, command: Command) -> None:
    transfer.rows("contacts", ["given", "tag"], ["Anna", "vip"], ["Boris", ""])
    file = transfer.folder / "out.csv"
    filters = ("--filter", "given[contains]=ann", "--columns", "given,tag")
    done = command("export", "contacts", file, *filters, "--sort", "-given", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 1
    assert file.read_text(encoding="utf-8-sig").splitlines() == ['"given","tag"', "Anna,vip"]
