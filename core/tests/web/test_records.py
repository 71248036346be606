"""Lists, record pages and forms, as a browser uses them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from web_pages import fields, words

PERSON = {
    "given": "Anna",
    "family": "Petrova",
    "birth_date": "1987-05-14",
    "points": [{"kind": "email", "value": "anna@example.org"}],
    "tags": ["vip", "speaker"],
    "roles": [{"role": "client", "from": "2024-01-01"}],
}


def test_a_form_saved_unchanged_changes_nothing(as_role: Callable[..., Any], records: Any) -> None:
    client = as_role("manager")
    firm = records.make("counterparties", {"display_name": "Bruma"}, client.principal)
    work = {"organisation": str(firm), "title": "Director", "from": "2020-01-01"}
    data = {**PERSON, "affiliations": [work], "notes": "Two\nlines"}
    anna = records.make("contacts", data, client.principal)
    page = client.get(f"/contacts/{anna}/edit").text
    answer = client.post(f"/contacts/{anna}/edit", data=multi(fields(page)))
    assert answer.status_code == 303, words(answer.text)
    assert records.version("contacts", anna) == 1


def multi(pairs: list[tuple[str, str]]) -> Any:
    from werkzeug.datastructures import MultiDict

    return MultiDict(pairs)


def test_a_new_record_is_made_and_shown(as_role: Callable[..., Any], records: Any) -> None:
    client = as_role("manager")
    sent = {
        "given": "Леся",
        "family": "Ткаченко",
        "points": "",
        "points.0.kind": "phone",
        "points.0.value": "+380 44 123 45 67",
        "points.1.kind": "email",
        "points.1.value": "",
        "birth_date": "14.05.1987",
    }
    answer = client.post("/contacts/new", data=sent)
    assert answer.status_code == 303, words(answer.text)
    page = words(client.get(answer.headers["Location"]).text)
    assert "Ткаченко" in page
    assert "+380 44 123 4567" in page
    assert "14 May 1987" in page


def test_errors_stand_beside_what_was_typed(as_role: Callable[..., Any]) -> None:
    client = as_role("manager")
    sent = {
        "family": "Petrova",
        "points": "",
        "points.0.kind": "email",
        "points.0.value": "no mail",
    }
    answer = client.post("/contacts/new", data=sent)
    assert answer.status_code == 422
    assert 'value="no mail"' in answer.text
    assert 'value="Petrova"' in answer.text
    assert 'href="#f-points-0-value"' in answer.text


def test_records_of_others_are_not_found(as_role: Callable[..., Any], records: Any) -> None:
    foreign = records.make("contacts", {"family": "Secret"})
    client = as_role("manager")
    for address in ("", "/edit", "/history", "/panels/hello.greetings"):
        assert client.get(f"/contacts/{foreign}{address}").status_code == 404
    for address in ("/edit", "/delete", "/restore", "/activities"):
        assert client.post(f"/contacts/{foreign}{address}").status_code == 404
    assert client.get(f"/contacts/{uuid4()}").status_code == 404
    assert "Secret" not in client.get("/contacts").text
    assert client.get("/lookup/party?q=Secret").json == []


def test_who_may_not_edit_learns_what_is_missing(as_role: Callable[..., Any], records: Any) -> None:
    contact = records.make("contacts", {"family": "Petrova"})
    client = as_role("auditor")
    page = client.get(f"/contacts/{contact}").text
    assert f"/contacts/{contact}/edit" not in page
    answer = client.get(f"/contacts/{contact}/edit")
    assert answer.status_code == 403
    assert "“edit” for “Contacts”" in answer.text
    assert "administrator" in answer.text


def test_changes_of_two_people_are_joined(as_role: Callable[..., Any], records: Any) -> None:
    client = as_role("manager")
    anna = records.make("contacts", PERSON, client.principal)
    form = dict(fields(client.get(f"/contacts/{anna}/edit").text))
    records.change("contacts", anna, {"notes": "from the other one"})
    answer = client.post(f"/contacts/{anna}/edit", data={**form, "given": "Hanna"})
    assert answer.status_code == 303
    saved = records.get("contacts", anna)
    assert (saved["given"], saved["notes"]) == ("Hanna", "from the other one")


def test_the_same_field_changed_by_two_is_a_choice(
    as_role: Callable[..., Any], records: Any
) -> None:
    client = as_role("manager")
    anna = records.make("contacts", PERSON, client.principal)
    form = dict(fields(client.get(f"/contacts/{anna}/edit").text))
    records.change("contacts", anna, {"given": "Johanna"})
    answer = client.post(f"/contacts/{anna}/edit", data={**form, "given": "Hanna", "notes": "mine"})
    assert answer.status_code == 412
    assert "Johanna" in answer.text
    assert 'name="keep.given"' in answer.text
    assert records.get("contacts", anna)["given"] == "Johanna"
    chosen = {name: value for name, value in fields(answer.text) if not name.startswith("keep.")}
    answer = client.post(f"/contacts/{anna}/edit", data={**chosen, "keep.given": "theirs"})
    assert answer.status_code == 303
    saved = records.get("contacts", anna)
    assert (saved["given"], saved["notes"]) == ("Johanna", "mine")


def test_a_deleted_record_comes_back(as_role: Callable[..., Any], records: Any) -> None:
    client = as_role("manager")
    anna = records.make("contacts", PERSON, client.principal)
    answer = client.post(f"/contacts/{anna}/delete")
    page = client.get(answer.headers["Location"]).text
    undo = re.search(r'action="(/contacts/[^"]+/restore)"', page)
    assert undo is not None
    assert client.get(f"/contacts/{anna}").status_code == 404
    assert client.post(undo[1]).status_code == 303
    assert client.get(f"/contacts/{anna}").status_code == 200


def test_bulk_work_reaches_all_that_match_and_can_be_undone(
    as_role: Callable[..., Any], records: Any
) -> None:
    client = as_role("manager")
    for number in range(60):
        records.make("contacts", {"family": f"Row {number}"}, client.principal)
    other = records.make("contacts", {"family": "Other"}, client.principal)
    data = {"all": "1", "action": "delete", "family[contains]": "row"}
    answer = client.post("/contacts/bulk", data=data)
    page = client.get(answer.headers["Location"]).text
    assert "60 records are in the bin" in words(page)
    assert "1 record" in words(client.get("/contacts").text)
    undo = re.search(r'action="(/contacts/undo/[^"]+)"', page)
    assert undo is not None
    client.post(undo[1])
    assert "61 records" in words(client.get("/contacts").text)
    data = {"all": "1", "action": "tags", "tags": ["", "new"], "family[contains]": "other"}
    assert "Tags is new" not in client.post("/contacts/bulk", data=data, follow_redirects=True).text
    assert records.get("contacts", other)["tags"] == ["new"]


def test_bulk_work_stops_at_what_the_user_may_not_do(
    as_role: Callable[..., Any], records: Any
) -> None:
    foreign = records.make("contacts", {"family": "Secret"})
    client = as_role("manager")
    client.post("/contacts/bulk", data={"ids": str(foreign), "action": "delete"})
    assert records.get("contacts", foreign)["family"] == "Secret"
    assert (
        client.post("/contacts/bulk", data={"ids": str(foreign), "action": "owner"}).status_code
        == 404
    )


def test_pages_of_a_list_follow_each_other_and_back(
    as_role: Callable[..., Any], records: Any
) -> None:
    client = as_role("manager")
    for number in range(120):
        records.make("contacts", {"family": f"Row {number:03}"}, client.principal)
    seen, address = [], "/contacts"
    addresses = []
    while address:
        page = client.get(address).text
        addresses.append(page)
        seen += re.findall(r'href="/contacts/[0-9a-f-]{36}">(Row \d+)', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert seen == [f"Row {number:03}" for number in range(120)]
    back = re.search(r'rel="prev" href="([^"]+)"', addresses[-1])
    assert back is not None
    assert "Row 050" in client.get(back[1].replace("&amp;", "&")).text


def test_filters_are_told_in_words(as_role: Callable[..., Any], records: Any) -> None:
    client = as_role("manager")
    records.make("contacts", PERSON, client.principal)
    page = words(client.get("/contacts?roles.role[eq]=client&owner[eq]=me&tags[eq]=vip").text)
    assert "Roles is Client" in page
    assert "Owner is me" in page
    assert "Petrova" in page
    wrong = client.get("/contacts?nothing=1")
    assert wrong.status_code == 422
    assert "Show everything" in wrong.text


def test_chosen_columns_stay(as_role: Callable[..., Any], records: Any) -> None:
    client = as_role("manager")
    records.make("contacts", PERSON, client.principal)
    client.post("/contacts/columns", data={"columns": ["birth_date", "nonsense", "tags"]})
    page = client.get("/contacts").text
    heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', page, re.S)
    assert [words(each) for each in heads][1:-1] == ["Name", "Birthday", "Tags"]
    assert "Name" in words(as_role("manager").get("/contacts").text)


def test_an_activity_is_written_down_and_done(as_role: Callable[..., Any], records: Any) -> None:
    client = as_role("manager")
    anna = records.make("contacts", PERSON, client.principal)
    sent = {"kind": "call", "subject": "Ring back", "due_at": "2090-01-01T10:00", "done": "true"}
    assert client.post(f"/contacts/{anna}/activities", data=sent).status_code == 303
    page = client.get(f"/contacts/{anna}").text
    assert "Planned" in page
    done = re.search(r'action="(/activities/[^"]+/done)"', page)
    assert done is not None
    client.post(done[1])
    page = client.get(f"/contacts/{anna}").text
    assert "/reopen" in page
    assert done[1] not in page
    empty = client.post(f"/contacts/{anna}/activities", data={"kind": "note", "done": "true"})
    assert empty.status_code == 422


def test_duplicates_are_named_while_typing(as_role: Callable[..., Any], records: Any) -> None:
    client = as_role("manager")
    anna = records.make("contacts", PERSON, client.principal)
    query = {"points.0.value": "anna@example.org"}
    page = client.get("/contacts/duplicates", query_string=query).text
    assert f"/contacts/{anna}" in page
    assert "same e-mail" in page
    assert client.get("/contacts/duplicates?family=Pe").text.strip() == ""


def test_a_list_is_taken_out_as_it_stands(as_role: Callable[..., Any], records: Any) -> None:
    client = as_role("manager")
    records.make("contacts", PERSON, client.principal)
    records.make("contacts", {"family": "Other"}, client.principal)
    answer = client.get("/contacts/export?format=csv&family[contains]=petr")
    assert answer.status_code == 200
    assert "Petrova" in answer.text
    assert "Other" not in answer.text
    assert "attachment" in answer.headers["Content-Disposition"]
    assert as_role("assistant").get("/contacts/export?format=csv").status_code == 403


@pytest.mark.kontora_plugins("hello")
def test_a_plugin_gets_pages_panels_and_widgets(as_role: Callable[..., Any], records: Any) -> None:
    client = as_role("administrator")
    anna = records.make("contacts", PERSON)
    answer = client.post("/hello/greetings/new", data={"subject": "Good day", "party": str(anna)})
    assert answer.status_code == 303, words(answer.text)
    assert client.get(answer.headers["Location"]).status_code == 200
    assert "Good day" in client.get("/hello/greetings").text
    assert "/panels/hello.greetings" in client.get(f"/contacts/{anna}").text
    assert "Good day" in client.get(f"/contacts/{anna}/panels/hello.greetings").text
    assert client.get("/widgets/hello.count").status_code == 200


@pytest.mark.kontora_plugins("hello")
def test_a_failing_panel_costs_only_its_box(
    as_role: Callable[..., Any], records: Any, kontora_site: Any
) -> None:
    from dataclasses import replace

    def fail(session: Any, record_id: Any) -> Any:
        from sqlalchemy import select

        from kontora.api import Party

        session.scalars(select(Party).where(Party.display_name == object()))

    registry = kontora_site.registry
    panels = tuple(replace(each, load=fail) for each in registry.panels)
    kontora_site.registry = replace(registry, panels=panels)
    client = as_role("administrator")
    anna = records.make("contacts", PERSON)
    answer = client.get(f"/contacts/{anna}/panels/hello.greetings")
    assert answer.status_code == 200
    assert "could not be shown" in answer.text
    assert kontora_site.manager.errors.entries("hello")[0].error_id in answer.text


def test_custom_fields_are_fields_like_all_others(
    as_role: Callable[..., Any], records: Any, kontora_site: Any
) -> None:
    from kontora.access.principal import system
    from kontora.records.models import CustomField

    with kontora_site.write(system("test")) as session:
        made = {"entity": "party", "key": "vip_level", "label": "VIP level", "type": "integer"}
        session.add(CustomField(**made))
    client = as_role("manager")
    anna = records.make("contacts", {**PERSON, "custom": {"old": "kept"}}, client.principal)
    form = dict(fields(client.get(f"/contacts/{anna}/edit").text))
    answer = client.post(f"/contacts/{anna}/edit", data={**form, "custom.vip_level": "2"})
    assert answer.status_code == 303, words(answer.text)
    assert records.get("contacts", anna)["custom"] == {"old": "kept", "vip_level": 2}
    assert "VIP level 2" in words(client.get(f"/contacts/{anna}").text)
    assert "VIP level" in words(client.get(f"/contacts/{anna}/history").text)
