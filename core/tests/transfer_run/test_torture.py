"""Twelve difficult CSV files go through `kontora import`, and what is stored equals their JSON.

Where headings mean something the columns are guessed; elsewhere a mapping file names the fields.
Blanks at the ends of lines are cleaned away, and the report says so.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from small_transfer import Transfer

from kontora.cli.main import cli

OWN = Path(__file__).parents[1] / "data" / "csv_torture"
NAME, NOTES = "display_name", "notes"
PLAIN = {"a": NAME, "b": "custom.b", "c": "custom.c"}
# The longest text goes to the notes, which keep it as it is; a name is one line.
MAPPINGS: dict[str, dict[str, str]] = {
    "empty": PLAIN,
    "empty_crlf": PLAIN,
    "escaped_quotes": {"a": NAME, "b": NOTES},
    "json": {"key": NAME, "val": NOTES},
    "newlines": {"a": NOTES, "b": NAME, "c": "custom.c"},
    "newlines_crlf": {"a": NOTES, "b": NAME, "c": "custom.c"},
    "quotes_and_newlines": {"a": NAME, "b": NOTES},
    "simple": PLAIN,
    "simple_crlf": PLAIN,
    "utf8": PLAIN,
}


def imported(
    transfer: Transfer, case: str, *more: str
) -> tuple[list[dict[str, Any]], list[tuple[int, str, str]]]:
    """Import a file by the command; the contacts that came of it, and what was told of values."""
    arguments = ["import", "contacts", str(OWN / "csvs" / f"{case}.csv"), "--json", *more]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["state"], found["refused"]) == ("finished", 0), found["issues"]
    stored = transfer.all("contacts")
    assert len(stored) == found["created"]
    issues = [(each["row"], each["column"], each["value"]) for each in found["issues"]]
    return stored, [(row, column, value) for row, column, value in issues if row]


def cleaned(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows without blanks at the ends of lines."""
    return [{name: text.replace(" \n", "\n") for name, text in row.items()} for row in rows]


def wanted(case: str) -> list[dict[str, str]]:
    rows = json.loads((OWN / "json" / f"{case}.json").read_text("utf-8"))
    if case == "newlines_crlf":
        # The stored CSV has line feeds only, unlike its JSON.
        rows[1]["a"] = rows[1]["a"].replace("\r\n", "\n")
    return rows if isinstance(rows, list) else [rows]


def kept(record: dict[str, Any], path: str) -> str:
    """The value of a field, "" where there is none."""
    if path.startswith("custom."):
        return str(record["custom"].get(path.removeprefix("custom."), ""))
    return str(record[path] or "")


@pytest.fixture
def environment(transfer: Transfer, monkeypatch: pytest.MonkeyPatch) -> Transfer:
    monkeypatch.setenv("KONTORA_HOME", str(transfer.site.settings.home))
    monkeypatch.setenv("KONTORA_DATABASE_URL", transfer.site.settings.database_url)
    return transfer


def test_no_file_is_left_out() -> None:
    guessed = {"comma_in_quotes", "location_coordinates"}
    assert {path.stem for path in (OWN / "csvs").iterdir()} == guessed | MAPPINGS.keys()


@pytest.mark.parametrize("case", MAPPINGS)
def test_a_file_whose_headings_mean_nothing_goes_in_by_mapping(
    environment: Transfer, case: str
) -> None:
    mapping = environment.folder / "map.json"
    mapping.write_text(json.dumps(MAPPINGS[case]))
    stored, told = imported(environment, case, "--map", str(mapping))
    found = [
        {column: kept(each, path) for column, path in MAPPINGS[case].items()} for each in stored
    ]
    by_name = next(column for column, path in MAPPINGS[case].items() if path == NAME)
    assert sorted(found, key=lambda row: row[by_name]) == cleaned(wanted(case))
    blanks = [text for row in wanted(case) for text in row.values() if " \n" in text]
    assert [value for _row, _column, value in told if "\n" in value] == blanks


def test_an_address_with_a_comma_goes_in_by_guess(environment: Transfer) -> None:
    (found,), _told = imported(environment, "comma_in_quotes")
    (row,) = wanted("comma_in_quotes")
    (address,) = found["addresses"]
    shown = [found["given"], found["family"], address["street"], address["locality"]]
    assert [*shown, address["postcode"]] == list(row.values())


def test_a_telephone_number_of_a_contact_goes_in_by_guess(environment: Transfer) -> None:
    """Coordinates mean no field and stay out; the JSON has another number than the CSV."""
    (found,), _told = imported(environment, "location_coordinates", "--region", "US")
    (row,) = wanted("location_coordinates")
    assert [each["value"] for each in found["points"]] == ["+12095257564"]
    (address,) = found["addresses"]
    assert [address["locality"], address["region"]] == [row["Cities"], row["Counties"]]
