"""The pages of webhooks, and of the quotas of tokens."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from kontora.access import passwords
from kontora.access.models import Role, RolePermission
from kontora.access.principal import Principal
from kontora.lifecycle.site import Site
from kontora.limits import Limits, using
from kontora.records import service
from kontora.webhooks import deliveries, endpoints
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import PersonClient, signed_in
from kontora_sdk.testing.people import make_user

URL = "/admin/webhooks"
FORM = {
    "url": "https://example.org/hook",
    "events": ["", "contacts.created"],
    "description": "Shop",
}


@pytest.fixture
def app(site: Site) -> Flask:
    return create_app(site)


@pytest.fixture
def admin(site: Site) -> Principal:
    return make_user(site, "administrator")


@pytest.fixture
def client(app: Flask, site: Site, admin: Principal) -> PersonClient:
    return signed_in(app, site, admin)


def test_a_webhook_is_made_on_the_page_and_its_secret_shown_once(
    client: PersonClient, admin: Principal
) -> None:
    owner = {"owner": str(admin.user_id)}
    wrong = client.post(f"{URL}/new", data={**FORM, **owner, "url": "http://10.0.0.1/"})
    assert wrong.status_code == 422
    assert "not public" in wrong.text
    assert "Choose at least one" in client.post(f"{URL}/new", data={**owner, "url": "x"}).text
    made = client.post(f"{URL}/new", data={**FORM, **owner, "active": ["", "true"]})
    assert re.search(r"whsec_[\w+/=]{44}", made.text)
    page = client.get(URL).text
    one = re.search(rf"{URL}/[0-9a-f-]{{36}}", page)
    assert one is not None
    # The answer stands at `/new`; the script of the page puts it where a reload makes no second.
    assert f'data-address="{one[0]}"' in made.text
    again = client.post(one[0], data={**FORM, **owner, "url": "http://10.0.0.1/"})
    assert again.status_code == 422 and f'action="{one[0]}"' in again.text
    assert "data-address" not in wrong.text and 'data-tick-all="events"' in wrong.text
    assert "Shop" in page
    assert "whsec_" not in page + client.get(one[0]).text
    assert "whsec_" in client.post(f"{one[0]}/rotate").text
    assert client.post(f"{one[0]}/test").status_code == 303
    shown = client.get(one[0]).text
    assert "webhook.test" in shown
    delivery = re.search(rf"{one[0]}/deliveries/\d+", shown)
    assert delivery is not None
    assert "A test of Kontora" in client.get(delivery[0]).text
    assert client.post(f"{delivery[0]}/retry").status_code == 409
    assert client.post(f"{one[0]}/retry").status_code == 303
    assert client.post(f"{one[0]}/delete").status_code == 303
    assert client.get(one[0]).status_code == 404


def test_what_turned_a_webhook_off_stands_on_the_pages(
    client: PersonClient, site: Site, admin: Principal
) -> None:
    with site.write(admin) as session:
        data = {"url": FORM["url"], "events": ["contacts.created"], "description": "Books"}
        made, _secret = endpoints.create(session, data)
        endpoints.disable(session, made, "It has failed for five days.")
    for address in (URL, f"{URL}/{made}"):
        assert "It has failed for five days." in client.get(address).text


def test_what_is_sent_is_shown_with_the_rights_of_the_reader_where_these_are_less(
    app: Flask, client: PersonClient, site: Site, admin: Principal
) -> None:
    """The right to manage webhooks is not the right to read what an administrator reads."""
    with site.write(admin) as session:
        data = {"url": FORM["url"], "events": ["contacts.created"]}
        made, _secret = endpoints.create(session, data)
        contacts = session.registry.record_type("contacts")
        service.create_record(session, contacts, {"family": "Zanzibarova"})
        number = deliveries.listed(session, made)[0]["id"]
        role: dict[str, Any] = {"key": "plumber", "name": "Plumber", "built_in": False, "sort": 99}
        door = {"door": "administration"}
        session.execute(insert(Role), [role], execution_options=door)
        held = {"role_key": "plumber", "permission": endpoints.PERMISSION}
        session.execute(insert(RolePermission), [held], execution_options=door)
    narrow = signed_in(app, site, make_user(site, "plumber"))
    path = f"{URL}/{made}/deliveries/{number}"
    assert "Zanzibarova" in client.get(path).text
    shown = narrow.get(path)
    assert shown.status_code == 200
    assert "Zanzibarova" not in shown.text


def make_token(site: Site, user: Principal) -> Any:
    with site.write(user) as session:
        passwords.create_token(session, user.user_id, "Robot")
        return passwords.tokens(session, user.user_id)[0]["id"]


def test_administrators_see_all_tokens_and_set_their_quota(
    client: PersonClient, app: Flask, site: Site
) -> None:
    manager = make_user(site, "manager")
    token = make_token(site, manager)
    assert "Robot" in client.get("/admin/tokens").text
    client.post(f"/admin/tokens/{token}", data={"per_minute": "50", "per_day": "1000"})
    assert 'value="50"' in client.get("/admin/tokens").text
    client.post(f"/admin/tokens/{token}", data={"per_minute": "-1"})
    assert "whole number" in client.get("/admin/tokens").text
    other = signed_in(app, site, manager)
    assert other.post(f"/admin/tokens/{token}", data={"per_minute": "9"}).status_code == 403


def test_users_may_lower_the_quota_of_their_tokens_and_not_raise_it(app: Flask, site: Site) -> None:
    manager = make_user(site, "manager")
    client = signed_in(app, site, manager)
    form = {"name": "Mine", "scope": "read", "life": "30"}
    with using(Limits()):
        refused = client.post("/profile/tokens", data={**form, "per_minute": "601"})
        assert refused.status_code == 422
        assert "an administrator can allow more" in refused.text
        assert client.post("/profile/tokens", data={**form, "per_minute": "x"}).status_code == 422
        made = client.post("/profile/tokens", data={**form, "per_minute": "60", "per_day": "99"})
    assert "kontora_" in made.text
    with site.read(manager) as session:
        (row,) = passwords.tokens(session, manager.user_id)
    assert (row["per_minute"], row["per_day"]) == (60, 99)
    assert "0 / 99" in client.get("/profile/tokens").text
