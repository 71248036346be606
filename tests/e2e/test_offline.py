"""A lost line, and a sign-in that ended: nothing typed is lost, and nothing is saved twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from conftest import Server


def test_what_is_typed_outlives_the_line(as_admin: Page) -> None:
    page = as_admin
    page.goto("/contacts/new")
    page.get_by_label("Family name").first.fill("Linelost")
    page.context.set_offline(True)
    expect(page.get_by_text("Connection lost.")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("It could not be sent")).to_be_visible()
    expect(page.get_by_label("Family name").first).to_have_value("Linelost")
    page.context.set_offline(False)
    expect(page.get_by_text("Connection lost.")).to_be_hidden()
    page.get_by_label("Family name").first.focus()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Linelost", level=1)).to_be_visible()


def test_an_answer_that_was_lost_saves_once(as_admin: Page) -> None:
    page = as_admin
    page.goto("/contacts/new")
    page.get_by_label("Family name").first.fill("Answergone")
    sent: list[str] = []

    def lose(route: object) -> None:
        request = route.request
        if request.method == "POST" and not sent:
            sent.append(request.post_data)
            route.fetch(max_redirects=0)
            route.abort()
        else:
            route.continue_()

    page.route("**/contacts/new", lose)
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(1500)
    assert sent
    page.goto("/contacts/new")
    expect(page.get_by_label("Family name").first).to_have_value("Answergone")
    page.get_by_label("Family name").first.focus()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Answergone", level=1)).to_be_visible()
    page.goto("/search?q=Answergone&type=contacts")
    expect(page.get_by_role("row").filter(has_text="Answergone")).to_have_count(1)


def test_a_sign_in_that_ended_is_renewed_beside_the_form(as_admin: Page, server: Server) -> None:
    page = as_admin
    page.goto("/contacts/new")
    page.get_by_label("Family name").first.fill("Sessionlost")
    page.context.clear_cookies()
    page.keyboard.press("Control+Enter")
    ended = page.get_by_role("dialog", name="Your sign-in has ended")
    with page.context.expect_page() as opening:
        ended.get_by_role("link", name="Sign in").click()
    second = opening.value
    second.get_by_label("E-mail").fill(server.email)
    second.get_by_label("Password").fill(server.password)
    second.get_by_role("button", name="Sign in").click()
    expect(second.get_by_text("You are signed in.")).to_be_visible()
    second.close()
    page.bring_to_front()
    page.evaluate("() => window.dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("heading", name="Sessionlost", level=1)).to_be_visible()


def test_without_a_server_a_page_of_our_own_says_so(as_admin: Page) -> None:
    page = as_admin
    page.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.context.set_offline(True)
    page.goto("/contacts")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.context.set_offline(False)  # it notices, and comes back without a click
    expect(page.get_by_role("heading", name="Contacts", level=1)).to_be_visible()
