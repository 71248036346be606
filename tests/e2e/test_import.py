"""A file as people have them is imported: shown first, mended, counted, and told about."""

from __future__ import annotations

import secrets
from pathlib import Path

from playwright.sync_api import Page, expect

IMPORT_MILLISECONDS = 90_000


def dirty_file(folder: Path, word: str) -> Path:
    """Semicolons, cp1251, a row without anything, a bad e-mail, spaces where none belong."""
    rows = [
        "Имя;Фамилия;E-mail;Заметка",
        f"  Пётр ;Грязнов{word};petr.{word}@example.org;первый",
        ";;;",
        f"Олена;Чистова{word};not an address;второй",
        f"Ирина;Ёлкина{word};IRINA.{word}@EXAMPLE.ORG;третий",
    ]
    path = folder / f"dirty-{word}.csv"
    path.write_bytes("\r\n".join(rows).encode("cp1251"))
    return path


def upload(page: Page, path: Path, what: str = "Contacts") -> None:
    page.goto("/import")
    page.get_by_label("What it holds").select_option(label=what)
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("table", name="What the columns mean")).to_be_visible()


def test_a_dirty_file_is_shown_mended_and_imported(as_admin: Page, tmp_path: Path) -> None:
    page = as_admin
    word = secrets.token_hex(3)
    path = dirty_file(tmp_path, word)
    upload(page, path)

    # The preview has read the file rightly, and says what would become of it.
    expect(page.get_by_text("Found: cp1251")).to_be_visible()
    columns = page.get_by_role("table", name="What the columns mean")
    expect(columns.get_by_role("row").filter(has_text="Фамилия")).to_contain_text(f"Грязнов{word}")
    first = page.get_by_role("table", name="The first rows as they would become")
    expect(first).to_contain_text(f"petr.{word}@example.org")
    expect(first).to_contain_text("not an address")

    # A person mends the guess, and sees the preview anew.
    columns.get_by_label("Заметка").select_option(label="is left out")
    page.get_by_role("button", name="Show the preview anew").click()
    expect(columns.get_by_label("Заметка")).to_have_value("")
    columns.get_by_label("Заметка").select_option(label="Notes")
    page.get_by_role("button", name="Show the preview anew").click()
    expect(first).to_contain_text("третий")
    page.get_by_role("button", name="Count without writing").click()
    expect(page.get_by_text("nothing was written")).to_be_visible()

    # It runs by itself to its end, and tells the counts.
    page.get_by_role("button", name="Start the import").click()
    report = page.get_by_role("link", name="Report", exact=True)
    expect(report).to_be_visible(timeout=IMPORT_MILLISECONDS)
    issues = page.get_by_role("table", name="Report", exact=True)
    expect(issues.get_by_role("row").filter(has_text="not an address").first).to_be_visible()
    with page.expect_download() as download:
        report.click()
    kept = tmp_path / "report"
    download.value.save_as(kept)
    assert "not an address" in kept.read_text("utf-8-sig")

    # The records are in the list, the imports of this user in his.
    page.goto("/import")
    mine = (
        page.get_by_role("table", name="My imports").get_by_role("row").filter(has_text=path.name)
    )
    expect(mine).to_be_visible()
    page.goto(f"/contacts?q={word}")
    expect(page.get_by_role("link", name=f"Пётр Грязнов{word}")).to_be_visible()
    expect(page.get_by_role("link", name=f"Ирина Ёлкина{word}")).to_be_visible()
