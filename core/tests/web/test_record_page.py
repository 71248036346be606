"""The record page: facts in place, values that come back, one timeline, its composer, panels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from web_pages import fields, words

FRAGMENT = {"HX-Request": "true"}
PERSON = {
    "given": "Anna",
    "family": "Petrova",
    "points": [{"kind": "email", "value": "anna@example.org"}],
    "addresses": [{"locality": "Lviv", "country": "UA"}],
    "roles": [{"role": "client", "from": "2024-01-01"}],
    "tags": ["vip"],
}


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    assert match is not None, words(page)
    return match[1].replace("&amp;", "&")


def restores(page: str) -> dict[str, str]:
    """The ways back of a history page by field, the newest change of each."""
    every = re.findall(r'action="([^"]+/restore)".*?name="field" value="([^"]+)"', page)
    return {name: address for address, name in reversed(every)}


# Facts in place


def test_a_fact_is_changed_where_it_stands_and_undone(
    as_role: Callable[..., Any], records: Any
) -> None:
    client = as_role("manager")
    anna = records.make("contacts", PERSON, client.principal)
    address = f"/contacts/{anna}/facts/given"
    form = dict(fields(client.get(address).text))
    assert form["given"] == "Anna"
    answer = client.post(address, data={**form, "given": "Hanna"}, headers=FRAGMENT)
    assert answer.status_code == 200
    assert records.get("contacts", anna)["given"] == "Hanna"
    assert "Hanna Petrova" in answer.text  # the header follows
    assert f"Entered by {client.principal.name}" in answer.text
    client.post(found(r'action="([^"]+/restore\?field=given)"', answer.text))
    assert records.get("contacts", anna)["given"] == "Anna"


def test_a_refused_fact_stays_in_its_input(as_role: Callable[..., Any], records: Any) -> None:
    client = as_role("manager")
    anna = records.make("contacts", PERSON, client.principal)
    form = dict(fields(client.get(f"/contacts/{anna}/facts/birth_date").text))
    sent = {**form, "birth_date": "31.31.1999"}
    answer = client.post(f"/contacts/{anna}/facts/birth_date", data=sent, headers=FRAGMENT)
    assert answer.status_code == 422
    assert "31.31.1999" in answer.text
    assert "Enter a date" in words(answer.text)


def test_a_fact_that_another_changed_meanwhile_is_told(
    as_role: Callable[..., Any], records: Any
) -> None:
    client = as_role("manager")
    anna = records.make("contacts", PERSON, client.principal)
    address = f"/contacts/{anna}/facts/given"
    form = dict(fields(client.get(address).text))
    records.change("contacts", anna, {"given": "Johanna", "notes": "beside it"})
    answer = client.post(address, data={**form, "given": "Hanna"}, headers=FRAGMENT)
    assert answer.status_code == 412
    assert "Saved now: Johanna" in words(answer.text)
    again = {**dict(fields(answer.text)), "given": "Hanna"}
    assert client.post(address, data=again, headers=FRAGMENT).status_code == 200
    saved = records.get("contacts", anna)
    assert (saved["given"], saved["notes"]) == ("Hanna", "beside it")


def test_facts_are_changed_by_right_and_one_by_one(
    as_role: Callable[..., Any], records: Any
) -> None:
    anna = records.make("contacts", PERSON)
    auditor = as_role("auditor")
    assert auditor.get(f"/contacts/{anna}/facts/given").status_code == 403
    assert "data-fact-edit" not in auditor.get(f"/contacts/{anna}").text
    head = as_role("administrator")
    assert head.get(f"/contacts/{anna}/facts/nothing").status_code == 404
    sent = {"given": "Hanna", "family": "Other", "version": "1"}
    assert head.post(f"/contacts/{anna}/facts/given", data=sent).status_code == 200
    assert records.get("contacts", anna)["family"] == "Petrova"


# Values that come back


def test_every_kind_of_value_comes_back(
    as_role: Callable[..., Any], records: Any, kontora_site: Any
) -> None:
    from kontora.access.principal import system
    from kontora.records.models import CustomField

    with kontora_site.write(system("test")) as session:
        made = {"entity": "party", "key": "level", "label": "Level", "type": "integer"}
        session.add(CustomField(**made))
    client = as_role("administrator")
    anna = records.make("contacts", {**PERSON, "custom": {"level": 2}})
    before = records.get("contacts", anna)
    changed = {
        "given": "Hanna",
        "points": [{"kind": "phone", "value": "+380441234567"}],
        "addresses": [],
        "roles": [{"role": "dealer", "from": "2025-01-01"}],
        "tags": [],
        "owner": str(client.principal.user_id),
        "custom": {"level": 7},
    }
    records.change("contacts", anna, changed)
    ways = restores(client.get(f"/contacts/{anna}/history").text)
    names = {"given", "points", "addresses", "roles", "tags", "owner", "custom.level"}
    assert names <= set(ways)
    for name in sorted(names):
        client.post(ways[name], data={"field": name})
    after = records.get("contacts", anna)
    for name in ("given", "addresses", "tags", "owner", "custom"):
        assert after[name] == before[name], name
    assert [each["value"] for each in after["points"]] == ["anna@example.org"]
    assert [each["role"] for each in after["roles"]] == ["client"]
    page = client.get(f"/contacts/{anna}/history").text
    assert page.count("Hanna") >= 2  # the way back stands in the history, too
    assert set(restores(page)) >= names


def test_an_earlier_value_needs_the_right_and_its_own_record(
    as_role: Callable[..., Any], records: Any
) -> None:
    client = as_role("administrator")
    anna, other = records.make("contacts", PERSON), records.make("contacts", PERSON)
    records.change("contacts", anna, {"given": "Hanna"})
    way = restores(client.get(f"/contacts/{anna}/history").text)["given"]
    assert as_role("auditor").post(way, data={"field": "given"}).status_code == 403
    strange = way.replace(str(anna), str(other))
    assert client.post(strange, data={"field": "given"}).status_code == 404
    assert client.post(way, data={"field": "family"}).status_code == 404
    assert records.get("contacts", anna)["given"] == "Hanna"


# The composer and the timeline


def test_a_call_and_the_next_step_are_written_at_once(
    as_role: Callable[..., Any], records: Any
) -> None:
    client = as_role("manager")
    anna = records.make("contacts", PERSON, client.principal)
    boris = records.make("contacts", {"family": "Boris"}, client.principal)
    sent = {
        "kind": "call",
        "subject": "Price",
        "outcome": "reached",
        "duration": "12",
        "parties": "",
        "parties.0.party": str(boris),
        "done": "true",
        "follow": "true",
        "follow_kind": "meeting",
        "follow_subject": "Show the offer",
    }
    refused = client.post(f"/contacts/{anna}/activities", data=sent)
    assert refused.status_code == 422
    assert "Say on which day" in words(refused.text)
    assert 'value="12"' in refused.text and "Boris" in refused.text
    assert "Price</a>" not in refused.text  # neither half was kept
    sent["follow_at"] = "2090-05-01T10:00"
    assert client.post(f"/contacts/{anna}/activities", data=sent).status_code == 303
    page = words(client.get(f"/contacts/{boris}").text)
    assert "Reached" in page and "12 min" in page
    assert "Show the offer" in page


def test_the_next_activity_is_moved_and_moved_back(
    as_role: Callable[..., Any], records: Any
) -> None:
    client = as_role("manager")
    due = {"kind": "task", "subject": "Ring", "due_at": "2020-01-01T08:30:00Z"}
    ring = records.make("activities", due, client.principal)
    answer = client.post(f"/activities/{ring}/postpone", data={"days": "3"})
    assert answer.status_code == 303
    moved = datetime.fromisoformat(records.get("activities", ring)["due_at"])
    assert moved.date() == (datetime.now(UTC) + timedelta(days=3)).date()
    assert (moved.hour, moved.minute) == (8, 30)
    page = client.get(f"/activities/{ring}").text
    client.post(found(r'action="([^"]+/restore\?field=due_at)"', page))
    assert records.get("activities", ring)["due_at"] == "2020-01-01T08:30:00Z"
    assert client.post(f"/activities/{ring}/postpone", data={"days": "x"}).status_code == 422


def test_changes_stand_among_activities_and_the_choice_is_remembered(
    as_role: Callable[..., Any], records: Any
) -> None:
    client = as_role("manager")
    anna = records.make("contacts", PERSON, client.principal)
    call = {"kind": "call", "subject": "First call", "parties": [str(anna)]}
    records.make("activities", call, client.principal)
    records.change("contacts", anna, {"notes": "new", "tags": []})
    page = words(client.get(f"/contacts/{anna}").text)
    assert "First call" in page and "Changed: " in page and "Created" in page
    client.post(f"/contacts/{anna}/timeline", data={"show": "changes"})
    page = words(client.get(f"/contacts/{anna}").text)
    assert "First call" not in page and "Changed: " in page
    client.post(f"/contacts/{anna}/timeline", data={"show": "meeting"})
    page = words(client.get(f"/contacts/{anna}").text)
    assert "First call" not in page and "Nothing of this kind" in page
    client.post(f"/contacts/{anna}/timeline", data={"show": "no such kind"})
    assert "First call" in client.get(f"/contacts/{anna}").text


def test_what_is_older_comes_once_and_completely(as_role: Callable[..., Any], records: Any) -> None:
    client = as_role("manager")
    anna = records.make("contacts", PERSON, client.principal)
    for number in range(35):
        data = {"kind": "note", "subject": f"Note {number:02}", "parties": [str(anna)]}
        records.make("activities", data, client.principal)
    first = client.get(f"/contacts/{anna}").text
    older = client.get(found(r'hx-get="([^"]+before=[^"]+)"', first)).text
    seen = Counter(re.findall(r">(Note \d\d)<", first) + re.findall(r">(Note \d\d)<", older))
    assert len(seen) == 35 and set(seen.values()) == {1}
    assert "Created" not in words(first) and "Created" in words(older)


def made(site: Any, do: Callable[[], Any]) -> int:
    """How many statements `do` makes."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.split()[0].upper() in ("SELECT", "WITH"):
            seen.append(statement)

    engines = {site.database.read_engine, site.database.write_engine}
    for each in engines:
        event.listen(each, "before_cursor_execute", note)
    try:
        do()
    finally:
        for each in engines:
            event.remove(each, "before_cursor_execute", note)
    return len(seen)


def test_the_statements_of_a_page_do_not_grow_with_what_happened(
    as_role: Callable[..., Any], records: Any, kontora_site: Any
) -> None:
    client = as_role("manager")
    anna = records.make("contacts", PERSON, client.principal)

    def happen(times: int) -> None:
        for number in range(times):
            data = {"kind": "call", "subject": f"Call {number}", "parties": [str(anna)]}
            records.make("activities", data, client.principal)
            plan = {**data, "due_at": "2090-01-01T10:00:00Z"}
            records.make("activities", plan, client.principal)
            records.change("contacts", anna, {"notes": f"{number} of {times}"})

    def statements() -> int:
        # Now and then a page also notes the use of its session or pings a connection.
        return min(made(kontora_site, lambda: client.get(f"/contacts/{anna}")) for _ in range(3))

    happen(2)
    few = statements()
    happen(12)
    assert statements() == few


# The right column, and the rest


def test_the_order_of_panels_is_kept_for_the_user(
    as_role: Callable[..., Any], records: Any
) -> None:
    client, other = as_role("administrator"), as_role("administrator")
    anna = records.make("contacts", PERSON)
    page = client.get(f"/contacts/{anna}").text
    order = re.findall(r'name="panels" value="([^"]+)"', page)
    assert order[0] == "positions" and "core.files" in order
    wanted = ["core.files", *(each for each in order if each != "core.files")]
    client.post("/contacts/panels", data={"panels": [*wanted, "no.such"]})
    page = client.get(f"/contacts/{anna}").text
    assert re.findall(r'name="panels" value="([^"]+)"', page) == wanted
    assert page.index("panel-core-files") < page.index("panel-positions")
    assert (
        re.findall(r'name="panels" value="([^"]+)"', other.get(f"/contacts/{anna}").text) == order
    )


def test_the_people_of_a_firm_stand_beside_it_on_any_day(
    as_role: Callable[..., Any], records: Any
) -> None:
    client = as_role("administrator")
    firm = records.make("counterparties", {"display_name": "Bruma"})
    head = {"organisation": str(firm), "title": "Director", "from": "2020-01-01"}
    records.make("contacts", {"family": "Chief", "affiliations": [head]})
    base = f"/counterparties/{firm}/around"
    assert "Director" in client.get(f"{base}/people").text
    before = client.get(f"{base}/people?as_of=2019-05-01").text
    assert "Chief" not in before and "As it was on" in words(before)
    assert "No parent and no subsidiary" in client.get(f"{base}/holding").text
    anna = records.make("contacts", PERSON)
    assert client.get(f"/contacts/{anna}/around/people").status_code == 404


def test_a_form_in_a_dialog_is_answered_by_where_to_go(
    as_role: Callable[..., Any], records: Any
) -> None:
    client = as_role("manager")
    answer = client.post("/contacts/new", data={"family": "Quick"}, headers=FRAGMENT)
    assert answer.status_code == 200
    assert "Quick" in client.get(answer.headers["HX-Redirect"]).text


def test_a_refusal_names_the_right_and_who_can_give_it(
    as_role: Callable[..., Any], records: Any
) -> None:
    chief = as_role("administrator")
    anna = records.make("contacts", PERSON)
    page = words(as_role("auditor").get(f"/contacts/{anna}/edit").text)
    assert "“edit” for “Contacts”" in page
    assert chief.principal.name in page


@pytest.mark.kontora_plugins("hello")
def test_a_plugins_field_is_changed_in_place(as_role: Callable[..., Any], records: Any) -> None:
    client = as_role("administrator")
    anna = records.make("contacts", PERSON)
    name = found(r"/facts/(hello\.[a-z_]+)", client.get(f"/contacts/{anna}").text)
    form = dict(fields(client.get(f"/contacts/{anna}/facts/{name}").text))
    answer = client.post(f"/contacts/{anna}/facts/{name}", data={**form, name: "3"})
    assert answer.status_code == 200, words(answer.text)
    assert records.get("contacts", anna)["hello"][name.partition(".")[2]] == 3
