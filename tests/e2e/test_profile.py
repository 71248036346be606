"""What a person does for himself: tokens, devices, language."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect


def agree(page: Page, word: str) -> None:
    """Say yes in the dialog that asks: its button has the word of the first one."""
    page.get_by_role("dialog").get_by_role("button", name=word).click()


def test_a_token_is_shown_once_and_taken_back(as_role: Callable[..., Page]) -> None:
    page = as_role("manager")
    page.goto("/profile/tokens")
    page.get_by_label("Name").fill("The till")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_role("status").filter(has_text="The new token")).to_contain_text("kontora_")
    page.goto("/profile/tokens")
    row = page.get_by_role("row").filter(has_text="The till")
    expect(row).to_be_visible()
    expect(page.get_by_text("kontora_")).to_have_count(0)
    row.get_by_role("button", name="Take back").click()
    agree(page, "Take back")
    expect(page.get_by_text("You have no tokens.")).to_be_visible()


def test_another_device_is_listed_and_signed_out(
    elsewhere: Callable[..., Page], new_user: Callable[..., tuple[str, str]]
) -> None:
    person = new_user("manager")
    here, there = elsewhere(*person), elsewhere(*person)
    here.goto("/profile/security")
    devices = here.get_by_role("table", name="Devices")
    expect(devices.get_by_role("row").filter(has_text="this device")).to_have_count(1)
    devices.get_by_role("button", name="Sign out").click()
    expect(devices.get_by_role("button", name="Sign out")).to_have_count(0)
    there.goto("/contacts")
    expect(there.get_by_role("button", name="Sign in")).to_be_visible()
    here.goto("/contacts")
    expect(here.get_by_role("heading", name="Contacts")).to_be_visible()


def test_the_language_changes_at_once(as_role: Callable[..., Page]) -> None:
    page = as_role("manager")
    page.goto("/profile")
    page.get_by_label("Language").select_option(label="Українська")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Контакти").first).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("link", name="Контрагенти").first).to_be_visible()
    page.goto("/counterparties")
    expect(page.get_by_role("heading", name="Контрагенти")).to_be_visible()
