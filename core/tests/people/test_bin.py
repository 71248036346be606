"""What hangs on a record in the bin is out of sight like the record itself."""

from __future__ import annotations

import pytest
from small_company import Company
from sqlalchemy import select

from kontora.access.predicates import Predicates
from kontora.parties.models import Affiliation, Person


@pytest.mark.parametrize("role", ["administrator", "head", "manager", "auditor"])
def test_rows_of_a_record_in_the_bin_are_not_read(company: Company, role: str) -> None:
    gone, there = company.of("contacts", "deleted"), company.of("contacts", "team")
    assert company.may(role, "view", gone)
    statement = select(Person.given).where(Person.party_id.in_([gone.id, there.id]))
    with company.site.read(company.principal(role)) as session:
        assert session.scalars(statement).all() == ["canarypersonteam"]
        with session.with_deleted():
            assert len(session.scalars(statement).all()) == 2


def test_nor_are_rows_that_lead_to_one(company: Company) -> None:
    firm = company.of("counterparties", "deleted")
    statement = select(Affiliation.id).where(Affiliation.organisation_id == firm.id)
    with company.site.read(company.principal("head")) as session:
        assert session.scalars(statement).all() == []
        with session.with_deleted():
            assert len(session.scalars(statement).all()) == 1


def test_negative_control_without_the_rule_they_are_read(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = company.of("contacts", "deleted")
    monkeypatch.setattr(Predicates, "alive", lambda _self, _model: None)
    with company.site.read(company.principal("head")) as session:
        found = session.scalars(select(Person.given).where(Person.party_id == gone.id)).all()
    assert found == ["canarypersondeleted"]
