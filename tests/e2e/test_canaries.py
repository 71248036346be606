"""Hostile texts in every field are shown as texts on every page: nothing runs, nothing leaks out.

The `context` of conftest.py fails each test on a broken content policy or a page error; here come
dialogs, requests to other hosts, elements out of texts, and templates that are reckoned.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

from playwright.sync_api import Error, Locator, Page, expect

CANARY = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{9**9}}'
RECKONED = "387420489"
IMPORT_MILLISECONDS = 90_000


class Watch:
    """What a page does that it must not."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.faults: list[str] = []
        self.host = urlsplit(base).netloc
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self._request(request.url))

    def _dialog(self, dialog: object) -> None:
        self.faults.append(f"dialog on {self.page.url}")
        dialog.dismiss()

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.host:
            self.faults.append(f"request to another host: {url}")
        if parts.path.endswith("/x"):
            self.faults.append(f"the image of a text was asked for: {url}")

    def visit(self, address: str, shown: bool = True) -> None:
        """Open a page; say whether the canary has to be on it, as text."""
        try:
            answer = self.page.goto(address)
        except Error as error:
            raise AssertionError(f"{address}: {error.message}; {self.faults}") from error
        assert answer is not None and answer.status == 200, address
        self.page.wait_for_load_state("networkidle")
        self.look(address, shown)

    def look(self, address: str, shown: bool = True) -> None:
        markup = self.page.content()
        assert RECKONED not in markup, f"a template was reckoned on {address}"
        assert self.page.locator('img[src="x"]').count() == 0, f"an image out of text: {address}"
        assert not self.faults, self.faults
        if shown:
            assert "9**9" in markup, f"the canary is not on {address}"


def fill_texts(form: Locator, skip: tuple[str, ...] = ()) -> int:
    """Put the canary into every free text field of a form; how many there were."""
    count = 0
    for details in form.locator("details:not([open]) > summary").all():
        details.click()
    for box in form.get_by_role("textbox").all():
        kind = box.evaluate("box => box.tagName === 'TEXTAREA' ? 'text' : box.type")
        name = box.evaluate(
            "box => box.getAttribute('aria-label') || box.labels?.[0]?.textContent.trim() || ''"
        )
        most = box.evaluate("box => box.maxLength")
        number = box.get_attribute("inputmode") in ("numeric", "decimal")
        if (
            kind != "text"
            or number
            or name in skip
            or not box.is_visible()
            or 0 < most < len(CANARY)
        ):
            continue
        box.fill(CANARY)
        if name.startswith("Tags"):
            box.press("Tab")
        count += 1
    return count


def made(page: Page, button: str, path: str) -> str:
    """Save the form; the address of the record that came of it."""
    page.get_by_role("main").get_by_role("button", name=button).click()
    page.wait_for_url(lambda url: f"/{path}/" in url and not url.endswith("/new"))
    return urlsplit(page.url).path


def imported(page: Page, folder: Path, word: str) -> str:
    """Import a file whose name and cells are hostile; the address of its result."""
    path = folder / f"<img src=x onerror=alert(3)>{word}.csv"
    cell = CANARY.replace('"', '""')
    path.write_text(
        f'Given name,Family name,E-mail,Notes\n"{cell}","Imp{word}","{cell}","{cell}"\n'
        f'"Ok","Imp{word}{cell}","ok{word}@example.org","{cell}"\n',
        "utf-8",
    )
    page.goto("/import")
    page.get_by_label("What it holds").select_option(label="Contacts")
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("table", name="What the columns mean")).to_be_visible()
    page.get_by_role("button", name="Count without writing").click()
    expect(page.get_by_text("nothing was written")).to_be_visible()
    return page.url


def test_hostile_texts_stay_texts(
    page: Page,
    elsewhere: Callable[..., Page],
    new_user: Callable[..., tuple[str, str]],
    base_url: str,
    tmp_path: Path,
) -> None:
    page = elsewhere(*new_user("administrator", f"Boss {CANARY}"))
    watch = Watch(page, base_url)
    word = secrets.token_hex(3)

    page.goto("/contacts/new")
    main = page.get_by_role("main")
    # A position needs an organisation; the texts of the contact points need values.
    assert fill_texts(main, ("Value", "Position", "Department", "Functions")) > 3
    main.get_by_label("Value").nth(0).fill(f"c{word}@example.org")
    main.get_by_label("Value").nth(1).fill("+442079460931")
    contact = made(page, "Create", "contacts")
    watch.look("a contact just made")

    page.goto("/counterparties/new")
    assert fill_texts(main, ("Value",)) > 2
    main.get_by_label("Value").nth(0).fill(f"o{word}@example.org")
    main.get_by_label("Value").nth(1).fill("+442079460932")
    counterparty = made(page, "Create", "counterparties")
    watch.look("a counterparty just made")

    page.goto(contact)
    main.get_by_label("Subject").fill(f"{CANARY} done")
    main.get_by_label("Text", exact=True).fill(CANARY)
    main.get_by_role("button", name="Write down").click()
    expect(main.get_by_role("link", name="alert(2)").filter(has_text="done").first).to_be_visible()
    page.goto("/activities/new")
    main.get_by_role("combobox", name="Kind").select_option(label="Note")
    assert fill_texts(main) > 1
    activity = made(page, "Create", "activities")

    # One goes to the bin, with its name.
    page.goto("/contacts/new")
    page.get_by_label("Family name").fill(f"{CANARY} gone")
    made(page, "Create", "contacts")
    page.get_by_role("button", name="More actions").click()
    page.get_by_text("Move to the bin").click()
    expect(page.get_by_text("is in the bin.")).to_be_visible()
    watch.look("the word about the bin")

    result = imported(page, tmp_path, word)
    watch.look("the preview of an import")
    page.get_by_role("button", name="Start the import").click()
    report = page.get_by_role("main").get_by_role("link", name="Report", exact=True)
    expect(report).to_be_visible(timeout=IMPORT_MILLISECONDS)
    watch.look("the result of an import")

    pages = ["/", "/contacts", "/counterparties", "/activities", "/bin?type=contacts", result]
    for record in (contact, counterparty, activity):
        pages += [record, f"{record}/edit", f"{record}/history"]
    pages += [f"/contacts?q={quote(CANARY)}", f"/contacts?family[contains]={quote(CANARY)}"]
    pages += [
        f"/search?q={quote(CANARY)}",
        "/search?q=alert",
        "/import",
        "/admin/users",
        "/profile",
    ]
    pages += ["/admin/audit"]
    for address in pages:
        watch.visit(address)
    for address in ("/reports", "/admin/roles", "/admin/branches", "/hello/greetings"):
        watch.visit(address, shown=False)
