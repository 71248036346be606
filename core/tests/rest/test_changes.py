"""Changes: nobody overwrites what he has not read."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from kontora_sdk.testing.clients import ProgramClient


@pytest.fixture
def address(manager: ProgramClient) -> str:
    """The address of a new contact, version 1."""
    return str(manager.post("/api/v1/contacts", json={"family": "A"}).headers["Location"])


def test_a_change_without_if_match_is_refused(manager: ProgramClient, address: str) -> None:
    assert manager.patch(address, json={"family": "B"}).status_code == 428
    assert manager.delete(address).status_code == 428


def test_the_slower_writer_hears_what_was_changed(manager: ProgramClient, address: str) -> None:
    first = manager.patch(address, json={"family": "B"}, headers={"If-Match": '"1"'})
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    second = manager.patch(address, json={"given": "C"}, headers={"If-Match": '"1"'})
    assert (second.status_code, second.headers["ETag"]) == (412, '"2"')
    assert second.json["errors"].keys() == {"family", "display_name"}
    assert manager.delete(address, headers={"If-Match": '"1"'}).status_code == 412
    assert manager.get(address).json["given"] is None


def test_which_tags_name_the_present_version(manager: ProgramClient, address: str) -> None:
    def status(tag: str) -> int:
        sent = manager.patch(address, json={"family": "A"}, headers={"If-Match": tag})
        return int(sent.status_code)

    for tag in ("*", '"1"', 'W/"1"', '"7", "1"'):
        assert status(tag) == 200, tag
    for tag in ('"0"', '"abc"', "", '"99999999999999999999"', "é"):
        assert status(tag) == 412, tag


def test_the_same_values_make_no_version(manager: ProgramClient, address: str) -> None:
    same = manager.patch(address, json={"family": "A"}, headers={"If-Match": '"1"'})
    assert (same.status_code, same.headers["ETag"]) == (200, '"1"')


def test_what_is_absent_stays(manager: ProgramClient, address: str) -> None:
    manager.patch(address, json={"tags": ["x"], "custom": {"a": 1}}, headers={"If-Match": '"1"'})
    shown = manager.patch(address, json={"custom": {"b": 2}}, headers={"If-Match": '"2"'}).json
    assert (shown["tags"], shown["custom"]) == (["x"], {"a": 1, "b": 2})


def test_an_unchanged_record_is_not_sent_again(manager: ProgramClient, address: str) -> None:
    for tag in ('"1"', 'W/"1"', "*", '"8", "1"'):
        answer = manager.get(address, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == '"1"'
    assert manager.get(address, headers={"If-None-Match": '"2"'}).status_code == 200


def test_the_bin_and_back(manager: ProgramClient, address: str) -> None:
    assert manager.post(f"{address}/restore").status_code == 409
    gone = manager.delete(address, headers={"If-Match": '"1"'})
    assert (gone.status_code, gone.data) == (204, b"")
    assert manager.get(address).status_code == 404
    assert manager.get("/api/v1/contacts").json["items"] == []
    assert len(manager.get("/api/v1/contacts?bin=1").json["items"]) == 1
    back = manager.post(f"{address}/restore")
    assert (back.status_code, back.headers["ETag"]) == (200, '"3"')
    assert manager.get(address).json == back.json


def test_history_says_who_did_what(manager: ProgramClient, address: str) -> None:
    manager.patch(address, json={"family": "B"}, headers={"If-Match": '"1"'})
    newest, oldest = manager.get(f"{address}/history").json["items"]
    assert (newest["verb"], newest["version"], newest["principal_kind"]) == ("change", 2, "token")
    family = next(each for each in newest["fields"] if each["name"] == "family")
    assert (family["old"], family["new"]) == ("A", "B")
    assert (oldest["verb"], oldest["fields"]) == ("create", [])


def test_absent_invisible_and_garbage_look_the_same(
    client_of: Callable[..., ProgramClient], address: str
) -> None:
    stranger = client_of("manager")
    answers = []
    for path in (address, f"/api/v1/contacts/{uuid4()}", "/api/v1/contacts/garbage"):
        for answer in (
            stranger.get(path),
            stranger.patch(path, json={"family": "B"}),
            stranger.patch(path, json={"family": "B"}, headers={"If-Match": '"1"'}),
            stranger.delete(path, headers={"If-Match": '"1"'}),
            stranger.get(f"{path}/history"),
            stranger.post(f"{path}/restore"),
        ):
            body = dict(answer.json)
            body.pop("request_id")
            own = ("X-Request-ID", "RateLimit")
            headers = {k: v for k, v in answer.headers.items() if k not in own}
            answers.append((answer.status_code, body, headers))
    assert answers[0][0] == 404
    assert all(each == answers[0] for each in answers)
