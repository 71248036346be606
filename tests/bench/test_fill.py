"""What the bench writes straight into the tables is what the record service writes."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select

from kontora import clock
from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.records.models import SearchWord
from kontora_sdk.testing.sites import SiteMaker
from tests.bench import company, crowd, fill

NUMBERS = range(120)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_the_rows_are_those_of_the_record_service(
    engine: str, kontora_site_maker: SiteMaker, tmp_path: Path
) -> None:
    (tmp_path / "filled").mkdir()
    (tmp_path / "served").mkdir()
    with (
        kontora_site_maker.site(engine, (), tmp_path / "filled") as filled,
        kontora_site_maker.site(engine, (), tmp_path / "served") as served,
    ):
        with clock.frozen(NOW):
            fill.fill(filled, company.found_company(filled).owners, NUMBERS)
            _serve(served, company.found_company(served).owners)
        _compare(filled, served)


def _compare(filled: Site, served: Site) -> None:
    for table in fill.TABLES:
        mine, theirs = _rows(filled, table), _rows(served, table)
        assert mine, f"{table.name} has no rows, so nothing is compared"
        assert mine == theirs, table.name


def _serve(site: Site, owners: list[fill.Owner]) -> None:
    """The same parties and activities through the record service."""
    firm = ""
    for number in NUMBERS:
        owner = owners[number // crowd.FIRM % len(owners)]
        own: dict[str, Any] = {"owner": str(owner.user), "branch": str(owner.branch)}
        with site.write(system("bench")) as session:
            types = session.registry.record_types
            rtype = types["counterparties" if crowd.is_firm(number) else "contacts"]
            party = str(service.create_record(session, rtype, crowd.party(number, firm) | own).id)
            firm = party if crowd.is_firm(number) else firm
            if crowd.has_activities(number):
                later = (NOW + timedelta(days=7)).isoformat()
                for state, due in (("done", None), ("planned", later)):
                    given: dict[str, Any] = {
                        "kind": "call",
                        "subject": f"Call {state}",
                        "state": state,
                    }
                    given |= {"parties": [party], **own} | ({"due_at": due} if due else {})
                    service.create_record(session, types["activities"], given)


def _rows(site: Site, table: Table) -> list[Any]:
    """All rows, with the name of a record or the text of a word where its id stands."""
    with site.database.read_engine.connect() as connection:
        names = _names(connection)
        rows = connection.execute(select(table)).mappings().all()
    own = {"id"} if "id" in table.columns else set()
    return sorted(
        [{key: _shown(key, value, names) for key, value in row.items() if key not in own}
         for row in rows],
        key=repr,
    )  # fmt: skip


def _shown(key: str, value: Any, names: dict[Any, str]) -> Any:
    if isinstance(value, uuid.UUID) or key == "word_id":
        return names[value]
    return value


def _names(connection: Any) -> dict[Any, str]:
    found: dict[Any, str] = {}
    for model in fill.NAMED:
        table: Any = model.__table__
        title = next(name for name in ("display_name", "name", "subject") if name in table.columns)
        found |= {row[0]: row[1] for row in connection.execute(select(table.c.id, table.c[title]))}
    word: Any = SearchWord.__table__
    return found | {row.id: row.word for row in connection.execute(select(word))}
