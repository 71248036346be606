"""The real input of the second issue is in the system after an import."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pysqlite3
import pytest

ACCOUNTS = {
    "account": "display_name",
    "sector": "industry",
    "year_established": "founded",
    "revenue": "revenue",
    "employees": "employees",
    "office_location": "address.country",
    "subsidiary_of": "parent",
}
PERSON = {
    "FirstName": "given",
    "LastName": "family",
    "Email": "email",
    "Phone": "phone",
    "Fax": "fax",
    "Address": "address.street",
    "City": "address.locality",
    "State": "address.region",
    "Country": "address.country",
    "PostalCode": "address.postcode",
}


@pytest.mark.parametrize("mapping", [None, ACCOUNTS], ids=["by guess", "by mapping file"])
def test_accounts_come_with_their_parents(
    transfer: Any, shared_data: Path, mapping: dict[str, str] | None
) -> None:
    file = shared_data / "sales" / "crm_sales_opportunities" / "accounts.csv"
    run = transfer.run("counterparties", file, mapping)
    assert run.counts["created"] == 85
    firms = [each for each in transfer.all("counterparties") if each["kind"] == "organisation"]
    assert len(firms) == 85
    parents = {each["display_name"]: each["parent"]["name"] for each in firms if each["parent"]}
    assert len(parents) == 15
    with file.open(newline="", encoding="utf-8") as opened:
        expected = {
            row["account"]: row["subsidiary_of"]
            for row in csv.DictReader(opened)
            if row["subsidiary_of"]
        }
    assert parents == expected
    reported = [issue for issue in transfer.issues(run) if "Philipines" in issue[2]]
    assert reported, "a country that does not exist is told of"


def test_all_cards_become_contacts(transfer: Any, data: Path) -> None:
    files = sorted((data / "vcard").glob("*.vcf"))
    assert len(files) == 7
    runs = [transfer.run("contacts", file) for file in files]
    assert sum(run.counts["created"] for run in runs) == 13
    assert sum(run.counts["refused"] for run in runs) == 0
    contacts = transfer.all("contacts")
    assert len(contacts) == 13
    frank = next(each for each in contacts if each["display_name"] == "Frank Dawson")
    assert frank["affiliations"][0]["organisation"]["name"] == "Lotus Development Corporation"


@pytest.mark.parametrize("on_duplicate", ["create", "skip"])
def test_five_files_hold_the_same_two_contacts(
    transfer: Any, shared_data: Path, on_duplicate: str
) -> None:
    files = sorted((shared_data / "contacts" / "csv").glob("*.csv"))
    assert len(files) == 5
    for file in files:
        transfer.run("contacts", file, on_duplicate=on_duplicate)
    contacts = transfer.all("contacts")
    mails = [each["points"][0]["value"] for each in contacts]
    assert sorted(set(mails)) == ["jane@doe.invalid", "john@doe.invalid"]
    assert len(contacts) == (10 if on_duplicate == "create" else 2)


def table_of(shared: Path, name: str, folder: Path) -> Path:
    """A table of the sample business as CSV."""
    source = f"file:{shared / 'sample_business' / 'chinook.sqlite'}?mode=ro"
    connection = pysqlite3.connect(source, uri=True)
    found = connection.execute(f"SELECT * FROM {name}")
    path = folder / f"{name}.csv"
    with path.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow([each[0] for each in found.description])
        writer.writerows(found)
    connection.close()
    return path


def test_a_sample_business_with_agents_and_superiors(
    transfer: Any, shared_data: Path, tmp_path: Path
) -> None:
    employees = table_of(shared_data, "Employee", tmp_path)
    customers = table_of(shared_data, "Customer", tmp_path)
    users = {
        "EmployeeId": "external.chinook",
        "FirstName": "name",
        "LastName": "name",
        "Email": "email",
    }
    assert transfer.run("users", employees, users).counts["created"] == 8
    known = {each["name"] for each in transfer.all("users")}
    assert "Jane Peacock" in known
    staff = {
        **PERSON,
        "EmployeeId": "external.staff",
        "Title": "title",
        "ReportsTo": "reports_to",
        "BirthDate": "birth_date",
        "HireDate": "affiliation.from",
    }
    assert transfer.run("contacts", employees, staff).counts["created"] == 8
    people = transfer.all("contacts")
    heads = {
        each["display_name"]: (each["affiliations"][0]["reports_to"] or {}).get("name")
        for each in people
    }
    assert heads == {
        "Andrew Adams": None,
        "Nancy Edwards": "Andrew Adams",
        "Jane Peacock": "Nancy Edwards",
        "Margaret Park": "Nancy Edwards",
        "Steve Johnson": "Nancy Edwards",
        "Michael Mitchell": "Andrew Adams",
        "Robert King": "Michael Mitchell",
        "Laura Callahan": "Michael Mitchell",
    }
    jane = next(each for each in people if each["display_name"] == "Jane Peacock")
    assert jane["affiliations"][0]["title"] == "Sales Support Agent"
    assert jane["affiliations"][0]["from"] == "2002-04-01"
    buyers = {
        **PERSON,
        "CustomerId": "external.customer",
        "Company": "organisation",
        "SupportRepId": "owner",
    }
    assert transfer.run("contacts", customers, buyers).counts["created"] == 59
    owned = [each["owner"]["name"] for each in transfer.all("contacts") if each["owner"]]
    agents = {name: owned.count(name) for name in set(owned)}
    assert agents == {"Jane Peacock": 21, "Margaret Park": 20, "Steve Johnson": 18}
    again = transfer.run("contacts", customers, buyers)
    assert (again.counts["created"], again.counts["updated"]) == (0, 59)
    assert len(transfer.all("contacts")) == 67


def test_customers_by_guess_keep_their_regions(
    transfer: Any, shared_data: Path, tmp_path: Path
) -> None:
    customers = table_of(shared_data, "Customer", tmp_path)
    run = transfer.run("contacts", customers)
    assert run.counts["created"] == 59
    regions = {each["addresses"][0].get("region") for each in transfer.all("contacts")}
    assert {"SP", "QC", "CA"} <= regions


def test_phone_numbers_as_people_type_them(transfer: Any, data: Path) -> None:
    """99 % of the numbers, with the country in a column of its own."""
    with (data / "identifiers" / "phone_vectors.tsv").open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened, delimiter="\t"))
    sample = rows[::4]
    run = transfer.rows(
        "contacts",
        ["display_name", "address.country", "phone"],
        *([f"Number {n:05}", row["default_region"], row["input"]] for n, row in enumerate(sample)),
    )
    assert run.counts["created"] == len(sample)
    found = {each["display_name"]: each for each in transfer.all("contacts")}
    right = 0
    for number, row in enumerate(sample):
        points = found[f"Number {number:05}"]["points"]
        value = points[0]["value"].partition(";")[0] if points else ""
        right += value == row["expected_e164"]
    assert right >= 0.99 * len(sample), f"{right} of {len(sample)}"


def test_company_numbers_are_checked(transfer: Any, shared_data: Path) -> None:
    with (shared_data / "identifiers" / "company_id_vectors.tsv").open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened, delimiter="\t"))
    schemes = sorted({row["scheme"] for row in rows})
    cells = [
        [f"Firm {n}", *(row["number"] if row["scheme"] == each else "" for each in schemes)]
        for n, row in enumerate(rows)
    ]
    heads = ["display_name", *(f"identifier.{each.lower()}" for each in schemes)]
    run = transfer.rows("counterparties", heads, *cells)
    assert run.counts["created"] == len(rows)
    firms = {each["display_name"]: each["identifiers"] for each in transfer.all("counterparties")}
    for number, row in enumerate(rows):
        kept = bool(firms[f"Firm {number}"])
        assert kept == (row["valid"] in ("yes", "true", "1")), row
