"""Reports of core: each figure is what the list behind it shows, for everybody, on both engines."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest

from kontora import clock
from kontora.access.principal import Principal, system
from kontora.errors import Invalid
from kontora.lifecycle.site import Site
from kontora.records import report_files, reports, service
from kontora.records.custom import define
from kontora.records.service import Query
from kontora_sdk.testing.people import make_user

ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("counterparties", {}),
    ("counterparties", {"by": "role", "cross": "class"}),
    ("counterparties", {"by": "class", "role": "client"}),
    ("counterparties", {"by": "industry", "cross": "owner"}),
    ("counterparties", {"by": "custom.tier", "cross": "kind"}),
    ("counterparties", {"by": "tag", "cross": "branch"}),
    ("counterparties", {"by": "group"}),
    ("activity", {}),
    ("activity", {"by": "week", "cross": "kind"}),
    ("activity", {"by": "month", "cross": "owner", "period": "last_12_months"}),
    ("growth", {"period": "last_12_months"}),
    ("growth", {"period": "last_12_months", "step": "quarter", "role": "client", "days": 30}),
    ("completeness", {"show": "missing"}),
    ("completeness", {"show": "missing", "by": "owner", "role": "client"}),
    ("neglected", {}),
    ("neglected", {"by": "branch", "role": "dealer", "days": 10}),
)
IDS = ["-".join([name, *map(str, given.values())]) for name, given in ASKED]
_figures: dict[tuple[str, str], Any] = {}


@pytest.fixture(scope="module")
def site(here: Site) -> Site:
    here.made = _filled(here)
    return here


def _filled(site: Site) -> dict[str, Principal]:
    """Two branches, three users, and twelve counterparties that differ in every way counted."""
    people = {role: make_user(site, role) for role in ("head", "manager", "assistant")}
    other = make_user(site, "manager")
    with site.write(system("test")) as session:
        given = {"label": "Tier", "type": "choice", "options": ["gold", "tin"]}
        define.create(session, "party", {"key": "tier", **given})
    with site.write(system("test")) as session:

        def make(path: str, data: dict[str, Any]) -> UUID:
            rtype = session.registry.record_type(path)
            return service.create_record(session, rtype, data).id

        north = make("branches", {"name": "North"})
        today = clock.now().date()
        ids = []
        for n in range(12):
            role = {"role": ("client", "dealer", "partner")[n % 3], "class": "ABC"[n % 3]}
            if n % 4 == 0:
                role |= {"from": "2020-01-01", "to": (today - timedelta(days=20 * n)).isoformat()}
            data: dict[str, Any] = {
                "display_name": f"Firm {n}",
                "roles": [role, *([{"role": "supplier"}] if n % 5 == 0 else [])],
                "owner": str((people["manager"], other)[n % 2].user_id) if n % 3 else None,
                "branch": str(north) if n % 4 else None,
                "industry": ("trade", "Trade", "", None)[n % 4],
                "tags": ["vip"] if n % 2 else ["vip", "new"],
                "custom": {"tier": ("gold", "tin")[n % 2]} if n % 3 else {},
                "points": [{"kind": "email", "value": f"f{n}@example.org"}] if n % 2 else [],
                "addresses": [{"locality": "Lviv"}] if n % 3 else [],
            }
            ids.append(make("counterparties", data))
        group = make("groups", {"name": "Fair", "shared": True})
        rtype = session.registry.record_type("counterparties")
        for each in ids[:5]:
            service.change_record(session, rtype, each, {"groups": [str(group)]})
        for n in range(30):
            day = clock.now() - timedelta(days=7 * n)
            owner = (people["manager"], other)[n % 2]
            activity = {"kind": ("call", "visit", "note")[n % 3], "owner": str(owner.user_id)}
            state = {"state": "done", "done_at": day.isoformat(), "due_at": day.isoformat()}
            make("activities", {**activity, **state, "subject": "x", "parties": [str(ids[n % 9])]})
        soon = {"state": "planned", "due_at": (clock.now() + timedelta(days=3)).isoformat()}
        make("activities", {"kind": "call", "subject": "y", "parties": [str(ids[0])], **soon})
    return people


def _listed(session: Any, link: str) -> int:
    """How many records the list at this address shows."""
    parts = urlsplit(link)
    leaves = []
    for name, value in parse_qsl(parts.query):
        field, _bracket, op = name.rstrip("]").partition("[")
        leaves.append({"field": field, "op": op or "eq", "value": value})
    rtype = session.registry.record_type(parts.path.strip("/"))
    query = Query(filter={"and": leaves} if leaves else None, limit=1, total=True)
    found = service.list_records(session, rtype, query).total
    assert found is not None
    return found


@pytest.mark.parametrize(("report", "given"), ASKED, ids=IDS)
@pytest.mark.parametrize("who", ["head", "manager"])
def test_a_figure_leads_to_exactly_what_it_counts(
    site: Site, report: str, given: dict[str, Any], who: str
) -> None:
    with site.read(site.made[who]) as session:
        result = reports.result(session, report, given)
        names = [each.name for each in result.columns]
        seen = 0
        for row, links in zip(result.rows, result.links, strict=True):
            for name, link in links.items():
                assert _listed(session, link) == row[names.index(name)], (name, row, link)
                seen += 1
        assert seen or who == "manager"


@pytest.mark.parametrize(("report", "given"), ASKED, ids=IDS)
def test_both_engines_find_the_same(site: Site, report: str, given: dict[str, Any]) -> None:
    with site.read(site.made["head"]) as session:
        found = reports.run(session, report, given)["rows"]
    for row in found:  # users are named by number
        row[0] = str(row[0]).rstrip("0123456789")
    known = _figures.setdefault((report, str(given)), sorted(map(str, found)))
    assert known == sorted(map(str, found))


def test_who_sees_less_counts_less(site: Site) -> None:
    made = site.made
    totals = []
    for who in ("head", "manager"):
        with site.read(made[who]) as session:
            rows = reports.run(session, "counterparties", {"by": "kind"})["rows"]
            totals.append(sum(row[1] for row in rows))
    assert totals[0] == 12 and 0 < totals[1] < 12


def test_a_hidden_field_is_no_dimension_and_no_condition(site: Site) -> None:
    head = site.made["head"]
    hidden = frozenset({"roles", "industry", "last_contact", "custom.tier"})
    blind = replace(head, rights=replace(head.rights, hidden={"party": hidden}))
    with site.read(blind) as session:
        for by in ("role", "class", "industry", "custom.tier"):
            with pytest.raises(Invalid):
                reports.run(session, "counterparties", {"by": by})
        with pytest.raises(Invalid):
            reports.run(session, "counterparties", {"by": "kind", "role": "client"})
        names = [e["name"] for e in reports.run(session, "completeness", {})["columns"]]
        assert "industry" not in names and "contact" not in names and "email" in names
        assert "silent" not in [e["name"] for e in reports.run(session, "growth", {})["columns"]]


def test_a_week_is_that_of_the_reader(site: Site) -> None:
    head = replace(site.made["head"], timezone="Pacific/Auckland")
    with site.read(head) as session:
        result = reports.result(session, "activity", {"by": "week"})
        for row, links in zip(result.rows, result.links, strict=True):
            assert _listed(session, links["count"]) == row[1]


def test_a_period_that_makes_no_sense_is_refused(site: Site) -> None:
    with site.read(site.made["head"]) as session:
        for given in (
            {"period": "custom"},
            {"period": "custom", "from": "2026-03-02", "to": "2026-03-01"},
            {"period": "custom", "from": "2020-01-01", "to": "2026-03-01", "by": "day"},
            {"by": "owner", "cross": "owner"},
        ):
            with pytest.raises(Invalid):
                reports.run(session, "activity", given)


def test_users_and_branches_are_given_by_name_too(site: Site) -> None:
    with site.read(site.made["head"]) as session:
        by_name = reports.run(session, "counterparties", {"branch": "North"})
        assert by_name["rows"]
        with pytest.raises(Invalid):
            reports.run(session, "counterparties", {"branch": "No such"})


def test_no_cell_of_a_file_is_a_formula(site: Site) -> None:
    with site.write(system("test")) as session:
        rtype = session.registry.record_type("counterparties")
        data = {"display_name": "Evil", "industry": "=cmd|'/c calc'!A1"}
        evil = service.create_record(session, rtype, data).id
    with site.read(site.made["head"]) as session:
        result = reports.result(session, "counterparties", {"by": "industry"})
        made = report_files.made(session, result, "csv").decode("utf-8-sig")
    cells = [row[0] for row in csv.reader(io.StringIO(made))]
    assert any("cmd" in each for each in cells)
    assert not any(each.startswith("=") for each in cells)
    with site.write(system("test")) as session:
        service.delete_record(session, session.registry.record_type("counterparties"), evil)
