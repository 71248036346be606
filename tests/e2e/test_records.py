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


def test_a_fact_is_changed_in_its_place_and_taken_back(as_admin: Page) -> None:
    """Without the mouse: Enter opens, Enter saves, Escape gives up, the focus stays there."""
    family = make_contact(as_admin)
    pencil = as_admin.get_by_role("button", name="Change: Given name")
    pencil.press("Enter")
    field = as_admin.get_by_role("textbox", name="Given name")
    expect(field).to_be_focused()
    field.fill("Hanna")
    field.press("Enter")
    expect(as_admin.get_by_role("heading", name=f"Hanna {family}")).to_be_visible()
    expect(pencil).to_be_focused()
    pencil.press("Enter")
    field.fill("Nobody")
    field.press("Escape")
    expect(field).to_have_count(0)
    as_admin.get_by_role("button", name="Undo").click()
    expect(as_admin.get_by_role("heading", name=f"Anna {family}")).to_be_visible()


def test_a_fact_is_saved_when_one_goes_on(as_admin: Page) -> None:
    make_contact(as_admin)
    as_admin.get_by_role("button", name="Change: Contact points").click()
    dialog = as_admin.get_by_role("dialog", name="Contact points")
    dialog.get_by_label("Label").first.fill("work")
    dialog.get_by_label("Label").first.press("Control+Enter")
    expect(dialog).to_be_hidden()
    expect(as_admin.get_by_role("definition").filter(has_text="work").first).to_be_visible()
    as_admin.get_by_role("button", name="Change: Given name").press("Enter")
    as_admin.get_by_role("textbox", name="Given name").fill("Hanna")
    as_admin.get_by_role("heading", level=1).click()
    expect(as_admin.get_by_role("heading", level=1)).to_contain_text("Hanna")


def test_a_call_is_written_down_by_keyboard_with_the_next_step(as_admin: Page) -> None:
    make_contact(as_admin)
    main = as_admin.get_by_role("main")
    kinds = main.get_by_role("radiogroup", name="What to write down")
    kinds.get_by_role("radio", name="Note").focus()
    as_admin.keyboard.press("ArrowRight")
    expect(kinds.get_by_role("radio", name="Call")).to_be_checked()
    main.get_by_label("Subject").fill("Asked for the price")
    main.get_by_label("Result").select_option(label="Reached")
    main.get_by_label("Duration, minutes").fill("12")
    main.get_by_label("and remind me on…").check()
    main.get_by_label("What it will be about").fill("Send the offer")
    as_admin.keyboard.press("Control+Enter")
    coming = main.get_by_role("group", name="The next activity")
    expect(coming.get_by_role("link", name="Send the offer")).to_be_visible()
    entry = main.get_by_role("listitem").filter(has_text="Asked for the price")
    expect(entry).to_contain_text("12 min")
    expect(main.get_by_label("Subject")).to_have_value("")
    coming.get_by_role("button", name="Move").click()
    as_admin.get_by_role("button", name="In a month").click()
    expect(as_admin.get_by_role("status").filter(has_text="Moved to")).to_be_visible()
    coming.get_by_role("button", name="Done").click()
    expect(coming).to_have_count(0)


def test_nothing_typed_is_lost_with_the_line(as_admin: Page) -> None:
    make_contact(as_admin)
    subject = as_admin.get_by_role("main").get_by_label("Subject")
    subject.fill("Said on the train")
    as_admin.context.set_offline(True)
    subject.press("Control+Enter")
    expect(as_admin.get_by_text("All that you typed is still here")).to_be_visible()
    expect(subject).to_have_value("Said on the train")
    as_admin.context.set_offline(False)
    subject.press("Control+Enter")
    written = as_admin.get_by_role("listitem").filter(has_text="Said on the train")
    expect(written).to_be_visible()


def test_a_double_is_seen_while_typing_and_used(as_admin: Page) -> None:
    family = make_contact(as_admin)
    address = as_admin.url
    as_admin.goto("/activities")
    as_admin.get_by_role("banner").get_by_role("button", name="Create").click()
    as_admin.get_by_role("banner").get_by_role("link", name="Contact").click()
    dialog = as_admin.get_by_role("dialog", name="New contact")
    dialog.get_by_label("Given name").fill("Somebody")
    dialog.get_by_label("Value").first.fill(f"{family}@example.org".lower())
    dialog.get_by_role("link", name=f"Use this one: Anna {family}").click()
    expect(as_admin).to_have_url(address)


def test_an_earlier_value_comes_back_from_the_history(as_admin: Page) -> None:
    family = make_contact(as_admin)
    as_admin.get_by_role("button", name="Change: Given name").press("Enter")
    field = as_admin.get_by_role("textbox", name="Given name")
    field.fill("Hanna")
    field.press("Enter")
    expect(as_admin.get_by_role("heading", level=1)).to_have_text(f"Hanna {family}")
    as_admin.get_by_role("link", name="History").click()
    as_admin.get_by_role("button", name="Bring back the value before: Given name").click()
    expect(as_admin.get_by_role("heading", level=1)).to_have_text(f"Anna {family}")
