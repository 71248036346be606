"""Lists: a fixed number of statements, groups, filters in words, last contact, cells in place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from kontora import clock
from kontora.access.principal import Principal, system
from kontora.lifecycle.site import Site
from kontora.records import grouping, service
from kontora.records.service import Query
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import PersonClient, signed_in
from kontora_sdk.testing.people import make_user

MOST = 12  # statements of a list page with all that stands around it, whatever its rows


@pytest.fixture(scope="module")
def site(here: Site) -> Site:
    return here


@pytest.fixture(scope="module")
def head(site: Site) -> Principal:
    return make_user(site, "head")


@pytest.fixture(scope="module")
def client(site: Site, head: Principal) -> PersonClient:
    return signed_in(create_app(site), site, head)


@pytest.fixture(scope="module")
def firms(site: Site, head: Principal) -> list[UUID]:
    """60 clients and 5 prospects of two industries, one spoken with today, one long ago."""
    ids = [firm(site, head, number) for number in range(65)]
    talk(site, head, ids[0], days=0)
    talk(site, head, ids[1], days=120)
    plan(site, head, ids[2], days=3)
    return ids


def firm(site: Site, by: Principal, number: int) -> UUID:
    data = {
        "display_name": f"Firm {number:02}",
        "industry": "logistics" if number % 2 else "retail",
        "roles": [{"role": "client" if number < 60 else "prospect"}],
        "points": [{"kind": "email", "value": f"f{number}@example.org"}],
        "addresses": [{"locality": "Kola"}],
    }
    with site.write(by) as session:
        rtype = session.registry.record_type("counterparties")
        return service.create_record(session, rtype, data).id


def activity(site: Site, by: Principal, data: dict[str, Any]) -> UUID:
    with site.write(by) as session:
        rtype = session.registry.record_type("activities")
        return service.create_record(session, rtype, data).id


def talk(site: Site, by: Principal, party: UUID, *, days: int, kind: str = "call") -> UUID:
    at = (clock.now() - timedelta(days=days)).isoformat()
    data = {"kind": kind, "parties": [str(party)], "state": "done", "done_at": at}
    return activity(site, by, data)


def plan(site: Site, by: Principal, party: UUID, *, days: int) -> UUID:
    at = (clock.now() + timedelta(days=days)).isoformat()
    return activity(site, by, {"kind": "call", "parties": [str(party)], "due_at": at})


def found(site: Site, by: Principal, tree: Any, sort: tuple[str, ...] = ()) -> list[UUID]:
    with site.read(by) as session:
        rtype = session.registry.record_type("counterparties")
        return service.matching(session, rtype, Query(filter=tree, sort=sort))


def dates(site: Site, party: UUID) -> tuple[Any, Any]:
    with site.read(system("test")) as session:
        rtype = session.registry.record_type("counterparties")
        record = service.get_record(session, rtype, party, fields=("last_contact", "next_activity"))
        return record["last_contact"], record["next_activity"]


def made(site: Site, do: Callable[[], Any]) -> list[str]:
    """The statements that `do` makes, without those that write or begin and end transactions."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        # Locks are looked at now and then, whatever the page.
        if statement.split()[0].upper() in ("SELECT", "WITH") and "pg_locks" not in statement:
            seen.append(statement)

    engine = site.database.read_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        do()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return seen


# Last contact and next activity


def test_the_last_contact_follows_every_change_of_activities(site: Site, head: Principal) -> None:
    party, other = (firm(site, head, 90 + number) for number in range(2))
    assert dates(site, party) == (None, None)
    talk(site, head, party, days=5, kind="note")
    assert dates(site, party) == (None, None)
    late = talk(site, head, party, days=1)
    early = talk(site, head, party, days=9)
    newest = dates(site, party)[0]
    assert newest is not None
    planned = plan(site, head, party, days=2)
    assert dates(site, party)[1] is not None
    with site.write(head) as session:
        rtype = session.registry.record_type("activities")
        service.change_record(session, rtype, late, {"parties": [str(other)]})
        service.change_record(session, rtype, planned, {"state": "cancelled"})
    assert dates(site, other)[0] == newest
    assert dates(site, party)[0] < newest and dates(site, party)[1] is None
    with site.write(head) as session:
        service.delete_record(session, session.registry.record_type("activities"), early)
    assert dates(site, party) == (None, None)
    with site.write(head) as session:
        service.restore_record(session, session.registry.record_type("activities"), early)
    assert dates(site, party)[0] is not None


def test_a_contact_changes_neither_version_nor_etag(site: Site, head: Principal) -> None:
    party = firm(site, head, 95)
    with site.read(head) as session:
        rtype = session.registry.record_type("counterparties")
        before = service.version_of(session, rtype, party)
    talk(site, head, party, days=0)
    with site.read(head) as session:
        assert service.version_of(session, rtype, party) == before


def test_whom_nobody_spoke_with_for_90_days_is_a_filter(
    site: Site, head: Principal, firms: list[UUID]
) -> None:
    silent = {"field": "last_contact", "op": "ne", "value": "last_90_days"}
    neglected = found(site, head, silent)
    assert firms[0] not in neglected and {firms[1], firms[2]} <= set(neglected)
    assert firms[1] in found(site, head, {**silent, "op": "lt", "value": "90_days_ago"})
    soon = {"field": "next_activity", "op": "eq", "value": "next_7_days"}
    assert found(site, head, soon) == [firms[2]]
    both = {"and": [silent, {"not": {"or": [soon, {"field": "industry", "value": "logistics"}]}}]}
    assert set(found(site, head, both)) == {
        each for number, each in enumerate(firms) if number % 2 == 0 and number not in (0, 2)
    } | (set(found(site, head, both)) - set(firms))
    order = found(
        site, head, {"field": "display_name", "op": "starts", "value": "Firm 0"}, ("last_contact",)
    )
    assert order[:2] == [firms[1], firms[0]]


# The page


@pytest.mark.parametrize(
    "address",
    [
        "/counterparties?x[eq]=",
        "/counterparties?view=all",
        "/counterparties?kind=cards",
        "/counterparties?group=industry",
        "/counterparties?group=roles",
        "/counterparties?group=last_contact",
        "/counterparties?last_contact[ne]=last_90_days&sort=last_contact",
    ],
)
def test_a_list_takes_few_statements_whatever_its_rows(
    site: Site, client: PersonClient, firms: list[UUID], address: str
) -> None:
    client.get(address)
    many = made(site, lambda: client.get(address))
    few = made(site, lambda: client.get(f"{address}&display_name[eq]=Firm 03"))
    assert len(few) <= len(many) <= MOST, "\n".join(many)


def test_the_next_rows_come_alone(client: PersonClient, firms: list[UUID]) -> None:
    page = client.get("/counterparties").text
    assert page.count("data-row-id") == 50
    link = re.search(r'data-more>.*?href="([^"]+)"', page, re.S)
    assert link is not None
    rows = client.get(link[1].replace("&amp;", "&"), headers={"X-Part": "rows"}).text
    assert "<html" not in rows and rows.count("data-row-id") >= 15
    whole = client.get(link[1].replace("&amp;", "&")).text
    assert "51 to " in whole and 'rel="prev"' in whole


def test_groups_count_all_records_and_open_one(
    site: Site, head: Principal, client: PersonClient, firms: list[UUID]
) -> None:
    with site.read(head) as session:
        rtype = session.registry.record_type("counterparties")
        mine = Query(filter={"field": "id", "op": "in", "value": [str(each) for each in firms]})
        for name, expected in (
            ("industry", {"logistics": 32, "retail": 33}),
            ("roles", {"client": 60, "prospect": 5}),
            ("owner", {str(head.user_id): 65}),
        ):
            field, groups = grouping.groups(session, rtype, mine, name)
            assert {each.key: each.count for each in groups} == expected
            for each in groups:
                inside = grouping.condition(session, field, each.key)
                both = {"and": [mine.filter, inside]}
                assert len(service.matching(session, rtype, Query(filter=both))) == each.count
        field, groups = grouping.groups(session, rtype, mine, "last_contact")
        assert sum(each.count for each in groups) == 65 and groups[-1].key == grouping.NONE
        for each in groups:
            inside = grouping.condition(session, field, each.key)
            rows = service.matching(session, rtype, Query(filter={"and": [mine.filter, inside]}))
            assert len(rows) == each.count
    page = client.get("/counterparties?group=industry").text
    assert (
        page.count("data-group-link") >= 2
        and page.count('aria-expanded="true" data-group-link') == 1
    )
    opened = client.get(
        "/counterparties?group=industry&within=logistics", headers={"X-Part": "rows"}
    ).text
    assert "Firm 01" in opened and "Firm 02" not in opened


def test_groups_of_a_filter_stand_in_words_in_their_chips(
    client: PersonClient, firms: list[UUID]
) -> None:
    tree = {
        "and": [
            {
                "or": [
                    {"field": "industry", "op": "eq", "value": "retail"},
                    {"not": {"field": "owner", "op": "eq", "value": "me"}},
                ]
            }
        ]
    }
    page = client.get(
        "/counterparties",
        query_string={"filter": json.dumps(tree), "last_contact[ne]": "last_90_days"},
    ).text
    assert "Industry is retail or not: Owner is me" in page
    assert "No contact for 90 days" in page
    assert "Firm 01" not in page and "Firm 02" in page
    refused = client.get("/counterparties?filter=[1]")
    assert refused.status_code == 422 and "not a tree of conditions" in refused.text


def test_a_view_keeps_groups_of_conditions_its_kind_and_its_grouping(
    client: PersonClient, firms: list[UUID]
) -> None:
    tree = {
        "or": [
            {"field": "industry", "op": "eq", "value": "retail"},
            {"field": "notes", "op": "empty", "value": "false"},
        ]
    }
    state = {"filter": json.dumps({"and": [tree]}), "group": "industry", "kind": "cards"}
    answer = client.post("/counterparties/views", data={"name": "Shops", **state})
    page = client.get(answer.headers["Location"]).text
    assert "k-cards" in page and "data-group-link" in page
    assert "Industry is retail or" in page and "logistics" not in page.partition("<dialog")[0]


def test_the_layout_is_kept(client: PersonClient, firms: list[UUID]) -> None:
    kept = {"width.industry": "20", "columns": ["display_name", "industry"], "rows": "compact"}
    answer = client.post("/counterparties/layout", data=kept, headers={"X-Part": "layout"})
    assert answer.status_code == 204
    page = client.get("/counterparties").text
    assert "k-w-20" in page and "is-compact" in page and 'data-column="roles"' not in page
    client.post("/counterparties/columns", data={"rows": "normal"})


# Cells


def cell(client: PersonClient, party: UUID, name: str) -> tuple[str, str]:
    """The address of a cell and the version in its form."""
    address = f"/counterparties/{party}/cells/{name}"
    form = client.get(address).text
    version = re.search(r'name="version" value="(\d+)"', form)
    assert version is not None
    return address, version[1]


def test_a_cell_is_saved_and_taken_back(client: PersonClient, site: Site, head: Principal) -> None:
    party = firm(site, head, 70)
    address, version = cell(client, party, "industry")
    saved = client.post(address, data={"industry": "banking", "version": version}).json
    assert saved is not None and saved["cell"] == "banking" and saved["changed"]
    back = {"undo": saved["undo"], "version": saved["version"]}
    undone = client.post(address, data=back).json
    assert undone is not None and undone["cell"] == "retail"


def test_what_somebody_else_saved_meanwhile_is_told(
    client: PersonClient, site: Site, head: Principal
) -> None:
    party = firm(site, head, 72)
    address, version = cell(client, party, "industry")
    with site.write(system("other")) as session:
        rtype = session.registry.record_type("counterparties")
        service.change_record(session, rtype, party, {"industry": "mining"})
    told = client.post(address, data={"industry": "banking", "version": version})
    assert told.status_code == 409 and "mining" in told.text and "banking" in told.text
    _address, newer = cell(client, party, "industry")
    kept = client.post(address, data={"industry": "banking", "version": newer, "theirs": "1"}).json
    assert kept is not None and kept["cell"] == "mining"


def test_a_cell_says_what_is_wrong_with_it(
    client: PersonClient, site: Site, head: Principal
) -> None:
    party = firm(site, head, 74)
    address, version = cell(client, party, "display_name")
    wrong = client.post(address, data={"display_name": "", "version": version})
    assert wrong.status_code == 422 and "is-bad" in wrong.text
    assert client.get(f"/counterparties/{party}/cells/points").status_code == 404
    assert client.get(f"/counterparties/{party}/cells/nothing").status_code == 404


def test_who_may_not_edit_edits_no_cell(site: Site, head: Principal) -> None:
    party = firm(site, head, 76)
    auditor = signed_in(create_app(site), site, make_user(site, "auditor"))
    assert auditor.get(f"/counterparties/{party}/cells/industry").status_code in (403, 404)
    assert "data-edits" not in auditor.get("/counterparties").text


def test_a_look_shows_who_it_is_and_what_happened(client: PersonClient, firms: list[UUID]) -> None:
    page = client.get(f"/counterparties/{firms[0]}/peek").text
    assert "Firm 00" in page and "Call" in page and "<html" not in page
