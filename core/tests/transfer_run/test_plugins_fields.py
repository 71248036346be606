"""What a plugin declares can be imported and exported like everything else."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from small_transfer import SYSTEM, Transfer, counts

from kontora.lifecycle.site import Site
from kontora.records.query import Query
from kontora.records.transfer.export import export_file

pytest.importorskip("kontora_hello")
pytestmark = pytest.mark.kontora_plugins("hello")


@pytest.fixture
def greeting(kontora_site: Site, tmp_path: Path) -> Transfer:
    """Imports into a site with the plugin."""
    return Transfer(kontora_site, tmp_path)


def test_fields_of_a_plugin_go_in_and_out(greeting: Transfer, tmp_path: Path) -> None:
    heads = ["display_name", "hello.score", "hello.salutation"]
    run = greeting.rows("counterparties", heads, ["Acme", "7", "Dear all"], ["Beta", "many", ""])
    assert counts(run) == (2, 0, 0, 0)
    assert [each[:3] for each in greeting.issues(run)] == [(2, "hello.score", "many")]
    assert greeting.one("counterparties", "Acme")["hello"] == {"score": 7, "salutation": "Dear all"}
    file = tmp_path / "out.csv"
    rtype = greeting.site.registry.record_type("counterparties")
    export_file(greeting.site, SYSTEM, rtype, file, Query(), columns=heads)
    with file.open(newline="", encoding="utf-8-sig") as opened:
        assert list(csv.reader(opened)) == [heads, ["Acme", "7", "Dear all"], ["Beta", "", ""]]


def test_records_of_a_plugin_are_imported(greeting: Transfer) -> None:
    paths = [each for each in greeting.site.registry.record_types if each.startswith("hello/")]
    rtype: Any = greeting.site.registry.record_type(paths[0])
    text = next(each for each in rtype.fields if each.name == rtype.title)
    party = next((each for each in rtype.fields if each.target == "party"), None)
    greeting.rows("counterparties", ["display_name"], ["Acme"])
    heads = [text.name, *([party.name] if party else [])]
    row = ["Good morning", *(["Acme"] if party else [])]
    run = greeting.rows(rtype.path, ["external.cards", *heads], ["1", *row])
    assert counts(run) == (1, 0, 0, 0)
    (card,) = greeting.all(rtype.path)
    assert card[text.name] == "Good morning"
    if party:
        assert card[party.name]["name"] == "Acme"
    again = greeting.rows(rtype.path, ["external.cards", *heads], ["1", *row])
    assert counts(again) == (0, 1, 0, 0)
