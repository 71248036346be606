"""What a list can do: filter, sort, change many, throw away and take back, export, columns."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def word(as_admin: Page) -> str:
    """Three contacts whose family name begins with a word of their own."""
    word = f"Zimin{secrets.token_hex(3)}"
    for given in ("Anna", "Boris", "Clara"):
        as_admin.goto("/contacts/new")
        as_admin.get_by_label("Given name").fill(given)
        as_admin.get_by_label("Family name").fill(word)
        as_admin.get_by_role("main").get_by_role("button", name="Create").click()
        expect(as_admin.get_by_role("heading", name=f"{given} {word}")).to_be_visible()
    return word


def names(page: Page) -> list[str]:
    """The names in the list, in its order."""
    rows = page.get_by_role("table", name="Contacts").get_by_role("rowheader")
    return [each.get_by_role("link").first.inner_text() for each in rows.all()]


def find(page: Page, word: str) -> None:
    page.goto("/contacts")
    search = page.get_by_role("searchbox", name="Search in this list")
    search.fill(word)
    search.press("Enter")
    expect(page.get_by_text("3 records")).to_be_visible()


def test_a_filter_is_put_together_shown_in_words_and_taken_away(as_admin: Page, word: str) -> None:
    page = as_admin
    page.goto("/contacts")
    page.get_by_role("button", name="Filter").click()
    editor = page.get_by_role("dialog", name="Show only where")
    editor.get_by_label("Field").select_option(label="Family name")
    editor.get_by_label("Condition").select_option(label="contains")
    editor.get_by_label("Value").fill(word)
    editor.get_by_role("button", name="Show").click()
    expect(page.get_by_text("3 records")).to_be_visible()
    chip = page.get_by_role("button", name=word)
    expect(chip).to_contain_text("Family name")
    page.get_by_role("link", name="Take away:").click()
    expect(chip).to_have_count(0)
    expect(page.get_by_role("link", name="Mabel Thornbury")).to_be_visible()


def test_a_heading_sorts(as_admin: Page, word: str) -> None:
    find(as_admin, word)
    heading = as_admin.get_by_role("columnheader", name="Name", exact=True)
    there = [f"{given} {word}" for given in ("Anna", "Boris", "Clara")]
    heading.get_by_role("link").click()  # found by words they stand by how well they fit
    expect(heading).to_have_attribute("aria-sort", "ascending")
    assert names(as_admin) == there
    heading.get_by_role("link").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert names(as_admin) == there[::-1]
    heading.get_by_role("link").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    assert names(as_admin) == there


def test_many_get_a_tag_at_once(as_admin: Page, word: str) -> None:
    page = as_admin
    find(page, word)
    page.get_by_label(f"Select Anna {word}").check()
    page.get_by_label(f"Select Clara {word}").check()
    page.get_by_role("button", name="Add a tag").click()
    dialog = page.get_by_role("dialog", name="Add a tag")
    tag = f"tag-{word}".lower()
    dialog.get_by_label("Tags").fill(tag)
    dialog.get_by_label("Tags").press("Tab")
    dialog.get_by_role("button", name="Add a tag").click()
    expect(page.get_by_text("2 records changed.")).to_be_visible()
    for given, count in (("Anna", 1), ("Boris", 0), ("Clara", 1)):
        find(page, word)
        page.get_by_role("link", name=f"{given} {word}").click()
        expect(page.get_by_role("heading", name=f"{given} {word}")).to_be_visible()
        fact = page.get_by_role("main").get_by_role("definition").get_by_text(tag, exact=True)
        expect(fact).to_have_count(count)


def test_what_was_thrown_away_together_comes_back_together(as_admin: Page, word: str) -> None:
    page = as_admin
    find(page, word)
    page.get_by_label("Select all on this page").check()
    page.get_by_role("button", name="Move to the bin").click()
    expect(page.get_by_text("3 records are in the bin.")).to_be_visible()
    expect(page.get_by_role("link", name=f"Anna {word}")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("3 records are back.")).to_be_visible()
    find(page, word)
    assert len(names(page)) == 3


def test_an_export_has_the_rows_of_the_list(as_admin: Page, word: str, tmp_path: Path) -> None:
    find(as_admin, word)
    as_admin.get_by_role("button", name="Export").click()
    with as_admin.expect_download() as download:
        as_admin.get_by_role("link", name="CSV").click()
    kept = tmp_path / "export.csv"
    download.value.save_as(kept)
    lines = kept.read_text("utf-8-sig").splitlines()
    assert len(lines) == 4
    assert all(word in line for line in lines[1:])


def test_a_hidden_column_stays_hidden(as_admin: Page) -> None:
    page = as_admin
    phone = page.get_by_role("columnheader", name="Phone")

    def show(wanted: bool) -> None:
        page.get_by_role("button", name="Columns").click()
        page.get_by_role("checkbox", name="Phone").set_checked(wanted)
        page.get_by_role("button", name="Apply").click()

    page.goto("/contacts")
    expect(phone).to_be_visible()
    show(False)
    expect(phone).to_have_count(0)
    page.reload()
    expect(page.get_by_role("columnheader", name="Roles")).to_be_visible()
    expect(phone).to_have_count(0)
    show(True)
    expect(phone).to_be_visible()
