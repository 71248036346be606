"""Webhooks: what is told, to whom, signed how, and tried again when."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from receiver import Receiver, Reply, Request
from sqlalchemy import delete, insert, update
from standardwebhooks import Webhook, WebhookVerificationError

from kontora import clock
from kontora.access.models import FieldRule, User
from kontora.access.principal import Principal, system
from kontora.access.rights import Rights
from kontora.errors import Conflict, Forbidden, Invalid
from kontora.lifecycle.site import Site
from kontora.privacy import purge, retention
from kontora.records import service
from kontora.webhooks import deliveries, endpoints, events, sending
from kontora.webhooks.models import DEAD, DELIVERED, PENDING, SKIPPED, WebhookDelivery
from kontora.work.jobs import JOB, enqueue
from kontora_sdk.testing.people import make_party, make_user

DOOR = {"door": "administration"}
Make = Callable[..., Any]


def verified(secret: str, request: Request) -> dict[str, Any]:
    """The message, checked by an implementation that is not ours."""
    found: dict[str, Any] = Webhook(secret).verify(request.body, request.headers)
    return found


def change(site: Site, by: Principal | None, party: UUID, data: dict[str, Any]) -> None:
    with site.write(by or system("test")) as session:
        rtype = session.registry.record_type("contacts")
        service.change_record(session, rtype, party, data)


def test_a_receiver_is_told_of_what_was_created_changed_and_deleted(
    site: Site, hook: Any, receiver: Receiver
) -> None:
    party = make_party(site, hook.admin, {"given": "Ada", "family": "Byron"})
    change(site, hook.admin, party, {"family": "Lovelace"})
    with site.write(hook.admin) as session:
        service.delete_record(session, session.registry.record_type("contacts"), party)
    assert receiver.requests == [], "nothing leaves before the job runs"
    hook.work()
    told = {each["type"]: each for each in (verified(hook.secret, r) for r in receiver.requests)}
    assert set(told) == {"contacts.created", "contacts.changed", "contacts.deleted"}
    assert told["contacts.created"]["data"]["record"]["given"] == "Ada"
    assert "changed" not in told["contacts.created"]["data"]
    assert told["contacts.changed"]["data"]["changed"] == ["display_name", "family"]
    assert told["contacts.changed"]["data"]["id"] == str(party)
    assert told["contacts.deleted"]["data"]["record"] is None
    assert hook.states == [DELIVERED] * 3
    assert all(each.headers["content-type"] == "application/json" for each in receiver.requests)


def test_a_change_that_is_rolled_back_is_told_to_nobody(site: Site, hook: Any) -> None:
    with pytest.raises(RuntimeError), site.write(hook.admin) as session:
        service.create_record(session, session.registry.record_type("contacts"), {"family": "No"})
        raise RuntimeError
    assert hook.rows() == []


def test_a_site_without_webhooks_writes_nothing_more(site: Site) -> None:
    make_party(site, None, {"family": "Quiet"})
    with site.database.read_engine.connect() as connection:
        assert connection.execute(deliveries.DELIVERY.select()).first() is None


def test_only_chosen_kinds_of_events_are_told(site: Site, make_hook: Make) -> None:
    hook = make_hook(events=["counterparties.created"])
    make_party(site, hook.admin, {"family": "Person"})
    make_party(site, hook.admin, {"kind": "organisation", "display_name": "Firm"})
    hook.work()
    # A person might be a counterparty; this one is none, and that was looked up when sending.
    assert sorted(hook.states) == [DELIVERED, SKIPPED]


# T-04 and R2: the rights of the owner


def test_what_the_owner_may_not_see_is_not_sent(
    site: Site, make_hook: Make, receiver: Receiver
) -> None:
    manager = make_user(site, "manager")
    hook = make_hook(owner=manager)
    make_party(site, manager, {"given": "Mine", "family": "Seen"})
    make_party(site, make_user(site, "manager"), {"given": "Canary", "family": "Unseen"})
    hook.work()
    assert hook.states == [DELIVERED, SKIPPED]
    assert [json.loads(each.body)["data"]["record"]["given"] for each in receiver.requests] == [
        "Mine"
    ]


def hide(site: Site, role: str, *fields: str) -> None:
    with site.write(system("test")) as session:
        rows = [
            {"role_key": role, "entity": "party", "field": name, "access": "hidden"}
            for name in fields
        ]
        session.execute(insert(FieldRule), rows, execution_options=DOOR)


def test_hidden_fields_are_neither_sent_nor_named(
    site: Site, make_hook: Make, receiver: Receiver
) -> None:
    manager = make_user(site, "manager")
    hook = make_hook(owner=manager, events=["contacts.changed"])
    party = make_party(site, manager, {"given": "A", "family": "B", "notes": "canary one"})
    hide(site, "manager", "notes")
    change(site, None, party, {"notes": "canary two"})
    change(site, None, party, {"notes": "canary three", "given": "C"})
    hook.work()
    assert hook.states == [SKIPPED, DELIVERED], "that only the hidden field changed is not told"
    body = receiver.requests[0].body.decode()
    assert "canary" not in body
    assert "notes" not in body


def test_rights_count_when_it_is_sent_not_when_it_was_changed(
    site: Site, make_hook: Make, receiver: Receiver
) -> None:
    manager = make_user(site, "manager")
    hook = make_hook(owner=manager)
    party = make_party(site, manager, {"family": "Moved"})
    other = make_user(site, "manager")
    change(site, None, party, {"owner": str(other.user_id)})
    hook.work()
    assert receiver.requests == []
    assert set(hook.states) == {SKIPPED}


def test_a_webhook_whose_owner_was_disabled_is_turned_off(
    site: Site, make_hook: Make, receiver: Receiver
) -> None:
    manager = make_user(site, "manager")
    hook = make_hook(owner=manager)
    make_party(site, manager, {"family": "Left"})
    with site.database.write_engine.begin() as connection:
        connection.execute(update(User.__table__).values(state="disabled"))
    hook.work()
    assert receiver.requests == []
    assert not hook.endpoint["active"]
    assert "may no longer sign in" in hook.endpoint["disabled_reason"]
    assert hook.states == [DEAD]


# Signatures


def test_a_wrong_secret_and_a_changed_body_are_found_out(
    site: Site, hook: Any, receiver: Receiver
) -> None:
    make_party(site, hook.admin, {"family": "Signed"})
    hook.work()
    request = receiver.requests[0]
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 44).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(hook.secret).verify(request.body.replace(b"Signed", b"Forged"), request.headers)
    moved = {**request.headers, "webhook-id": "msg_other"}
    with pytest.raises(WebhookVerificationError):
        Webhook(hook.secret).verify(request.body, moved)


def test_while_a_secret_is_changed_both_are_good_for_a_day(
    site: Site, hook: Any, receiver: Receiver
) -> None:
    fresh = hook.do(endpoints.rotate)
    make_party(site, hook.admin, {"family": "Turn"})
    hook.work()
    verified(fresh, receiver.requests[0])
    verified(hook.secret, receiver.requests[0])
    assert len(receiver.requests[0].headers["webhook-signature"].split()) == 2
    with clock.frozen(clock.now() + timedelta(hours=25)), site.write(hook.admin) as session:
        row = session.execute(deliveries.ENDPOINT.select(), execution_options=deliveries.DOOR)
        assert len(endpoints.keys(session, row.one()._mapping)) == 1


def test_secrets_are_sealed_in_the_database(hook: Any) -> None:
    assert hook.secret.startswith("whsec_")
    assert hook.secret not in str(dict(hook.endpoint))


# Tries


def test_a_failed_try_is_repeated_under_the_same_id_until_it_arrives(
    site: Site, hook: Any, receiver: Receiver
) -> None:
    answers = iter([Reply(500), Reply(503, {"Retry-After": "7200"}), Reply(200)])
    receiver.reply = lambda request: next(answers)
    make_party(site, hook.admin, {"family": "Late"})
    hook.work()
    assert (hook.states, hook.rows()[0]["attempts"]) == ([PENDING], 1)
    hook.work(after=4)
    assert len(receiver.requests) == 1, "not before its time"
    hook.work(after=7)
    assert len(receiver.requests) == 2
    hook.work(after=600)
    assert len(receiver.requests) == 2, "the receiver asked for two hours"
    hook.work(after=7300)
    assert hook.states == [DELIVERED]
    assert len({each.headers["webhook-id"] for each in receiver.requests}) == 1
    assert hook.endpoint["failures"] == 0
    assert hook.endpoint["failing_since"] is None


def test_tries_go_on_for_more_than_three_days_with_jitter() -> None:
    assert len(sending.DELAYS) == 9
    assert sum(sending.DELAYS) >= 3 * 86_400
    found = {sending.delay(3) for _try in range(20)}
    assert len(found) > 1
    assert all(1800 <= each <= 2160 for each in found)


def test_after_its_last_try_a_delivery_is_a_dead_letter_that_can_be_sent_again(
    site: Site, hook: Any, receiver: Receiver
) -> None:
    receiver.reply = Reply(500, body=b"out of <b>order</b>")
    make_party(site, hook.admin, {"family": "Dead"})
    later = 0.0
    for wait in (0.0, *sending.DELAYS):
        later += wait * 1.2 + 400
        hook.work(after=later)
    row = hook.rows()[0]
    assert (row["state"], row["attempts"], row["status"]) == (DEAD, 10, 500)
    assert row["answer"] == "out of <b>order</b>"
    receiver.reply = Reply(200)
    hook.do(deliveries.again, row["id"])
    hook.work(after=later + 4000)
    assert hook.states == [DELIVERED]
    assert len({each.headers["webhook-id"] for each in receiver.requests}) == 1


def test_all_dead_letters_can_be_sent_again_at_once(site: Site, hook: Any) -> None:
    for name in ("One", "Two", "Three"):
        make_party(site, hook.admin, {"family": name})
    with site.write(hook.admin) as session:
        deliveries.bury(session, hook.id, "for the test")
    assert hook.states == [DEAD] * 3
    hook.work()
    assert hook.do(deliveries.all_again) == 3
    hook.work()
    assert hook.states == [DELIVERED] * 3


def test_410_turns_the_webhook_off(site: Site, hook: Any, receiver: Receiver) -> None:
    receiver.reply = Reply(410)
    make_party(site, hook.admin, {"family": "Gone"})
    hook.work()
    make_party(site, hook.admin, {"family": "After"})
    hook.work()
    assert len(receiver.requests) == 1
    assert not hook.endpoint["active"]
    assert "410" in hook.endpoint["disabled_reason"]
    assert hook.states == [DEAD], "and nothing more is written for it"
    with pytest.raises(Conflict):
        hook.do(deliveries.again, hook.rows()[0]["id"])
    hook.do(endpoints.change, {"active": True})
    assert hook.endpoint["disabled_reason"] is None


def test_five_days_of_failures_turn_it_off(site: Site, hook: Any, receiver: Receiver) -> None:
    receiver.reply = Reply(500)
    make_party(site, hook.admin, {"family": "Down"})
    hook.work()
    assert hook.endpoint["active"]
    with clock.frozen(clock.now() + timedelta(days=5, hours=1)):
        make_party(site, hook.admin, {"family": "Still down"})
        hook.work()
    assert not hook.endpoint["active"]
    assert "five days" in hook.endpoint["disabled_reason"]


def test_a_receiver_that_fails_is_left_alone_for_a_while(
    site: Site, hook: Any, receiver: Receiver
) -> None:
    receiver.reply = Reply(500)
    for number in range(5):
        make_party(site, hook.admin, {"family": f"Queue {number}"})
    hook.work()
    assert len(receiver.requests) == 1, "one message tried; the others wait for its result"
    receiver.reply = Reply(200)
    hook.work(after=20)
    assert hook.states.count(DELIVERED) == 5


def test_redirects_and_refused_addresses_are_failures_with_a_reason(
    site: Site, hook: Any, receiver: Receiver
) -> None:
    receiver.reply = Reply(302, {"Location": "http://10.0.0.1/"})
    make_party(site, hook.admin, {"family": "Round"})
    hook.work()
    assert hook.rows()[0]["error"] == "The receiver answered 302."
    receiver.reply = Reply(307, {"Location": "http://10.0.0.1/"})
    hook.work(after=10)
    assert "may not be reached" in hook.rows()[0]["error"]
    assert len(receiver.requests) == 2


def test_a_test_event_is_tried_once_even_while_the_receiver_is_left_alone(
    site: Site, hook: Any, receiver: Receiver
) -> None:
    receiver.reply = Reply(500)
    make_party(site, hook.admin, {"family": "First"})
    hook.work()
    hook.do(endpoints.test)
    hook.work()
    assert [row["state"] for row in hook.rows() if row["event"] == events.TEST] == [DEAD]
    receiver.reply = Reply(204)
    hook.do(endpoints.test)
    hook.work()
    assert verified(hook.secret, receiver.requests[-1])["type"] == "webhook.test"


def test_a_delivery_whose_job_was_lost_is_found(site: Site, hook: Any, receiver: Receiver) -> None:
    make_party(site, hook.admin, {"family": "Lost"})
    with site.database.write_engine.begin() as connection:
        connection.execute(delete(JOB))
    hook.work()
    assert receiver.requests == []
    with site.write(system("test")) as session:
        assert deliveries.forgotten(session) == [], "not while it may just be on its way"
    with clock.frozen(clock.now() + timedelta(minutes=6)), site.write(system("test")) as session:
        enqueue(session, "core.webhook_sweep")
    hook.work(after=400)
    assert hook.states == [DELIVERED]


def test_old_deliveries_are_forgotten_and_dead_letters_later(site: Site, hook: Any) -> None:
    make_party(site, hook.admin, {"family": "Old"})
    hook.work()
    make_party(site, hook.admin, {"family": "Dead"})
    with site.write(system("test")) as session:
        deliveries.bury(session, hook.id, "for the test")
    for days, left in ((29, 2), (31, 1), (91, 0)):
        with clock.frozen(clock.now() + timedelta(days=days)), site.write(system("t")) as session:
            for each in retention.DECLARED:
                if each.model is WebhookDelivery:
                    purge.delete_old(session, each)
        assert len(hook.rows()) == left


# Who may do it, and with what


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": "http://8.8.8.8/"}, "url"),
        ({"url": "https://192.168.1.1/"}, "url"),
        ({"url": "https://user:pw@example.org/"}, "url"),
        ({"url": "ftp://example.org/"}, "url"),
        ({"url": ""}, "url"),
        ({"url": "https://example.org/" + "x" * 2000}, "url"),
        ({"events": []}, "events"),
        ({"events": ["contacts.exploded"]}, "events"),
        ({"owner": "nobody"}, "owner"),
        ({"description": "x" * 256}, "description"),
        ({"secret": "whsec_mine"}, "secret"),
    ],
)
def test_wrong_input_is_refused_by_name(make_hook: Make, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        make_hook(**wrong) if "owner" not in wrong else make_hook(**{**wrong, "owner": None}).do(
            endpoints.change, wrong
        )
    assert list(refused.value.errors) == [field]


def test_only_holders_of_the_right_make_webhooks(site: Site, hook: Any) -> None:
    for role in ("head", "branch_manager", "manager", "assistant", "auditor"):
        user = make_user(site, role)
        with site.write(user) as session:
            for step in (
                lambda s: endpoints.listed(s),
                lambda s: endpoints.create(s, {"url": "https://example.org", "events": ["x"]}),
                lambda s: endpoints.change(s, hook.id, {"active": False}),
                lambda s: endpoints.rotate(s, hook.id),
                lambda s: endpoints.remove(s, hook.id),
                lambda s: endpoints.test(s, hook.id),
            ):
                with pytest.raises(Forbidden):
                    step(session)


def test_who_may_not_manage_users_lends_only_his_own_rights(site: Site, hook: Any) -> None:
    """Otherwise the right to make webhooks would be the right to read everything."""
    manager = make_user(site, "manager")
    narrow = replace(manager, rights=Rights(permissions=frozenset({"admin.webhooks"})))
    data = {"url": "https://example.org/", "events": ["contacts.created"]}
    with site.write(narrow) as session:
        with pytest.raises(Invalid, match="manage users"):
            endpoints.create(session, {**data, "owner": str(hook.admin.user_id)})
        endpoints.create(session, data)


@pytest.mark.parametrize(
    "change", [{"url": "https://example.org/elsewhere"}, {"events": ["users.created"]}]
)
def test_what_somebody_else_sees_is_not_led_elsewhere(
    site: Site, hook: Any, change: dict[str, Any]
) -> None:
    """A webhook that lends an administrator's rights keeps its address and its events, unless
    whoever changes it lends his own from then on."""
    manager = make_user(site, "manager")
    narrow = replace(manager, rights=Rights(permissions=frozenset({"admin.webhooks"})))
    before = hook.endpoint
    with site.write(narrow) as session, pytest.raises(Invalid, match="manage users"):
        endpoints.change(session, hook.id, change)
    assert hook.endpoint == before
    with site.write(narrow) as session:
        endpoints.change(session, hook.id, {**change, "owner": str(narrow.user_id)})
        endpoints.change(session, hook.id, {"active": False})
    assert hook.endpoint["owner_id"] == narrow.user_id


def test_events_of_plugins_can_be_chosen_too(site: Site) -> None:
    names = set(events.event_types(site.registry))
    assert {f"{path}.created" for path in ("contacts", "activities", "users")} <= names
    slugs = {rtype.slug for rtype in site.registry.record_types.values()}
    assert {name.rpartition(".")[0] for name in names} == slugs
