"""Lists by keyboard and in place: cells, looks, groups of conditions, columns, groups of rows."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import Locator, Page, expect


@pytest.fixture
def firm(as_admin: Page) -> str:
    """A counterparty of its own name, and the list that shows it alone."""
    name = f"Amber {secrets.token_hex(3)}"
    as_admin.goto("/counterparties/new?kind=organisation")
    as_admin.get_by_role("main").get_by_label("Name", exact=True).fill(name)
    as_admin.get_by_role("main").get_by_role("button", name="Create").click()
    expect(as_admin.get_by_role("heading", name=name)).to_be_visible()
    as_admin.goto(f"/counterparties?display_name[eq]={name}")
    return name


def cell(page: Page, name: str, column: str) -> Locator:
    """The cell of a column in the row of this name."""
    heads = page.get_by_role("columnheader").all_inner_texts()
    place = next(number for number, text in enumerate(heads) if text.strip() == column)
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))
    return row.locator(":scope > *").nth(place)


def test_a_cell_is_edited_by_keyboard_and_taken_back(as_admin: Page, firm: str) -> None:
    page = as_admin
    page.keyboard.press("KeyJ")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="Industry")
    field.fill("amber trade")
    field.press("Enter")
    expect(cell(page, firm, "Industry")).to_have_text("amber trade")
    expect(page.get_by_text("Industry is changed.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(cell(page, firm, "Industry")).to_have_text("")
    cell(page, firm, "Industry").dblclick()
    field.press("Escape")
    expect(field).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    name = page.get_by_role("textbox", name="Name")
    name.fill("")
    name.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    name.press("Escape")
    expect(page.get_by_role("link", name=firm, exact=True)).to_be_visible()


def test_a_look_at_a_row_leaves_the_list_where_it_is(as_admin: Page, firm: str) -> None:
    page = as_admin
    page.keyboard.press("KeyJ")
    page.keyboard.press("Space")
    look = page.get_by_role("complementary", name="A look at the record")
    expect(look.get_by_role("heading", name=firm)).to_be_visible()
    page.keyboard.press("Escape")
    expect(look).to_be_hidden()
    page.keyboard.press("KeyX")
    expect(page.get_by_role("checkbox", name=f"Select {firm}")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=firm)).to_be_visible()


def test_groups_of_conditions_are_built_and_come_back_into_the_editor(as_admin: Page) -> None:
    page = as_admin
    page.goto("/counterparties")
    page.keyboard.press("KeyF")
    editor = page.get_by_role("dialog", name="Show only where")
    editor.get_by_label("Field").select_option(label="Last contact")
    editor.get_by_label("Condition").select_option(label="not in the last … days")
    editor.get_by_label("Number of days").fill("5")
    editor.get_by_role("button", name="Add a group").click()
    group = editor.get_by_role("group").get_by_role("group").first
    group.get_by_label("Field").select_option(label="Industry")
    group.get_by_label("Condition").select_option(label="is")
    group.get_by_label("Value", exact=True).fill("logistics")
    group.get_by_role("button", name="Add a condition").click()
    group.get_by_label("Field").nth(1).select_option(label="Industry")
    group.get_by_label("Condition").nth(1).select_option(label="is")
    group.get_by_label("Value", exact=True).nth(1).fill("publishing")
    editor.get_by_role("button", name="Show").click()
    expect(page.get_by_role("button", name="No contact for 5 days")).to_be_visible()
    chip = page.get_by_role("button", name="Industry is logistics or Industry is publishing")
    expect(chip).to_be_visible()
    chip.click()
    expect(editor.get_by_label("Number of days")).to_have_value("5")
    expect(editor.get_by_label("Field")).to_have_count(3)


def test_a_list_is_grouped_and_a_group_unfolds(as_admin: Page) -> None:
    page = as_admin
    page.goto("/counterparties")
    page.get_by_role("button", name="Group by").click()
    page.get_by_role("link", name="Roles").click()
    agents = page.get_by_role("link", name=re.compile("^Agent"))
    expect(agents).to_have_attribute("aria-expanded", "false")
    rows = page.get_by_role("row")
    before = rows.count()
    agents.click()
    expect(rows).to_have_count(before + 1)
    expect(agents).to_have_attribute("aria-expanded", "true")
    agents.click()
    expect(rows).to_have_count(before)


def test_a_column_moves_and_stays_there(as_admin: Page) -> None:
    page = as_admin
    page.goto("/counterparties")
    heads = page.get_by_role("columnheader")
    before = [text.strip() for text in heads.all_inner_texts()]
    owner = page.get_by_role("columnheader", name="Owner").get_by_role("link")
    with page.expect_response(re.compile("/layout$")):
        owner.press("Alt+ArrowLeft")
    page.reload()
    after = [text.strip() for text in heads.all_inner_texts()]
    assert after.index("Owner") == before.index("Owner") - 1
    with page.expect_response(re.compile("/layout$")):
        page.get_by_role("columnheader", name="Owner").get_by_role("link").press("Alt+ArrowRight")
