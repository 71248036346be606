"""The life of a contact in the browser: made, changed, written about, thrown away, brought back."""

from __future__ import annotations

import secrets
from pathlib import Path

from playwright.sync_api import Page, expect


def make_contact(page: Page) -> str:
    """Make a contact with a family name of its own and stay on its page."""
    family = f"Petrova{secrets.token_hex(3)}"
    page.goto("/contacts")
    page.get_by_role("link", name="New contact").click()
    page.get_by_label("Given name").fill("Anna")
    page.get_by_label("Family name").fill(family)
    page.get_by_label("Value").first.fill(f"{family}@example.org".lower())
    page.get_by_role("main").get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name=f"Anna {family}")).to_be_visible()
    return family


def test_a_new_contact_is_found_in_the_list(as_admin: Page) -> None:
    family = make_contact(as_admin)
    expect(as_admin.get_by_role("link", name=f"{family}@example.org".lower())).to_be_visible()
    as_admin.goto("/contacts")
    search = as_admin.get_by_role("searchbox", name="Search in this list")
    search.fill(family)
    search.press("Enter")
    expect(as_admin.get_by_role("link", name=f"Anna {family}")).to_be_visible()
    expect(as_admin.get_by_role("link", name="Mabel Thornbury")).to_have_count(0)


def test_a_change_stands_in_the_history(as_admin: Page) -> None:
    family = make_contact(as_admin)
    as_admin.get_by_role("link", name="Edit", exact=True).click()
    as_admin.get_by_label("Given name").fill("Hanna")
    as_admin.get_by_role("button", name="Save").click()
    expect(as_admin.get_by_role("heading", name=f"Hanna {family}")).to_be_visible()
    as_admin.get_by_role("link", name="History").click()
    main = as_admin.get_by_role("main")
    expect(main.get_by_text("Given name").first).to_be_visible()
    expect(main.get_by_text("Anna", exact=True).first).to_be_visible()


def test_what_was_written_down_stands_in_the_timeline(as_admin: Page) -> None:
    make_contact(as_admin)
    main = as_admin.get_by_role("main")
    main.get_by_label("Subject").fill("Asked for an offer")
    main.get_by_role("button", name="Write down").click()
    expect(main.get_by_text("Asked for an offer")).to_be_visible()


def test_a_deleted_contact_comes_back_from_the_bin(as_admin: Page) -> None:
    family = make_contact(as_admin)
    address = as_admin.url
    as_admin.get_by_role("button", name="More actions").click()
    as_admin.get_by_text("Move to the bin").click()
    expect(as_admin.get_by_text("is in the bin.")).to_be_visible()
    as_admin.goto("/bin?type=contacts")
    row = as_admin.get_by_role("row").filter(has_text=family)
    row.get_by_role("button", name="Bring back").click()
    expect(as_admin.get_by_role("row").filter(has_text=family)).to_have_count(0)
    as_admin.goto(address)
    expect(as_admin.get_by_role("heading", name=f"Anna {family}")).to_be_visible()


def test_a_list_is_exported_with_its_columns(as_admin: Page, tmp_path: Path) -> None:
    as_admin.goto("/counterparties")
    as_admin.get_by_role("button", name="Export").click()
    with as_admin.expect_download() as download:
        as_admin.get_by_role("link", name="CSV").or_(
            as_admin.get_by_role("button", name="CSV")
        ).first.click()
    kept = tmp_path / "export.csv"
    download.value.save_as(kept)
    assert "Harbour & Field Ltd" in kept.read_text("utf-8-sig")
