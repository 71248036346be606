"""Webhooks and quotas by the API, as a program meets them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from receiver import Receiver

from kontora import clock
from kontora.http.policy import policy_of
from kontora.ids import new_id
from kontora.lifecycle.site import Site
from kontora.limits import Limits, using
from kontora.work.runner import run_pending
from kontora_sdk.testing.clients import ProgramClient

BASE = "/api/v1/webhooks"
DATA = {"url": "https://example.org/hook", "events": ["contacts.created"], "description": "Shop"}


def test_a_webhook_is_made_read_changed_and_deleted(admin: ProgramClient) -> None:
    made = admin.post(BASE, json=DATA)
    assert made.status_code == 201
    assert made.json["secret"].startswith("whsec_")
    address = made.headers["Location"]
    shown = admin.get(address).json
    assert "secret" not in shown
    assert {name: shown[name] for name in DATA} == DATA
    assert shown["owner"]["id"] == str(admin.principal.user_id)
    data = {"active": False, "events": ["users.changed"]}
    assert admin.patch(address, json=data).status_code == 428
    changed = admin.patch(address, json=data, headers={"If-Match": '"1"'})
    assert changed.headers["ETag"] == '"2"'
    assert admin.patch(address, json=data, headers={"If-Match": '"1"'}).status_code == 412
    changed = changed.json
    assert (changed["active"], changed["events"]) == (False, ["users.changed"])
    assert shown["id"] in [each["id"] for each in admin.get(BASE).json["items"]]
    assert admin.delete(address).status_code == 428
    assert admin.delete(address, headers={"If-Match": '"1"'}).status_code == 412
    assert admin.delete(address, headers={"If-Match": '"2"'}).status_code == 204
    assert admin.get(address).status_code == 404


def test_the_secret_is_told_once_and_can_be_changed(admin: ProgramClient) -> None:
    made = admin.post(BASE, json=DATA).json
    fresh = admin.post(f"{BASE}/{made['id']}/rotate").json["secret"]
    assert fresh != made["secret"]
    for answer in (admin.get(BASE), admin.get(f"{BASE}/{made['id']}")):
        assert "whsec_" not in answer.text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": "http://127.0.0.1/"}, "url"),
        ({"url": "https://localhost/"}, "url"),
        ({"events": ["no.such"]}, "events"),
        ({"events": []}, "events"),
        ({"secret": "whsec_mine"}, "secret"),
        ({"id": str(new_id())}, "id"),
        ({"failures": 0}, "failures"),
        ({"owner": str(new_id())}, "owner"),
        ({"url": "x" * 2001}, "url"),
    ],
)
def test_wrong_input_is_named(admin: ProgramClient, wrong: dict[str, Any], field: str) -> None:
    answer = admin.post(BASE, json={**DATA, **wrong})
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    address = admin.post(BASE, json=DATA).headers["Location"]
    assert admin.patch(address, json=wrong, headers={"If-Match": "*"}).status_code == 422


def test_a_test_event_and_dead_letters(site: Site, admin: ProgramClient) -> None:
    made = admin.post(BASE, json=DATA).json
    one = f"{BASE}/{made['id']}"
    sent = admin.post(f"{one}/test")
    assert (sent.status_code, sent.json["state"]) == (202, "pending")
    assert admin.post(f"{one}/deliveries/{sent.json['id']}/retry").status_code == 409
    admin.patch(one, json={"active": False}, headers={"If-Match": "*"})
    admin.patch(one, json={"active": True}, headers={"If-Match": "*"})
    page = admin.get(f"{one}/deliveries?state=dead").json
    assert [each["id"] for each in page["items"]] == [sent.json["id"]]
    assert admin.post(f"{one}/deliveries/{sent.json['id']}/retry").json["state"] == "pending"
    assert admin.post(f"{one}/retry").json == {"count": 0}
    assert admin.get(one).json["deliveries"]["pending"] == 1
    for wrong in ("x", "0", "99999999", "9" * 30, "²"):
        assert admin.post(f"{one}/deliveries/{wrong}/retry").status_code == 404
    for query in ("state=x", "cursor=x", "cursor=1&cursor=2", "more=1"):
        assert admin.get(f"{one}/deliveries?{query}").status_code == 422
    with Receiver():
        run_pending(site.work_site(), 0)


def test_pages_of_deliveries_meet_without_a_gap(admin: ProgramClient) -> None:
    one = f"{BASE}/{admin.post(BASE, json=DATA).json['id']}"
    made = [admin.post(f"{one}/test").json["id"] for _n in range(53)]
    first = admin.get(f"{one}/deliveries").json
    second = admin.get(f"{one}/deliveries?cursor={first['next']}").json
    found = [each["id"] for each in (*first["items"], *second["items"])]
    assert found == made[::-1]
    assert second["next"] is None


def test_each_route_behind_a_permission_refuses_who_lacks_it(
    app: Flask, client_of: Callable[..., ProgramClient]
) -> None:
    """T-02 for all that is not a record: found by its policy, and tested by existing."""
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            demanded = policy_of(view, method)
            if rule.rule.startswith("/api/") and demanded and demanded.permission:
                found.append((method, rule.rule, demanded.permission))
    assert len([each for each in found if "webhooks" in each[1]]) == 10
    for role in ("head", "branch_manager", "manager", "assistant", "auditor"):
        client = client_of(role)
        for method, rule, permission in found:
            if not client.principal.rights.has(permission):
                address = rule.replace("<record_name:record_id>", str(new_id()))
                answer = client.open(address.replace("<number>", "1"), method=method)
                assert answer.status_code == 403, (role, method, rule)
    reader = client_of("administrator", scope="read")
    assert reader.get(BASE).status_code == 403, "a token for reading administers nothing"


# Quotas


def test_answers_tell_the_quota_and_beyond_it_is_429(
    client_of: Callable[..., ProgramClient],
) -> None:
    client = client_of("manager")
    with clock.frozen(clock.now()), using(Limits(api_per_minute=5)):
        answers = [client.get("/api/v1/me") for _n in range(6)]
    assert [each.status_code for each in answers[:5]] == [200] * 5
    assert answers[0].headers["RateLimit-Policy"] == '"minute";q=5;w=60'
    assert answers[0].headers["RateLimit"].startswith('"minute";r=4;t=')
    last = answers[5]
    assert last.status_code == 429
    assert last.content_type == "application/problem+json"
    assert "5 times a minute" in last.json["detail"]
    assert 1 <= int(last.headers["Retry-After"]) <= 60
    assert "Retry-After" in last.json["remedy"]


def test_one_token_does_not_use_up_the_quota_of_another(
    client_of: Callable[..., ProgramClient],
) -> None:
    one, other = client_of("manager"), client_of("manager")
    with clock.frozen(clock.now()), using(Limits(api_per_minute=2)):
        assert [one.get("/api/v1/me").status_code for _n in range(3)] == [200, 200, 429]
        assert other.get("/api/v1/me").status_code == 200


def test_what_is_refused_for_its_quota_has_no_effect(
    admin: ProgramClient, client_of: Callable[..., ProgramClient]
) -> None:
    before = len(admin.get(BASE).json["items"])
    other = client_of("administrator")
    with clock.frozen(clock.now()), using(Limits(api_per_minute=1)):
        answers = [other.post(BASE, json=DATA).status_code for _n in range(4)]
    assert answers == [201, 429, 429, 429]
    assert len(admin.get(BASE).json["items"]) == before + 1
