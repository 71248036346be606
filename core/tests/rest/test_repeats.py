"""Idempotency-Key: sent again, a POST gives the first answer and has no second effect."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from kontora import clock
from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.records import idempotency
from kontora_sdk.testing.clients import ProgramClient, with_token

PATH = "/api/v1/contacts"


def _post(client: ProgramClient, key: str, body: Any = None, path: str = PATH) -> Any:
    body = {"family": "A"} if body is None else body
    return client.post(path, json=body, headers={"Idempotency-Key": key})


def _number(client: ProgramClient) -> int:
    return int(client.get(f"{PATH}?total=1").json["total"])


def test_a_replay_gives_the_first_answer(manager: ProgramClient) -> None:
    first = _post(manager, "k1")
    again = _post(manager, "k1")
    assert (again.status_code, again.data) == (201, first.data)
    for name in ("Location", "ETag", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert _number(manager) == 1


def test_blanks_and_order_make_no_other_request(manager: ProgramClient) -> None:
    sent = [b'{"family": "A", "given": "B"}', b'{"given":"B",\n"family":"A"}']
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answers = [manager.post(PATH, data=each, headers=headers) for each in sent]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].data == answers[1].data


def test_a_key_is_for_one_request(manager: ProgramClient) -> None:
    _post(manager, "k")
    for other in (
        _post(manager, "k", {"family": "B"}),
        _post(manager, "k", path="/api/v1/counterparties"),
        _post(manager, "k", path=f"{PATH}/bulk"),
    ):
        assert other.status_code == 422
        assert "Idempotency-Key" in other.json["errors"]
    assert _number(manager) == 1


def test_keys_of_others_are_other_keys(manager: ProgramClient, app: Flask, site: Site) -> None:
    first = _post(manager, "k")
    other = with_token(app, site, manager.principal)
    assert _post(other, "k").json["id"] != first.json["id"]


def test_what_failed_may_be_tried_again(manager: ProgramClient) -> None:
    assert _post(manager, "k", {"nonsense": 1}).status_code == 422
    assert _post(manager, "k", {"family": "A"}).status_code == 201


def test_restore_and_bulk_are_repeated_too(manager: ProgramClient) -> None:
    made = _post(manager, "k1").headers["Location"]
    manager.delete(made, headers={"If-Match": '"1"'})
    answers = [
        manager.post(f"{made}/restore", headers={"Idempotency-Key": "k2"}) for _n in range(2)
    ]
    assert [(each.status_code, each.data) for each in answers] == [(200, answers[0].data)] * 2
    body = {"operations": [{"op": "create", "data": {"family": "B"}}]}
    results = [_post(manager, "k3", body, f"{PATH}/bulk").json for _n in range(2)]
    assert results[0] == results[1]
    assert _number(manager) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "ключ".encode().decode("latin-1")])
def test_a_key_has_visible_characters(manager: ProgramClient, key: str) -> None:
    assert _post(manager, key).status_code == 422
    assert _number(manager) == 0


def test_a_long_key_is_a_key(manager: ProgramClient) -> None:
    assert _post(manager, "!" * 255).status_code == 201


def test_three_at_once_have_one_effect(manager: ProgramClient, app: Flask, site: Site) -> None:
    key, answers = str(uuid4()), []
    gate = threading.Barrier(3)

    def send() -> None:
        client = ProgramClient(app, app.response_class, use_cookies=False)
        client.token = manager.token
        gate.wait()
        answers.append(_post(client, key))

    threads = [threading.Thread(target=send) for _n in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [each.status_code for each in answers] == [201] * 3, [each.json for each in answers]
    assert len({each.data for each in answers}) == 1
    assert sum("Idempotency-Replayed" in each.headers for each in answers) == 2
    assert _number(manager) == 1


def test_answers_are_kept_for_a_day_at_least(manager: ProgramClient, site: Site) -> None:
    _post(manager, "kept")
    for hours, gone in ((25, False), (49, True)):
        later = clock.now() + timedelta(hours=hours)
        with clock.frozen(later), site.write(system("job")) as session:
            assert (idempotency.forget_old(session) > 0) is gone
    assert "Idempotency-Replayed" not in _post(manager, "kept").headers
