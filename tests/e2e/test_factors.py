"""A second factor, a passkey and an invitation, as people use them."""

from __future__ import annotations

import email
import re
import time
from collections.abc import Callable, Iterator
from email.policy import default
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

if TYPE_CHECKING:
    from conftest import Server

NewUser = Callable[..., tuple[str, str]]


@pytest.fixture
def named_url(base_url: str) -> str:
    """The server by its name: a passkey belongs to a name, not to a number."""
    return f"http://localhost:{urlsplit(base_url).port}"


@pytest.fixture
def named(browser: Browser, named_url: str) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=named_url)
    context.set_default_timeout(20_000)
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    yield context
    context.close()
    assert not faults, "\n".join(faults)


def with_authenticator(page: Page) -> Page:
    """A laptop that knows its owner's finger."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def sign_in(page: Page, address: str, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.context.clear_cookies()


def test_a_passkey_is_made_used_and_removed(named: BrowserContext, new_user: NewUser) -> None:
    address, password = new_user("manager")
    page = with_authenticator(named.new_page())
    sign_in(page, address, password)
    expect(page).to_have_url(re.compile(r":\d+/$"))
    page.goto("/profile/security")
    page.get_by_label("Name").fill("Work laptop")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    sign_out(page)
    page.goto("/sign-in?next=/contacts")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(re.compile(r":\d+/contacts$"))
    page.goto("/profile/security")
    row = page.get_by_role("row", name="Work laptop")
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button").last.click()
    expect(page.get_by_text("You have no passkeys.")).to_be_visible()
    sign_out(page)
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert").first).to_contain_text("not accepted")


def test_an_app_is_set_up_and_asked_for(named: BrowserContext, new_user: NewUser) -> None:
    address, password = new_user("manager")
    page = named.new_page()
    sign_in(page, address, password)
    expect(page).to_have_url(re.compile(r":\d+/$"))
    page.goto("/profile/security")
    page.get_by_role("button", name="Set up an app").click()
    expect(page.get_by_role("img", name=re.compile("QR code"))).to_be_visible()
    totp = pyotp.TOTP(page.locator("code.k-code").inner_text().replace(" ", ""))
    # The code of half a minute ago is accepted too, and leaves that of now for the sign-in.
    page.get_by_label("Code").fill(totp.at(int(time.time()) - 30))
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    sign_out(page)
    sign_in(page, address, password)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("This code does not fit")).to_be_visible()
    page.get_by_label("Code").fill(totp.now())
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(re.compile(r":\d+/$"))


def test_an_invitation_is_opened(named: BrowserContext, server: Server) -> None:
    address = f"invited-{int(time.time())}@example.org"
    server.cli("user", "add", address, "--role", "manager", "--invite")
    link = urlsplit(_link_to(server, address))
    page = named.new_page()
    page.goto(f"{link.path}?{link.query}")
    choose(page, "password1234")
    expect(page.get_by_text("lists of stolen ones")).to_be_visible()
    choose(page, "blue train by the sea")
    expect(page).to_have_url(re.compile("/sign-in$"))
    sign_in(page, address, "blue train by the sea")
    expect(page).to_have_url(re.compile(r":\d+/$"))


def choose(page: Page, password: str) -> None:
    page.get_by_role("textbox", name="New password", exact=True).fill(password)
    page.get_by_role("textbox", name="The new password again").fill(password)
    page.get_by_role("button", name="Set the password").click()


def _link_to(server: Server, address: str) -> str:
    """The link of the newest mail to this address in the outbox, once the worker put it there."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for path in (server.home / "outbox").glob("*.eml"):
            message = email.message_from_bytes(path.read_bytes(), policy=default)
            found = re.search(r"http\S+", message.get_content())
            if message["To"] == address and found:
                return found[0]
        time.sleep(0.3)
    pytest.fail("no mail came")
