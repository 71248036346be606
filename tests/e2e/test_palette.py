"""The command palette: by keyboard alone, on a Latin and on a Cyrillic layout."""

from __future__ import annotations

import re
import secrets
from typing import Any

from playwright.sync_api import Page, expect

# Ctrl-K where the layout writes "л" on that key.
CYRILLIC_K = """() => document.dispatchEvent(new KeyboardEvent('keydown',
  {key: 'л', code: 'KeyK', ctrlKey: true, bubbles: true, cancelable: true}))"""


def opened(page: Page) -> Any:
    palette = page.get_by_role("dialog", name="Find and do")
    expect(palette).to_be_visible()
    return palette


def first(palette: Any) -> Any:
    return palette.get_by_role("option", selected=True)


def test_a_page_and_an_action_are_reached_by_keyboard(as_admin: Page) -> None:
    page = as_admin
    page.keyboard.press("Control+k")
    palette = opened(page)
    field = palette.get_by_role("combobox")
    expect(field).to_be_focused()
    field.press_sequentially("counterp")
    expect(palette.get_by_role("option", name="New counterparty")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(first(palette)).to_contain_text("Counterparties")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Counterparties", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    opened(page).get_by_role("combobox").press_sequentially("dark")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.keyboard.press("Control+k")
    opened(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Find and do")).to_be_hidden()


def test_a_cyrillic_layout_changes_nothing(as_admin: Page) -> None:
    page = as_admin
    page.evaluate(CYRILLIC_K)
    palette = opened(page)
    field = palette.get_by_role("combobox")
    field.press_sequentially("туц сщтефсе")  # "new contact", typed on the wrong layout
    expect(first(palette)).to_contain_text("New contact")
    field.fill("контакты")  # its name in another language
    expect(palette.get_by_role("option", name="Contacts")).to_be_visible()
    field.fill("contacts")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Contacts", level=1)).to_be_visible()


def test_a_call_is_logged_with_whom_one_chooses_and_a_star_keeps_him(as_admin: Page) -> None:
    page, family = as_admin, f"Zvezdina{secrets.token_hex(3)}"
    page.goto("/contacts/new")
    page.get_by_label("Family name").first.fill(family)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name=family, level=1)).to_be_visible()
    page.wait_for_load_state()  # the scripts listen to keys from then on
    address = page.url
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="Star", exact=True, pressed=True)).to_be_visible()
    page.goto("/")
    page.keyboard.press("Control+k")
    palette = opened(page)
    starred = palette.get_by_role("group", name="Starred")
    expect(starred.get_by_role("option", name=family).first).to_be_visible()
    field = palette.get_by_role("combobox")
    field.press_sequentially("log call")
    expect(first(palette)).to_contain_text("Log a call with…")
    page.keyboard.press("Enter")
    field.press_sequentially(family.lower())
    expect(first(palette)).to_contain_text(family)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/activities/new.kind=call"))
    assert address.rpartition("/")[2] in page.url
