"""What is exported can be imported again; who takes records out of the house is noted."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from small_transfer import SYSTEM, Transfer

from kontora.errors import Forbidden, Invalid
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.records.models import ChangeRow
from kontora.records.query import Query
from kontora.records.transfer.export import export_file, parse_filters

PEOPLE: list[dict[str, Any]] = [
    {
        "given": "Anna",
        "family": "Petrova",
        "birth_date": "1987-05-14",
        "gender": "female",
        "points": [
            {"kind": "email", "value": "anna@example.org"},
            {"kind": "email", "value": "anna@second.example"},
            {"kind": "phone", "value": "+380501234567"},
            {"kind": "web", "value": "https://example.org/a"},
        ],
        "addresses": [{"street": "Вулиця 1, кв. 2", "locality": "Київ", "country": "UA"}],
        "identifiers": [{"scheme": "rntrc", "value": "2244711234"}],
        "roles": [{"role": "client"}, {"role": "partner"}],
        "tags": ["vip", "one, two"],
        "notes": "Line one\nline two",
    },
    {"given": "=cmd|' /C calc'!A0", "family": "@SUM(1)", "notes": "-2+3"},
    {"display_name": "+380501112233", "points": [{"kind": "phone", "value": "+380501112233"}]},
    {"given": "Only", "middle": "Ім'я"},
]
# What a copy cannot share with its origin, and labels that columns have no place for.
APART = ("id", "created_at", "updated_at", "external")


def fill(transfer: Transfer) -> None:
    """People with all kinds of facts, and a company with its head."""
    with transfer.site.write(SYSTEM) as session:
        contacts = session.registry.record_type("contacts")
        firms = session.registry.record_type("counterparties")
        holding = {"display_name": "Holding", "industry": "Trade", "founded": 1999}
        top = service.create_record(session, firms, holding).id
        part = {"display_name": "Acme; Sons", "parent": str(top), "revenue": "1100.04"}
        service.create_record(session, firms, part)
        boss: Any = None
        for data in PEOPLE:
            place = {"organisation": str(top), "title": "Clerk", "from": "2020-01-01"}
            more = {"affiliations": [{**place, "reports_to": str(boss)}]} if boss else {}
            made = service.create_record(session, contacts, {**data, **more}).id
            boss = boss or made


def plain(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records without what belongs to one site."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: bare(inner)
                for key, inner in value.items()
                if key not in APART and key not in ("label", "class", "functions")
            }
        return [bare(each) for each in value] if isinstance(value, list) else value

    return sorted((bare(each) for each in records), key=lambda each: str(each["display_name"]))


def export(transfer: Transfer, path: str, file: Path, **more: Any) -> int:
    rtype = transfer.site.registry.record_type(path)
    query = more.pop("query", Query())
    return export_file(transfer.site, SYSTEM, rtype, file, query, **more)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".json"])
def test_what_was_exported_is_the_same_after_an_import(
    transfer: Transfer, new_site: Any, tmp_path: Path, suffix: str
) -> None:
    fill(transfer)
    firms, people = tmp_path / f"firms{suffix}", tmp_path / f"people{suffix}"
    only_firms = Query(filter={"field": "kind", "op": "eq", "value": "organisation"})
    try:
        export(transfer, "counterparties", firms, query=only_firms)
    except Invalid:
        export(transfer, "counterparties", firms)
    assert export(transfer, "contacts", people) == len(PEOPLE)
    copy = Transfer(new_site(transfer.site.database.dialect), tmp_path)
    copy.run("contacts", people)
    copy.run("counterparties", firms, on_duplicate="skip")
    assert plain(copy.all("contacts")) == plain(transfer.all("contacts"))


def test_cards_are_read_again(transfer: Transfer, new_site: Any, tmp_path: Path) -> None:
    fill(transfer)
    file = tmp_path / "people.vcf"
    assert export(transfer, "contacts", file) == len(PEOPLE)
    copy = Transfer(new_site(transfer.site.database.dialect), tmp_path)
    assert copy.run("contacts", file).counts["created"] == len(PEOPLE)
    anna = copy.one("contacts", "Anna Petrova")
    before = transfer.one("contacts", "Anna Petrova")
    # A card names what is preferred first, of whatever kind.
    assert sorted(map(str, plain([anna])[0]["points"])) == sorted(
        map(str, plain([before])[0]["points"])
    )
    assert anna["addresses"][0]["country"] == "UA"


def test_no_cell_begins_a_formula(transfer: Transfer, tmp_path: Path) -> None:
    fill(transfer)
    file = tmp_path / "people.csv"
    export(transfer, "contacts", file)
    with file.open(newline="", encoding="utf-8-sig") as opened:
        cells = [cell for row in csv.reader(opened) for cell in row]
    assert not [cell for cell in cells if cell.strip()[:1] in tuple("=+@-")]


def test_columns_filter_and_order_are_those_of_the_list(transfer: Transfer, tmp_path: Path) -> None:
    fill(transfer)
    file = tmp_path / "people.csv"
    query = Query(filter=parse_filters(["family[contains]=petr"]), sort=("-display_name",))
    rows = export(transfer, "contacts", file, query=query, columns=("family", "email", "roles"))
    assert rows == 1
    with file.open(newline="", encoding="utf-8-sig") as opened:
        table = list(csv.reader(opened))
    assert table == [
        ["family", "email", "role"],
        ["Petrova", "anna@example.org, anna@second.example", "client, partner"],
    ]
    for wrong in (("nothing",), ("email", "hello.score")):
        with pytest.raises(Invalid):
            export(transfer, "contacts", file, columns=wrong)


def test_long_lists_are_complete_and_in_order(transfer: Transfer, tmp_path: Path) -> None:
    with transfer.site.write(SYSTEM) as session:
        rtype = session.registry.record_type("branches")
        for number in range(450):
            service.create_record(session, rtype, {"name": f"Branch {number:03}"})
    file = tmp_path / "branches.json"
    assert export(transfer, "branches", file) == 451
    names = [each["name"] for each in json.loads(file.read_text(encoding="utf-8"))]
    assert names == sorted(names)
    assert len(set(names)) == 451


def test_an_export_is_noted_with_its_number_of_rows(transfer: Transfer, tmp_path: Path) -> None:
    fill(transfer)
    export(transfer, "contacts", tmp_path / "people.csv")
    table: Any = ChangeRow.__table__
    with transfer.site.database.read_engine.connect() as connection:
        noted = connection.execute(table.select().where(table.c.entity == "export"))
        (row,) = noted.mappings().all()
    assert (row["verb"], row["principal_name"]) == ("export", "test")
    assert row["diff"]["rows"] == [None, len(PEOPLE)]
    assert row["diff"]["type"] == [None, "contacts"]


def test_who_may_not_export_is_refused(company: Any, tmp_path: Path) -> None:
    site: Site = company.site
    rtype = site.registry.record_type("contacts")
    file = tmp_path / "people.csv"
    with pytest.raises(Forbidden):
        export_file(site, company.principal("assistant"), rtype, file, Query())
    assert not file.exists()
    rows = export_file(site, company.principal("manager"), rtype, file, Query())
    with site.read(company.principal("manager")) as session:
        seen = service.list_records(session, rtype, Query(total=True)).total
    assert rows == seen
