"""Files of a contact in the browser: dropped, looked at, found, renamed, removed, brought back."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.test_records import make_contact

DROP = """(names) => {
  const data = new DataTransfer();
  names.forEach(([name, size]) => data.items.add(new File([new Uint8Array(size).fill(97)], name)));
  return data;
}"""


def drop(page: Page, *files: tuple[str, int]) -> None:
    """Let files of so many bytes fall on the panel."""
    panel = page.get_by_role("region", name="Files")
    expect(panel.get_by_text("Drop files here or choose")).to_be_visible()
    data = page.evaluate_handle(DROP, list(files))
    target = panel.locator("[data-files]")
    target.dispatch_event("dragover", {"dataTransfer": data})
    target.dispatch_event("drop", {"dataTransfer": data})


def test_what_is_dropped_stands_in_the_panel(as_admin: Page) -> None:
    make_contact(as_admin)
    drop(as_admin, ("first.txt", 10), ("second.txt", 20), ("huge.bin", 51 << 20))
    panel = as_admin.get_by_role("region", name="Files")
    expect(panel.get_by_role("link", name="first.txt")).to_be_visible()
    expect(panel.get_by_role("link", name="second.txt")).to_be_visible()
    expect(panel.get_by_text("“huge.bin” is too large")).to_be_visible()


def test_a_file_is_looked_at_by_keyboard_and_found_by_its_words(
    as_admin: Page, tmp_path: Path
) -> None:
    family = make_contact(as_admin)
    word = f"zanzibar{family.lower()}"
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"{word} in {name} <script>alert(1)</script>")
    panel = as_admin.get_by_role("region", name="Files")
    panel.locator("[data-drop-input]").set_input_files([tmp_path / "a.txt", tmp_path / "b.txt"])
    expect(panel.get_by_role("link", name="b.txt")).to_be_visible()
    expect(panel.locator("[data-files-waiting]")).to_have_count(0)  # both have been read
    panel.get_by_role("link", name="b.txt").focus()
    as_admin.keyboard.press("Enter")
    dialog = as_admin.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="b.txt")).to_be_visible()
    as_admin.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("heading", name="a.txt")).to_be_visible()
    expect(dialog.get_by_text(f"{word} in a.txt <script>")).to_be_visible()
    as_admin.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    as_admin.goto(f"/search?q={word}")
    expect(as_admin.get_by_role("main").get_by_role("link", name=family)).to_be_visible()


def test_a_file_is_renamed_removed_and_brought_back(as_admin: Page) -> None:
    make_contact(as_admin)
    drop(as_admin, ("first.txt", 10))
    panel = as_admin.get_by_role("region", name="Files")
    panel.get_by_role("link", name="first.txt").click()
    dialog = as_admin.get_by_role("dialog")
    dialog.get_by_label("Name of the file").fill("contract.txt")
    dialog.get_by_role("button", name="Rename").click()
    expect(panel.get_by_role("link", name="contract.txt")).to_be_visible()
    panel.get_by_role("button", name="Actions: contract.txt").click()
    as_admin.get_by_role("button", name="Move to the bin").last.click()
    expect(as_admin.get_by_text("“contract.txt” is in the bin.")).to_be_visible()
    expect(panel.get_by_role("link", name="contract.txt")).to_have_count(0)
    as_admin.get_by_role("button", name="Undo").click()
    expect(panel.get_by_role("link", name="contract.txt")).to_be_visible()


def test_a_download_has_the_name_that_it_was_given(as_admin: Page) -> None:
    make_contact(as_admin)
    drop(as_admin, ("Договір № 5.txt", 10))
    panel = as_admin.get_by_role("region", name="Files")
    panel.get_by_role("button", name="Actions: Договір № 5.txt").click()
    with as_admin.expect_download() as begun:
        as_admin.get_by_role("link", name="Download").first.click()
    assert begun.value.suggested_filename == "Договір № 5.txt"
    assert Path(begun.value.path()).read_bytes() == b"a" * 10
