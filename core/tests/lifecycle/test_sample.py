"""The sample: small, in three languages, around today, and told from real records."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from kontora.access.models import SiteState
from kontora.access.principal import system
from kontora.lifecycle.sample import ACTIVITIES, FIRMS, PEOPLE, add_sample
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.records.service import Query


def test_the_sample_is_there_and_once_only(site: Site) -> None:
    assert add_sample(site) == len(FIRMS) + len(PEOPLE) + len(ACTIVITIES) == 48
    assert add_sample(site) == 0
    with site.read(system("test")) as session:
        types = site.registry.record_types

        def page(path: str, **query: Any) -> Any:
            return service.list_records(session, types[path], Query(limit=200, **query))

        assert len(page("contacts").items) == 15
        assert len(page("counterparties").items) == 10  # two people have a role
        assert {one["display_name"] for one in page("contacts", q="ґалаґан").items} == {
            "Оксана Ґалаґан"
        }
        activities = page("activities").items
        assert {one["state"] for one in activities} == {"planned", "done"}
        days = {one["due_at"] or one["done_at"] for one in activities}
        latest = (session.now + timedelta(days=15)).isoformat()
        assert max(days) < latest
        people = page("contacts", expand=("affiliations",)).items
        assert sum(any(a["reports_to"] for a in one["affiliations"]) for one in people) == 5


def test_its_records_are_known(site: Site) -> None:
    add_sample(site)
    table: Any = SiteState.__table__
    with site.read(system("test")) as session:
        kept = session.execute(
            select(table.c.value).where(table.c.key == "sample"),
            execution_options={"door": "administration"},
        ).scalar_one()
    assert (len(kept["party"]), len(kept["activity"])) == (23, 25)
