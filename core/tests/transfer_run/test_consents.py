"""Consents in columns of a file."""

from __future__ import annotations

from typing import Any

import pytest
from small_transfer import SYSTEM, Transfer

from kontora.parties import consents
from kontora.records.transfer.runs import issues_of

HEADS = [
    "display_name",
    "consent.marketing.email",
    "consent.marketing.email.from",
    "consent.marketing.email.to",
    "consent.marketing.email.basis",
    "consent.marketing.email.proof",
    "consent.newsletter.sms",
]
ROWS = (
    ["Anna Yes", "yes", "01.03.2020", "31.12.2098", "consent", "Form 17", "01.02.2021"],
    ["Boris No", "no", "", "", "", "", ""],
    ["Clara Odd", "perhaps", "", "", "", "", ""],
)


def ledger(transfer: Transfer, name: str) -> list[Any]:
    one = transfer.one("contacts", name)["id"]
    from uuid import UUID

    with transfer.site.read(SYSTEM) as session:
        return consents.history(session, UUID(one))[::-1]


@pytest.mark.parametrize("path", ["contacts", "counterparties"])
def test_a_file_brings_consents_with_basis_days_and_proof(transfer: Transfer, path: str) -> None:
    run = transfer.rows(path, HEADS, *ROWS)
    assert run.counts["created"] == 3
    with transfer.site.read(SYSTEM) as session:
        told = [(each.column, each.value) for each in issues_of(session, run.id)]
    assert ("consent.marketing.email", "perhaps") in told
    if path == "counterparties":
        return
    first, second = ledger(transfer, "Anna Yes")
    assert (first.purpose, first.channel, first.state) == ("marketing", "email", "given")
    assert (first.basis, first.proof) == ("consent", "Form 17")
    assert first.valid_from.isoformat() == "2020-03-01T00:00:00+00:00"
    assert first.valid_to is not None and first.valid_to.isoformat()[:10] == "2099-01-01"
    assert first.source == f"import:{run.id}"
    assert (second.purpose, second.valid_from.date().isoformat()) == ("newsletter", "2021-02-01")
    assert [each.state for each in ledger(transfer, "Boris No")] == ["withdrawn"]
    assert ledger(transfer, "Clara Odd") == []


def test_what_stands_in_the_ledger_is_not_written_twice(transfer: Transfer) -> None:
    heads = ["external.old", *HEADS]
    rows = [[f"k{number}", *row] for number, row in enumerate(ROWS)]
    for _time in range(2):
        transfer.rows("contacts", heads, *rows)
    assert len(ledger(transfer, "Anna Yes")) == 2
    transfer.rows("contacts", ["external.old", "consent.marketing.email"], ["k0", "no"])
    assert [each.state for each in ledger(transfer, "Anna Yes")] == ["given", "given", "withdrawn"]


def test_unknown_purposes_and_channels_are_named(transfer: Transfer) -> None:
    heads = ["display_name", "consent.spam.email", "consent.marketing.pigeon", "consent.marketing"]
    run = transfer.rows("contacts", heads, ["Anna", "yes", "yes", "yes"])
    with transfer.site.read(SYSTEM) as session:
        told = {each.column: str(each.reason) for each in issues_of(session, run.id)}
    assert run.counts["created"] == 1
    assert "“spam” is no purpose" in told["consent.spam.email"]
    assert "“pigeon” is no channel" in told["consent.marketing.pigeon"]
    assert "consent.<purpose>.<channel>" in told["consent.marketing"]
