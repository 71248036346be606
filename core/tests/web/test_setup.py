"""The guided set-up: for administrators, resumed where one stopped, skipped as one likes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update
from web_pages import fields, words

from kontora.access.models import Branch, SiteState, User
from kontora.access.principal import system
from kontora.lifecycle import setup
from kontora.lifecycle.site import Site

CARD = "Set Kontora up for your company"
SAVE, NEXT, SKIP = {"action": "save"}, {"action": "next"}, {"action": "skip"}
COMPANY = {
    "company.name": "Amber",
    "company.region": "UA",
    "company.locale": "uk",
    "company.timezone": "Europe/Kyiv",
    "company.currency": "UAH",
}


@pytest.fixture
def admin(as_role: Callable[..., Any]) -> Any:
    return as_role("administrator")


def stands_at(client: Any) -> str:
    """The step that the set-up opens."""
    answer = client.get("/setup")
    return str(answer.headers["Location"]) if answer.status_code == 302 else answer.text


def roles_offered(client: Any, address: str = "/contacts/new") -> set[str]:
    """The roles that a form offers."""
    select = re.search(
        r'<select[^>]*name="roles\.[^"]*\.role".*?</select>', client.get(address).text
    )
    assert select is not None
    return set(re.findall(r'<option value="(\w+)"', select[0]))


# Its way


def test_it_is_resumed_where_one_stopped(admin: Any) -> None:
    assert stands_at(admin) == "/setup/company"
    assert "0 of 6 steps" in words(admin.get("/").text)
    admin.post("/setup/company", data={**SAVE, **COMPANY})
    assert stands_at(admin) == "/setup/branches"
    admin.get("/setup/modules")  # looking ahead moves nothing
    assert stands_at(admin) == "/setup/branches"
    page = words(admin.get("/").text)
    assert "1 of 6 steps" in page
    assert "Next: Branches." in page


def test_a_second_administrator_goes_on(admin: Any, as_role: Callable[..., Any]) -> None:
    admin.post("/setup/company", data=SKIP)
    assert stands_at(as_role("administrator")) == "/setup/branches"


def test_every_step_can_be_skipped_until_none_is_left(admin: Any) -> None:
    for name in setup.STEPS:
        assert admin.get(f"/setup/{name}").status_code == 200
        assert admin.post(f"/setup/{name}", data=SKIP).status_code == 303
    assert "All steps are behind you" in stands_at(admin)
    assert CARD not in admin.get("/").text


def test_it_is_dismissed_as_a_whole_and_opened_again(admin: Any) -> None:
    assert CARD in admin.get("/").text
    assert admin.post("/setup/dismiss").headers["Location"] == "/"
    assert CARD not in admin.get("/").text
    assert '"/setup"' in admin.get("/admin").text
    admin.post("/setup/company", data=NEXT)  # whoever takes it up again sees the rest
    assert CARD in admin.get("/").text


def test_a_state_of_others_begins_anew(admin: Any, kontora_site: Site) -> None:
    admin.post("/setup/company", data=SKIP)
    with kontora_site.write(system("test")) as session:
        door = {"door": "administration"}
        row: Any = SiteState.__table__
        broken = update(row).where(row.c.key == setup.KEY).values(value={"behind": ["nowhere"]})
        session.execute(broken, execution_options=door)
    assert stands_at(admin) == "/setup/company"


# For administrators


@pytest.mark.parametrize("role", ["head", "branch_manager", "manager", "assistant", "auditor"])
def test_it_is_for_administrators(as_role: Callable[..., Any], role: str) -> None:
    client = as_role(role)
    assert CARD not in client.get("/").text
    for address in ("/setup", "/setup/company", "/setup/records"):
        assert client.get(address).status_code == 403
    for address in ("/setup/company", "/setup/users", "/setup/records", "/setup/dismiss"):
        assert client.post(address, data={**SAVE, **COMPANY}).status_code == 403


def test_a_visitor_is_sent_to_sign_in(kontora_client: Any) -> None:
    assert "/sign-in" in kontora_client.get("/setup").headers["Location"]


# What the steps keep


def test_the_company_is_what_users_begin_with(admin: Any, kontora_site: Site) -> None:
    admin.post("/setup/company", data={**SAVE, **COMPANY})
    form = {**SAVE, "name": "Olha", "email": "olha@example.org", "role": "manager", "branch": ""}
    assert admin.post("/setup/users", data=form).status_code == 303
    assert "olha@example.org" in admin.get("/setup/users").text
    with kontora_site.read(system("test")) as session:
        olha = session.scalars(select(User).where(User.email == "olha@example.org")).one()
        assert (olha.locale, olha.timezone) == ("uk", "Europe/Kyiv")
        assert kontora_site.setting(session, "company.currency") == "UAH"
    assert "Amber" in admin.get("/").text


def test_branches_are_added_one_by_one(admin: Any, kontora_site: Site) -> None:
    for name in ("South", "North"):
        assert admin.post("/setup/branches", data={**SAVE, "name": name}).status_code == 303
    with kontora_site.read(system("test")) as session:
        assert {"South", "North"} < set(session.scalars(select(Branch.name)))
    assert stands_at(admin) == "/setup/company"
    assert "South" in words(admin.get("/setup/branches").text)


def test_roles_and_fields_are_turned_on(admin: Any, kontora_site: Site, records: Any) -> None:
    dealer = records.make("counterparties", {"display_name": "D", "roles": [{"role": "dealer"}]})
    form = {**SAVE, "roles": ["client", "supplier"], "fields": ["needs", "delivery_time"]}
    assert admin.post("/setup/records", data=form).status_code == 303
    assert roles_offered(admin) == {"client", "supplier"}
    with kontora_site.read(system("test")) as session:
        rtype = session.registry.record_type("counterparties")
        needs, days = (rtype.field_named(f"custom.{key}") for key in ("needs", "delivery_time"))
        assert (needs.roles, needs.profile, days.roles) == (("client",), True, ("supplier",))
    assert 'value="needs"' not in admin.get("/setup/records").text  # it is there already
    # Who has another role keeps it, in the page and through a form.
    assert "Dealer" in words(admin.get(f"/counterparties/{dealer}").text)
    edit = f"/counterparties/{dealer}/edit"
    assert roles_offered(admin, edit) == {"client", "supplier", "dealer"}
    assert admin.post(edit, data=dict(fields(admin.get(edit).text))).status_code == 303
    assert records.get("counterparties", dealer)["roles"][0]["role"] == "dealer"
    admin.post("/setup/records", data={**SAVE, "roles": ["client", "dealer"]})
    assert roles_offered(admin) == {"client", "dealer"}


def test_new_amounts_begin_with_the_usual_currency(admin: Any, records: Any) -> None:
    admin.post("/setup/company", data={**SAVE, **COMPANY})
    admin.post("/setup/records", data={**SAVE, "roles": ["client"], "fields": ["income"]})
    olha = records.make("contacts", {"family": "Olha", "roles": [{"role": "client"}]})
    sent = dict(fields(admin.get(f"/contacts/{olha}/edit").text))
    assert sent["custom.income.currency"] == "UAH"
    admin.post(f"/contacts/{olha}/edit", data=sent)
    assert records.get("contacts", olha)["custom"].get("income") is None  # no amount was given


# Bad input


@pytest.mark.parametrize(
    ("step", "form", "said"),
    [
        ("company", {**COMPANY, "company.timezone": "Mars/Olympus"}, "attention"),
        ("company", {**COMPANY, "company.currency": "XXX"}, "attention"),
        ("branches", {"name": " "}, ""),
        ("branches", {"name": "South", "parent": "nowhere"}, ""),
        ("users", {"name": "Olha", "email": "", "role": "manager"}, "A value is needed."),
        ("users", {"name": "Olha", "email": "not an address", "role": "manager"}, ""),
        ("users", {"name": "Olha", "email": "o@example.org", "role": "king"}, "no role “king”"),
        ("records", {"roles": []}, "Keep at least one role."),
        ("records", {"roles": ["king"]}, "Choose one of the list."),
        ("records", {"roles": ["client"], "fields": ["age"]}, "Choose one of the list."),
        ("records", {"roles": ["client"], "fields": ["needs", "discount"]}, "do not keep"),
    ],
)
def test_bad_input_keeps_nothing(
    admin: Any, kontora_site: Site, step: str, form: dict[str, Any], said: str
) -> None:
    answer = admin.post(f"/setup/{step}", data={**SAVE, **form})
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert stands_at(admin) == "/setup/company"
    with kontora_site.read(system("test")) as session:
        assert "South" not in session.scalars(select(Branch.name)).all()
        assert "Olha" not in session.scalars(select(User.name)).all()
        assert session.registry.record_type("contacts").field_named("custom.needs") is None
        assert not kontora_site.setting(session, "company.name")
    assert "king" not in roles_offered(admin)
    assert len(roles_offered(admin)) == 10


def test_an_unknown_step_or_action_is_refused(admin: Any) -> None:
    assert admin.get("/setup/nowhere").status_code == 404
    assert admin.post("/setup/nowhere", data=SKIP).status_code == 404
    assert admin.post("/setup/import", data={"action": "burn"}).status_code == 422
    assert stands_at(admin) == "/setup/company"
