"""What becomes of single rows: keys, duplicates, links, values that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_transfer import SYSTEM, Transfer, counts

from kontora.errors import Forbidden, Invalid
from kontora.records.models import ExternalKey, ReviewItem
from kontora.records.transfer.assembled import ImportOptions
from kontora.records.transfer.run import start


def test_a_key_of_another_system_updates_whatever_is_said(transfer: Any) -> None:
    heads = ["external.old", "given", "family", "email", "tag"]
    transfer.rows("contacts", heads, ["1", "Anna", "Petrova", "anna@example.org", "a"])
    run = transfer.rows(
        "contacts", heads, ["1", "Anna", "Ivanova", "anna@new.example", "b"], on_duplicate="skip"
    )
    assert counts(run) == (0, 1, 0, 0)
    (anna,) = transfer.all("contacts")
    assert anna["family"] == "Ivanova"
    assert [each["value"] for each in anna["points"]] == ["anna@example.org", "anna@new.example"]
    assert anna["tags"] == ["a", "b"]
    assert anna["external"] == {"old": "1"}


def test_the_same_file_again_changes_nothing(transfer: Any) -> None:
    heads = ["external.old", "given", "phone", "organisation", "title", "address.country", "role"]
    row = ["7", "Anna", "+380501234567", "Acme", "Director", "UA", "client"]
    transfer.rows("contacts", heads, row)
    before = transfer.all("contacts")
    transfer.rows("contacts", heads, row)
    assert transfer.all("contacts") == before
    assert [each["display_name"] for each in transfer.all("counterparties")] == ["Acme", "Anna"]


def test_rows_with_different_keys_are_never_joined(transfer: Any) -> None:
    heads = ["external.old", "given", "email"]
    rows = [["1", "Anna", "same@example.org"], ["2", "Anna", "same@example.org"]]
    for _again in range(2):
        transfer.rows("contacts", heads, *rows, on_duplicate="update")
    assert len(transfer.all("contacts")) == 2


def test_a_likely_duplicate_goes_into_the_review_queue(transfer: Any) -> None:
    transfer.rows("contacts", ["given", "email"], ["Anna", "anna@example.org"])
    run = transfer.rows("contacts", ["given", "email"], ["Ann", "ANNA@example.org"])
    assert counts(run) == (1, 0, 0, 0)
    table: Any = ReviewItem.__table__
    with transfer.site.database.read_engine.connect() as connection:
        (row,) = connection.execute(table.select()).mappings().all()
    names = {each["id"]: each["display_name"] for each in transfer.all("contacts")}
    assert (names[str(row["a_id"])], names[str(row["b_id"])]) == ("Anna", "Ann")
    assert (row["reason"], row["state"]) == ("same email", "open")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("skip", (0, 0, 1, 0)), ("update", (0, 1, 0, 0)), ("ask", (0, 0, 0, 1))],
)
@pytest.mark.parametrize(
    ("heads", "row"),
    [
        (["given", "email"], ["Ann", "anna@example.org"]),
        (["given", "phone"], ["Ann", "+380 50 123 45 67"]),
        (["given", "identifier.inn"], ["Ann", "7707083893"]),
    ],
)
def test_known_rows_are_skipped_updated_or_asked_about(
    transfer: Any, wanted: str, expected: tuple[int, ...], heads: list[str], row: list[str]
) -> None:
    all_heads = ["given", "email", "phone", "identifier.inn"]
    transfer.rows(
        "contacts", all_heads, ["Anna", "anna@example.org", "+380501234567", "7707083893"]
    )
    assert counts(transfer.rows("contacts", heads, row, on_duplicate=wanted)) == expected
    (anna,) = transfer.all("contacts")
    assert anna["given"] == ("Ann" if wanted == "update" else "Anna")


def test_a_name_alone_joins_nobody(transfer: Any) -> None:
    for _again in range(2):
        transfer.rows("contacts", ["given", "family"], ["Anna", "Petrova"], on_duplicate="update")
    assert len(transfer.all("contacts")) == 2


def test_unreadable_values_are_left_out_and_the_row_stays(transfer: Any) -> None:
    heads = ["given", "email", "phone", "birth_date", "gender", "identifier.inn", "role"]
    row = ["Anna", "nobody", "call me", "soon", "x", "7707083894", "king"]
    run = transfer.rows("contacts", heads, row)
    assert counts(run) == (1, 0, 0, 0)
    left_out = {(i[1], i[2]) for i in transfer.issues(run) if i[3] == "left_out"}
    assert left_out == set(zip(heads[1:], row[1:], strict=True))
    (anna,) = transfer.all("contacts")
    assert (anna["given"], anna["points"], anna["identifiers"]) == ("Anna", [], [])


def test_only_a_missing_required_field_refuses_a_row(transfer: Any) -> None:
    run = transfer.rows(
        "contacts",
        ["given", "phone", "notes"],
        ["", "+380501234567", ""],
        ["", "not a number", ""],
        ["", "", "Met at the fair"],
    )
    assert counts(run) == (2, 0, 0, 1)
    mending = Path(transfer.site.settings.home) / "imports" / str(run.id) / "to-mend.csv"
    text = mending.read_text(encoding="utf-8-sig")
    assert text.count("\n") == 2
    assert "not a number" in text


def test_a_mended_file_is_imported_again(transfer: Any) -> None:
    heads = {"Firm": "display_name", "Sector": "industry"}
    file = transfer.file(list(heads), ["", "Trade"], ["Acme", "Mining"])
    run = transfer.run("counterparties", file, heads)
    mending = Path(transfer.site.settings.home) / "imports" / str(run.id) / "to-mend.csv"
    text = mending.read_text(encoding="utf-8-sig").replace("\n,Trade", "\nBeta,Trade")
    mended = transfer.folder / "mended.csv"
    mended.write_text(text, encoding="utf-8")
    assert counts(transfer.run("counterparties", mended, heads)) == (1, 0, 0, 0)
    assert transfer.one("counterparties", "Beta")["industry"] == "Trade"


def test_unknown_schemes_are_kept_and_countries_as_they_were_written(transfer: Any) -> None:
    heads = ["given", "identifier.loyalty", "address.country"]
    run = transfer.rows("contacts", heads, ["Anna", "A-17 ", "Lilliput"])
    (anna,) = transfer.all("contacts")
    assert anna["identifiers"][0]["scheme"] == "loyalty"
    assert anna["identifiers"][0]["value"] == "A-17"
    assert anna["addresses"][0]["country"] == "Lilliput"
    assert any(issue[1] == "address.country" for issue in transfer.issues(run))


def test_parents_are_found_by_key_and_by_name_wherever_they_stand(transfer: Any) -> None:
    run = transfer.rows(
        "counterparties",
        ["external.erp", "display_name", "parent"],
        ["1", "Shop", "9"],
        ["2", "Depot", "Holding"],
        ["3", "Twin", ""],
        ["4", "Twin", ""],
        ["5", "Lost", "Twin"],
        ["6", "Orphan", "Nowhere"],
        ["9", "Holding", ""],
    )
    assert counts(run) == (7, 0, 0, 0)
    assert transfer.one("counterparties", "Shop")["parent"]["name"] == "Holding"
    assert transfer.one("counterparties", "Depot")["parent"]["name"] == "Holding"
    assert transfer.one("counterparties", "Lost")["parent"] is None
    assert [i[:3] for i in transfer.issues(run)] == [
        (5, "parent", "Twin"),
        (6, "parent", "Nowhere"),
    ]
    assert all(not each.startswith("import:") for each in keys(transfer))


def keys(transfer: Any) -> set[str]:
    """The systems of all keys."""
    table: Any = ExternalKey.__table__
    with transfer.site.database.read_engine.connect() as connection:
        return {row.system for row in connection.execute(table.select())}


def test_only_organisations_are_made_when_they_are_missing(transfer: Any) -> None:
    run = transfer.rows(
        "contacts",
        ["given", "organisation", "title", "reports_to", "owner", "branch"],
        ["Anna", "Acme", "Director", "", "", ""],
        ["Boris", "Acme", "Clerk", "Anna", "nobody@example.org", "Mars"],
        ["Clara", "", "Adviser", "Zed", "", ""],
    )
    assert counts(run) == (3, 0, 0, 0)
    boris = transfer.one("contacts", "Boris")["affiliations"][0]
    assert (boris["organisation"]["name"], boris["reports_to"]["name"]) == ("Acme", "Anna")
    clara = transfer.one("contacts", "Clara")["affiliations"][0]
    assert (clara["organisation"], clara["title"], clara["reports_to"]) == (None, "Adviser", None)
    left = {(i[0], i[1]) for i in transfer.issues(run) if i[3] == "left_out"}
    assert left == {(2, "owner"), (2, "branch"), (3, "reports_to")}
    assert len(transfer.all("counterparties")) == 1


def test_own_fields_are_made_by_the_system_and_typed_as_text(transfer: Any) -> None:
    run = transfer.rows("contacts", ["given", "custom.shoe_size"], ["Anna", "38"])
    assert transfer.one("contacts", "Anna")["custom"] == {"shoe_size": "38"}
    assert (0, "custom.shoe_size", "", "changed") in transfer.issues(run)


def test_users_teams_and_branches(transfer: Any) -> None:
    transfer.rows("branches", ["name", "parent"], ["Lviv", "West"], ["West", "Head office"])
    assert transfer.one("branches", "Lviv")["parent"]["name"] == "West"
    transfer.rows("users", ["name", "branch"], ["Dustin Brinkmann", "Lviv"])
    transfer.rows("teams", ["name", "branch", "head"], ["Sales", "Lviv", "Dustin Brinkmann"])
    run = transfer.rows(
        "users",
        ["name", "email", "team", "branch", "role"],
        ["Anna", "anna@example.org", "Sales", "", "manager"],
        ["Boris", "", "Sales", "Lviv", ""],
        ["Clara", "clara@example.org", "None such", "", "king"],
    )
    assert counts(run) == (3, 0, 0, 0)
    anna = transfer.one("users", "Anna")
    assert (anna["roles"], anna["branch"]["name"]) == (["manager"], "Head office")
    assert [each["name"] for each in anna["teams"]] == ["Sales"]
    assert transfer.one("teams", "Sales")["head"]["name"] == "Dustin Brinkmann"
    again = transfer.rows("users", ["name", "email"], ["Anna", "anna@example.org"], ["Boris", ""])
    assert counts(again) == (0, 0, 2, 0)


def test_activities_know_their_parties(transfer: Any) -> None:
    transfer.rows("contacts", ["given", "email", "external.crm"], ["Anna", "a@example.org", "17"])
    transfer.rows("counterparties", ["display_name"], ["Acme"])
    run = transfer.rows(
        "activities",
        ["kind", "subject", "party", "done_at"],
        ["call", "First", "a@example.org; Acme", "2024-03-01 10:00"],
        ["Meeting", "Second", "17", "2024-03-02"],
        ["", "No kind", "17", ""],
    )
    assert counts(run) == (2, 0, 0, 1)
    first = transfer.one("activities", "First")
    assert [each["name"] for each in first["parties"]] == ["Anna", "Acme"]
    assert first["state"] == "done"


def test_historic_records_are_dated_back(transfer: Any) -> None:
    heads = ["given", "created_at"]
    transfer.rows("contacts", heads, ["Anna", "2011-05-06"], historic=True)
    assert transfer.one("contacts", "Anna")["created_at"].startswith("2011-05-06")
    transfer.rows("contacts", heads, ["Boris", "2011-05-06"])
    assert not transfer.one("contacts", "Boris")["created_at"].startswith("2011")


@pytest.mark.parametrize(
    ("mapping", "path"),
    [
        ({"Name": "surname"}, "mapping.Name"),
        ({"Nome": "family"}, "mapping.Nome"),
        ({}, "mapping"),
    ],
)
def test_a_wrong_mapping_is_refused(transfer: Any, mapping: dict[str, str], path: str) -> None:
    file = transfer.file(["Name"], ["Petrova"])
    rtype = transfer.site.registry.record_type("contacts")
    with pytest.raises(Invalid) as caught:
        start(transfer.site, SYSTEM, rtype, file, ImportOptions(mapping=mapping))
    assert path in caught.value.errors


@pytest.mark.parametrize("content", ["", "\n\n", "given,family\n"])
def test_an_empty_file_is_refused(transfer: Any, content: str) -> None:
    file = transfer.folder / "empty.csv"
    file.write_text(content)
    with pytest.raises(Invalid):
        transfer.run("contacts", file)


def test_a_file_that_is_something_else_is_refused(transfer: Any) -> None:
    for name in ("picture.xlsx", "cards.vcf", "list.json"):
        file = transfer.folder / name
        file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
        with pytest.raises(Invalid):
            transfer.run("contacts", file)
    assert transfer.all("contacts") == []


def test_huge_cells_are_left_out(transfer: Any) -> None:
    run = transfer.rows("contacts", ["given", "family"], ["Anna", "x" * 300], ["y" * 70_000, "Z"])
    assert counts(run) == (2, 0, 0, 0)
    assert sorted(each["display_name"] for each in transfer.all("contacts")) == ["Anna", "Z"]


def test_who_may_not_import_is_refused(company: Any, tmp_path: Path) -> None:
    transfer = Transfer(company.site, tmp_path)
    file = transfer.file(["given"], ["Anna"])
    for role in ("manager", "assistant", "auditor"):
        with pytest.raises(Forbidden):
            transfer.run("contacts", file, principal=company.principal(role))


def test_an_unknown_own_field_needs_an_administrator(company: Any, tmp_path: Path) -> None:
    transfer = Transfer(company.site, tmp_path)
    file = transfer.file(["given", "x"], ["Anna", "1"])
    with pytest.raises(Forbidden):
        mapping = {"given": "given", "x": "custom.unheard_of"}
        transfer.run("contacts", file, mapping, principal=company.principal("branch_manager"))


def test_people_and_firms_stand_in_one_file_of_counterparties(transfer: Any) -> None:
    run = transfer.rows(
        "counterparties",
        ["given", "family", "organisation", "industry", "title"],
        ["Anna", "Petrova", "Acme", "", "Director"],
        ["Boris", "", "", "", ""],
        ["", "", "Beta", "Trade", ""],
    )
    assert counts(run) == (3, 0, 0, 0)
    kinds = {each["display_name"]: each["kind"] for each in transfer.all("counterparties")}
    assert kinds == {
        "Anna Petrova": "person",
        "Boris": "person",
        "Beta": "organisation",
        "Acme": "organisation",
    }
    anna = transfer.one("counterparties", "Anna Petrova")
    assert anna["affiliations"][0]["organisation"]["name"] == "Acme"
    assert anna["roles"][0]["role"] == "prospect"


def test_what_was_skipped_once_is_skipped_again(transfer: Any) -> None:
    transfer.rows("contacts", ["given", "email"], ["Anna", "anna@example.org"])
    for _again in range(2):
        run = transfer.rows(
            "contacts",
            ["external.old", "given", "email"],
            ["1", "Other", "anna@example.org"],
            on_duplicate="skip",
        )
        assert counts(run) == (0, 0, 1, 0)
    assert [each["given"] for each in transfer.all("contacts")] == ["Anna"]
