"""What a person sees depends on his role; what he may not see does not exist for him."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_a_manager_sees_no_contact_of_others(as_role: Callable[..., Page]) -> None:
    page = as_role("manager")
    page.goto("/contacts")
    expect(page.get_by_role("heading", name="Contacts")).to_be_visible()
    expect(page.get_by_role("link", name="Mabel Thornbury")).to_have_count(0)
    expect(page.get_by_role("link", name="Users")).to_have_count(0)


def test_an_auditor_sees_all_and_changes_nothing(as_role: Callable[..., Page]) -> None:
    page = as_role("auditor")
    page.goto("/contacts")
    page.get_by_role("link", name="Mabel Thornbury").click()
    expect(page.get_by_role("heading", name="Mabel Thornbury")).to_be_visible()
    expect(page.get_by_role("link", name="Edit", exact=True)).to_have_count(0)
    page.goto("/contacts")
    expect(page.get_by_role("link", name="New contact")).to_have_count(0)


def test_a_person_reads_in_his_language(as_role: Callable[..., Page]) -> None:
    page = as_role("manager")
    page.goto("/profile")
    page.get_by_label("Language").select_option(label="Українська")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("html")).to_have_attribute("lang", "uk")
    page.goto("/contacts")
    expect(page.get_by_role("heading", name="Контакти")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "uk"
