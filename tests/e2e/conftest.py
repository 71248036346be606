"""Browser tests: a real server with the sample, and the Chromium of the system.

What a test does it does as a person would: through roles and labels. Only the people themselves
are made by the command line. `make e2e` runs on SQLite, and on PostgreSQL when
`KONTORA_TEST_DATABASE_URL` is set.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from kontora_sdk.testing.databases import SERVER, fresh_database

KONTORA = str(Path(sys.executable).with_name("kontora"))
START_SECONDS = 60
WAIT_MILLISECONDS = 20_000  # CI has two cores, and other work on them
STOP_SECONDS = 15  # what `serve` promises
expect.set_options(timeout=WAIT_MILLISECONDS)
# The whole sample takes seconds, and its contacts fill more than the first page of a list.
SMALL_SAMPLE = """
from kontora.access.principal import system
from kontora.lifecycle.install import user_named
from kontora.lifecycle.sample import SMALL, add_sample
from kontora.lifecycle.site import Site
from kontora.settings import Settings

site = Site(Settings.from_env())
with site.read(system()) as session:
    admin = user_named(session, "admin@example.org")
add_sample(site, admin, size=SMALL)
site.close()
"""
CSP_WORDS = ("Content Security Policy", "Refused to", "violates the following")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything below this folder needs the browser."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)


@dataclass(kw_only=True)
class Server:
    """A running Kontora: where it is, and the commands for what a test cannot do in the browser."""

    url: str
    home: Path
    environment: dict[str, str] = field(repr=False)
    email: str = "admin@example.org"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)

    def cli(self, *arguments: str) -> str:
        """Run a command of the CLI in this home; a failure fails the test with what it said."""
        return self.run(KONTORA, *arguments)

    def run(self, *command: str) -> str:
        """As `cli`, for any command."""
        answer = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        assert answer.returncode == 0, f"{' '.join(command)}: {answer.stderr}"
        return answer.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"The server did not start:\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server with the sample and the plugin hello for all browser tests."""
    if os.environ.get(SERVER):
        with fresh_database() as url:
            yield from _serve(tmp_path_factory.mktemp("home"), {"KONTORA_DATABASE_URL": url})
    else:
        yield from _serve(tmp_path_factory.mktemp("home"), {})


def _serve(home: Path, extra: dict[str, str]) -> Iterator[Server]:
    port = _free_port()
    environment = {**os.environ, "KONTORA_HOME": str(home), **extra}
    made = Server(url=f"http://127.0.0.1:{port}", home=home, environment=environment)
    made.cli("init", "--admin-email", made.email, "--admin-password", made.password)
    made.run(sys.executable, "-c", SMALL_SAMPLE)
    made.cli("plugin", "enable", "hello")
    log = home / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [KONTORA, "serve", "--host", "127.0.0.1", "--port", str(port)],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _await(made.url, process, log)
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


@pytest.fixture(scope="session")
def base_url(server: Server) -> str:
    """`page.goto("/contacts")` goes to the server."""
    return server.url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """The system's Chromium: Playwright's own is a download that not every machine can make."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        message = "There is no Chromium; install the system's package `chromium`"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    # Chromium's sandbox refuses to run for root, which is who runs in most CI containers.
    sandbox = [] if os.getuid() else ["--no-sandbox"]
    return {**browser_type_launch_args, "executable_path": path, "args": sandbox}


def watch(context: BrowserContext) -> list[str]:
    """What goes wrong in the pages of this browser: a broken content policy, a thrown error."""
    faults: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if any(word in message.text for word in CSP_WORDS):
            faults.append(message.text)

    context.set_default_timeout(WAIT_MILLISECONDS)
    context.on("console", listen)
    context.on("weberror", lambda error: faults.append(str(error.error)))
    return faults


@pytest.fixture
def context(context: BrowserContext) -> Iterator[BrowserContext]:
    """A browser that fails the test when a page breaks the content policy or throws."""
    faults = watch(context)
    yield context
    assert not faults, "\n".join(faults)


SignIn = Callable[..., Page]


def _sign_in(page: Page, email: str, password: str) -> Page:
    page.goto("/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation").first).to_be_visible()
    page.wait_for_load_state()  # the scripts listen to keys from then on
    return page


@pytest.fixture
def as_admin(page: Page, server: Server) -> Page:
    """A page signed in as the administrator."""
    return _sign_in(page, server.email, server.password)


@pytest.fixture
def new_user(server: Server) -> Callable[..., tuple[str, str]]:
    """`new_user("manager")`: e-mail and password of a new user with that role."""

    def make(role: str, name: str = "") -> tuple[str, str]:
        email = f"{role}-{secrets.token_hex(4)}@example.org"
        password = secrets.token_urlsafe(12)
        named = name or role.replace("_", " ").title()
        server.cli("user", "add", email, "--role", role, "--name", named, "--password", password)
        return email, password

    return make


@pytest.fixture
def as_role(page: Page, new_user: Callable[..., tuple[str, str]]) -> SignIn:
    """`as_role("manager")`: a page signed in as a new user with that role, at the root branch."""
    return lambda role, name="": _sign_in(page, *new_user(role, name))


@pytest.fixture
def elsewhere(new_context: Callable[..., BrowserContext]) -> Iterator[SignIn]:
    """`elsewhere(email, password)`: a page signed in with a browser of its own."""
    faults: list[list[str]] = []

    def sign_in(email: str, password: str) -> Page:
        context = new_context()
        faults.append(watch(context))
        return _sign_in(context.new_page(), email, password)

    yield sign_in
    assert not any(faults), "\n".join(each for found in faults for each in found)
