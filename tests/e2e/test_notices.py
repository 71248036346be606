"""The bell: a mention while one types, told to a colleague without a reload."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from conftest import SignIn


def test_who_is_mentioned_hears_of_it_on_the_open_page(
    as_admin: Page, new_user: Callable[..., tuple[str, str]], elsewhere: SignIn
) -> None:
    colleague = elsewhere(*new_user("head", "Olha Kovalenko"))
    page = as_admin
    page.goto("/contacts/new")
    page.get_by_label("Family name").first.fill("Mentioned")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Mentioned", level=1)).to_be_visible()
    text = page.get_by_role("textbox", name="Text").first
    text.click()
    text.press_sequentially("Ask @olh")
    expect(page.get_by_role("option", name="Olha Kovalenko")).to_be_visible()
    page.keyboard.press("Enter")
    expect(text).to_have_value("Ask @Olha Kovalenko ")
    text.press_sequentially("about it")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("about it").first).to_be_visible()
    bell = colleague.get_by_role("button", name="Notices: 1 new")
    colleague.bring_to_front()
    ask_now(colleague, bell)
    bell.click()
    panel = colleague.get_by_role("dialog", name="Notices")
    expect(panel.get_by_text("mentioned you")).to_be_visible()
    panel.get_by_role("button", name="Mark all as read").click()
    expect(colleague.get_by_role("button", name="Notices", exact=True)).to_be_visible()


def ask_now(page: Page, bell: Any) -> None:
    """The page asks every half minute; coming back to it asks at once."""
    for _second in range(30):
        page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_timeout(700)
        if bell.count():
            return
    expect(bell).to_be_visible()
