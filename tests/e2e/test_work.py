"""The day's work by keyboard: a note, a planned call, my day, done."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect


def test_a_note_and_a_plan_are_written_by_keyboard(as_admin: Page) -> None:
    page = as_admin
    word = secrets.token_hex(3)
    page.goto("/contacts")
    page.get_by_role("link", name="Owen Castell").click()
    main = page.get_by_role("main")

    # A note: its kind is chosen already.
    main.get_by_label("Subject").focus()
    page.keyboard.type(f"Likes the new paper {word}")
    page.keyboard.press("Tab")
    page.keyboard.type("Wants samples.")
    page.keyboard.press("Control+Enter")
    expect(main.get_by_role("link", name=f"Likes the new paper {word}")).to_be_visible()
    expect(main.get_by_text("Wants samples.").first).to_be_visible()

    # A call in two hours: an arrow chooses the kind, a space takes “already done” away.
    main.get_by_role("radio", name="Note", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(main.get_by_role("radio", name="Call", exact=True)).to_be_checked()
    main.get_by_label("Subject").focus()
    page.keyboard.type(f"Ask about samples {word}")
    main.get_by_role("checkbox", name="Already done").focus()
    if main.get_by_role("checkbox", name="Already done").is_checked():
        page.keyboard.press("Space")
    due = datetime.now(UTC) + timedelta(days=1)
    main.get_by_label("Due").fill(due.strftime("%Y-%m-%dT%H:%M"))
    main.get_by_role("button", name="Write down").press("Enter")
    timeline = page.locator("#timeline")
    planned = timeline.get_by_role("link", name=f"Ask about samples {word}", exact=True)
    expect(planned).to_be_visible()
    expect(main.get_by_role("heading", name="Planned")).to_be_visible()

    # My day shows it, until it is done.
    page.goto("/")
    planned = page.get_by_role("listitem").filter(has_text=f"Ask about samples {word}")
    expect(planned).to_be_visible()
    planned.get_by_role("button", name="Done").click()
    expect(planned).to_have_count(0)
    page.goto("/contacts")
    page.get_by_role("link", name="Owen Castell").click()
    entry = main.get_by_role("listitem").filter(has_text=f"Ask about samples {word}")
    expect(entry).to_be_visible()
    expect(entry.get_by_role("button", name="Done")).to_have_count(0)
