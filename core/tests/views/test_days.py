"""A day in a filter is a day of the reader, not of Greenwich."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from kontora import clock
from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.records.service import Query
from kontora_sdk.testing.people import make_party, make_user


@pytest.mark.parametrize(
    ("zone", "op", "found"),
    [
        ("UTC", "eq", ["Evening"]),
        ("Europe/Moscow", "eq", []),
        ("America/New_York", "eq", ["Evening", "Night"]),
        ("UTC", "ge", ["Evening", "Night"]),
        ("Europe/Moscow", "gt", ["Evening", "Night"]),
        ("UTC", "le", ["Evening"]),
        ("America/New_York", "lt", []),
        ("UTC", "ne", ["Night"]),
        ("Nowhere/At all", "eq", ["Evening"]),
    ],
)
def test_a_day_begins_and_ends_where_the_reader_lives(
    site: Site, zone: str, op: str, found: list[str]
) -> None:
    with clock.frozen(datetime(2026, 3, 1, 21, 30, tzinfo=UTC)):
        make_party(site, None, {"family": "Evening"})
    with clock.frozen(datetime(2026, 3, 2, 3, 0, tzinfo=UTC)):
        make_party(site, None, {"family": "Night"})
    reader = replace(make_user(site, "head"), timezone=zone)
    leaf: dict[str, Any] = {"field": "created_at", "op": op, "value": "2026-03-01"}
    with site.read(reader) as session:
        contacts = site.registry.record_type("contacts")
        page = service.list_records(session, contacts, Query(filter=leaf))
    assert [each["display_name"] for each in page.items] == found


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("op", ["eq", "le", "gt"])
def test_the_first_and_the_last_day_there_is_do_not_fail(
    site: Site, day: str, zone: str, op: str
) -> None:
    with site.read(replace(system("test"), timezone=zone)) as session:
        contacts = site.registry.record_type("contacts")
        leaf = {"field": "created_at", "op": op, "value": day}
        service.list_records(session, contacts, Query(filter=leaf))
