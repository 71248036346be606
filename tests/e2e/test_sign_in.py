"""Signing in and out, as a person does it."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_who_is_not_signed_in_is_asked_to(page: Page) -> None:
    page.goto("/contacts")
    expect(page.get_by_label("E-mail")).to_be_visible()


def test_the_administrator_signs_in_and_sees_the_contacts(as_admin: Page) -> None:
    as_admin.get_by_role("link", name="Contacts").first.click()
    expect(as_admin.get_by_role("heading", name="Contacts")).to_be_visible()
    expect(as_admin.get_by_role("table")).to_be_visible()


def test_a_wrong_password_is_told(page: Page) -> None:
    page.goto("/")
    page.get_by_label("E-mail").fill("admin@example.org")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
