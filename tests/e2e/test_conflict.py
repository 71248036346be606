"""Two people change one record: the later one is told, sees both versions and chooses."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_who_saves_second_is_told_and_can_finish(
    as_admin: Page, elsewhere: Callable[..., Page], new_user: Callable[..., tuple[str, str]]
) -> None:
    family = f"Novak{secrets.token_hex(3)}"
    first = as_admin
    first.goto("/contacts/new")
    first.get_by_label("Given name").fill("Eva")
    first.get_by_label("Family name").fill(family)
    first.get_by_role("main").get_by_role("button", name="Create").click()
    expect(first.get_by_role("heading", name=f"Eva {family}")).to_be_visible()
    address = first.url

    second = elsewhere(*new_user("administrator", "Boss Second"))
    for page in (first, second):
        page.goto(address)
        page.get_by_role("link", name="Edit", exact=True).click()
        expect(page.get_by_label("Given name")).to_have_value("Eva")
    second.get_by_label("Given name").fill("Ewa")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_role("heading", name=f"Ewa {family}")).to_be_visible()

    first.get_by_label("Given name").fill("Evita")
    first.get_by_label("Middle name").fill("Maria")
    first.get_by_role("button", name="Save").click()
    expect(first.get_by_role("alert")).to_contain_text("Boss Second changed this record")
    row = first.get_by_role("row").filter(has_text="Given name")
    expect(row.get_by_role("radio", name="Ewa")).to_be_visible()
    expect(row.get_by_role("radio", name="Evita")).to_be_checked()
    row.get_by_role("radio", name="Ewa").check()
    first.get_by_role("button", name="Save what I chose").click()
    expect(first.get_by_role("heading", name=f"Ewa {family}")).to_be_visible()
    expect(first.get_by_role("definition").filter(has_text="Maria")).to_be_visible()
