"""Administration: who reaches it, and how what is changed there reaches the others."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

NewUser = Callable[..., tuple[str, str]]
RESTART_SECONDS = 90


def agree(page: Page, word: str) -> None:
    """Say yes in the dialog that asks: its button has the word of the first one."""
    page.get_by_role("dialog").get_by_role("button", name=word).click()


def test_a_manager_does_not_reach_administration(as_role: Callable[..., Page]) -> None:
    page = as_role("manager")
    for name in ("Users", "Roles", "Plugins", "Settings", "Audit", "Health"):
        expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)
    for path in ("users", "roles", "roles/manager", "plugins", "settings", "audit", "health"):
        answer = page.goto(f"/admin/{path}")
        assert answer is not None and answer.status in (403, 404), path


def test_a_right_taken_in_the_matrix_is_gone(
    as_admin: Page, elsewhere: Callable[..., Page], new_user: NewUser
) -> None:
    manager = elsewhere(*new_user("manager"))
    manager.goto("/contacts/new")
    manager.get_by_label("Family name").fill(f"Own{secrets.token_hex(3)}")
    manager.get_by_role("main").get_by_role("button", name="Create").click()
    expect(manager.get_by_role("link", name="History")).to_be_visible()

    def grant(scope: str) -> str:
        as_admin.goto("/admin/roles")
        as_admin.get_by_role("main").get_by_role("link", name="Manager", exact=True).click()
        cell = as_admin.get_by_label("People: export")
        before = cell.evaluate("cell => cell.selectedOptions[0].label")
        cell.select_option(label=scope)
        as_admin.get_by_role("button", name="Save the role").click()
        expect(as_admin.get_by_role("status").first).to_be_visible()
        return str(before)

    export = manager.get_by_role("button", name="Export")
    manager.goto("/contacts")
    expect(export).to_be_visible()
    before = grant("—")
    try:
        manager.goto("/contacts")
        expect(manager.get_by_role("table", name="Contacts")).to_be_visible()
        expect(export).to_have_count(0)
    finally:
        grant(before)
    manager.goto("/contacts")
    expect(export).to_be_visible()


def test_a_disabled_user_is_out_with_his_next_page(
    as_admin: Page, elsewhere: Callable[..., Page], new_user: NewUser
) -> None:
    name = f"Leaving {secrets.token_hex(3)}"
    person = elsewhere(*new_user("manager", name))
    as_admin.goto("/admin/users")
    as_admin.get_by_role("main").get_by_role("link", name=name).click()
    as_admin.get_by_role("button", name="Disable").click()
    agree(as_admin, "Disable")
    expect(as_admin.get_by_text("This account is disabled")).to_be_visible()
    person.goto("/contacts")
    expect(person.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_plugin_goes_and_comes_back(as_admin: Page) -> None:
    page = as_admin
    menu = page.get_by_role("link", name="Greetings", exact=True)

    def await_menu(count: int) -> None:
        """New processes start behind the page; a person reloads it, and so does this."""
        deadline = time.monotonic() + RESTART_SECONDS
        while time.monotonic() < deadline:
            try:
                page.goto("/admin/plugins")
            except Exception:  # between two processes nobody answers
                time.sleep(0.5)
                continue
            row = page.get_by_role("row").filter(has_text="Hello")
            settled = row.get_by_text("changes with the next processes").count() == 0
            if settled and (menu.count() > 0) == (count > 0):
                return
            time.sleep(0.5)
        raise AssertionError("The processes with the change never came.")

    page.goto("/admin/plugins")
    row = page.get_by_role("row").filter(has_text="Hello")
    row.get_by_role("button", name="Disable").click()
    agree(page, "Disable")
    await_menu(0)
    row.get_by_role("button", name="Enable").click()
    await_menu(1)
