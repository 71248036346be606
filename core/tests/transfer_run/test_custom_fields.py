"""Fields of administrators in a file: found by their labels, reported in words."""

from __future__ import annotations

from typing import Any

import pytest
from small_transfer import SYSTEM, Transfer

from kontora.access.principal import system
from kontora.records.custom import define
from kontora.records.transfer.runs import Run, issues_of


def make(transfer: Transfer, **data: Any) -> None:
    with transfer.site.write(define.elevated(system("admin"))) as session:
        define.create(session, "party", data)


def notes(transfer: Transfer, run: Run) -> list[tuple[str, str, str, str]]:
    with transfer.site.read(SYSTEM) as session:
        found = list(issues_of(session, run.id))
    return [(each.column, each.value, each.new_value, str(each.reason)) for each in found]


@pytest.fixture
def sized(transfer: Transfer) -> Transfer:
    make(transfer, key="size", label="Size 1", type="integer", required=True)
    make(transfer, key="other", label="Size 2", type="integer", required=True)
    make(transfer, key="budget", label="Budget", type="money")
    return transfer


def test_labels_that_differ_by_a_number_only_are_two_columns(sized: Transfer) -> None:
    file = sized.file(["Given", "Size 1", "Size 2", "Budget"], ["Anna", "12", "13", "100 EUR"])
    run = sized.run("contacts", file)
    assert run.counts["created"] == 1, notes(sized, run)
    custom = sized.all("contacts")[0]["custom"]
    assert custom == {
        "size": 12,
        "other": 13,
        "budget": {"amount": "100.00", "currency": "EUR"},
    }


def test_a_mapping_file_takes_any_heading(sized: Transfer) -> None:
    file = sized.file(["Who", "a", "b"], ["Anna", "12", "13"])
    mapping = {"Who": "given", "a": "custom.size", "b": "custom.other"}
    assert sized.run("contacts", file, mapping).counts["created"] == 1


def test_what_is_said_of_a_value_is_said_in_words(sized: Transfer) -> None:
    rows = (
        ["Anna", "1", "2", "1 200,5 EUR"],
        ["Boris", "1", "2", "1.123456 EUR"],
        ["Cyril", "", "", ""],
    )
    run = sized.run("contacts", sized.file(["Given", "Size 1", "Size 2", "Budget"], *rows))
    told = notes(sized, run)
    assert "{" not in str(told)
    assert [each[:3] for each in told] == [
        ("Budget", "1 200,5 EUR", "1200.5 EUR"),
        ("Budget", "1.123456 EUR", ""),
        ("Size 1", "", ""),
        ("Size 2", "", ""),
    ]


def test_a_company_that_cannot_be_made_is_explained_by_the_label(sized: Transfer) -> None:
    heads = ["Given", "Company", "Size 1", "Size 2"]
    run = sized.run("contacts", sized.file(heads, ["Anna", "Firm", "1", "2"]))
    assert run.counts["created"] == 1
    assert "custom." not in str(notes(sized, run))
    assert "Size 1: " in str(notes(sized, run))
