"""The supervisor of `kontora serve`: it owns the listening socket and keeps its children alive.

The socket is open from the first moment to the last and is handed down, so a connection waits
while a child is replaced, and none is refused. The supervisor itself loads no plugin and, but for
the number of the generation, reads no database: nothing in it can break.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from kontora.errors import SettingsError
from kontora.lifecycle import beginning, ties
from kontora.lifecycle.processes import Child, ChildPlan

WEB_FACTORY = "kontora.wsgi:create_app"
WORK_FACTORY = "kontora.lifecycle.site:create_work_site"
STOP_SECONDS = 13.5
DRAIN_SECONDS = 35.0
START_SECONDS = 120.0
_TICK = 0.1
_LONGEST_PAUSE = 30.0
_STABLE_SECONDS = 60.0
_FIRST_TRIES = 3
_logger = logging.getLogger("kontora.serve")


class HasHome(Protocol):
    """The part of the settings that the supervisor reads."""

    @property
    def home(self) -> Path: ...


@dataclass(slots=True)
class Post:
    """A kind of child that has to be there: the one that serves, its successor, the leaving."""

    plan: ChildPlan
    child: Child | None = None
    successor: Child | None = None
    leaving: list[Child] = field(default_factory=list)
    refused: tuple[int, int] | None = None  # the version that did not come up
    failures: int = 0
    next_start: float = 0.0
    served: bool = False

    def all(self) -> list[Child]:
        return [each for each in (self.child, self.successor, *self.leaving) if each is not None]


class Supervisor:
    """Binds the socket when it is made; `run()` supervises until `stop()` or a signal."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        workers: int = 1,
        safe_mode: bool = False,
        generation: Callable[[], int] = lambda: 0,
        web_factory: str = WEB_FACTORY,
        work_factory: str | None = WORK_FACTORY,
        environment: Mapping[str, str] | None = None,
        leave: float = 0.0,
    ) -> None:
        self.listener = _bind(host, port)
        self.port = int(self.listener.getsockname()[1])
        self._read_generation = generation
        self._life, self._hold = os.pipe()
        self._leaving = tempfile.TemporaryFile()  # noqa: SIM115  closed in _end
        self._leave = leave
        shared: dict[str, Any] = {
            "life": self._life,
            "leaving": self._leaving.fileno(),
            "safe_mode": safe_mode,
            "environment": dict(environment or {}),
        }
        web = ChildPlan(
            kind="web",
            factory=web_factory,
            socket=self.listener.fileno(),
            workers=workers,
            **shared,
        )
        self.posts = [Post(web)]
        if work_factory is not None:
            self.posts.append(Post(ChildPlan(kind="worker", factory=work_factory, **shared)))
        self._stop = threading.Event()
        self._generation = 0
        self._renewal = 0
        self._looked_at = 0.0
        self.broken = ""

    def stop(self) -> None:
        """Ask the supervisor to end; safe in a signal handler and from other threads."""
        self._stop.set()

    def renew(self) -> None:
        """Let all children be followed by new ones, which load the code that is there now; safe
        in a signal handler."""
        self._renewal += 1

    @property
    def _version(self) -> tuple[int, int]:
        return self._generation, self._renewal

    def run(self) -> int:
        """Supervise until `stop()`; the exit status: 1 when the first web child never came up."""
        self._look()
        try:
            while not self._stop.is_set() and not self.broken:
                self._look()
                for post in self.posts:
                    self._keep(post)
                self._stop.wait(_TICK)
            self._take_leave()
        finally:
            self._end()
        return 1 if self.broken else 0

    def _take_leave(self) -> None:
        """Say “not ready” for a while before anything ends: who asks sends no new visitors."""
        ties.say_leaving(self._leaving.fileno())
        until = time.monotonic() + (0.0 if self.broken else self._leave)
        while time.monotonic() < until:
            for post in self.posts:
                self._keep(post)
            time.sleep(_TICK)

    def _look(self) -> None:
        """Read the generation, once a second."""
        if time.monotonic() - self._looked_at < 1.0:
            return
        self._looked_at = time.monotonic()
        try:
            self._generation = self._read_generation()
        except Exception as error:
            _logger.warning("The generation of the site cannot be read; it stays: %s", error)

    def _keep(self, post: Post) -> None:
        """One step towards one ready child of the present generation."""
        for child in post.all():
            child.listen()
        self._see_off(post)
        if post.child is not None and post.child.status is not None:
            self._fallen(post, post.child)
        if post.child is None and post.successor is None and time.monotonic() >= post.next_start:
            post.child = Child(post.plan, *self._version)
        self._settle(post)
        if post.successor is not None:
            self._promote(post, post.successor)
        elif self._is_stale(post):
            assert post.child is not None
            _logger.info("%s is to be followed by generation %d.", post.child, self._generation)
            post.successor = Child(post.plan, *self._version)

    def _is_stale(self, post: Post) -> bool:
        child = post.child
        return (
            child is not None and child.version != self._version and post.refused != self._version
        )

    def _settle(self, post: Post) -> None:
        """Note that the child serves, and forget its failures once it has lasted."""
        child = post.child
        if child is None:
            return
        if child.ready and not post.served:
            post.served = True
            _logger.info("%s is ready.", child)
        age = time.monotonic() - child.started
        if child.ready and age > _STABLE_SECONDS:
            post.failures = 0
        if not child.ready and age > START_SECONDS:
            _logger.error("%s was not ready after %d seconds.", child, START_SECONDS)
            child.kill()

    def _fallen(self, post: Post, child: Child) -> None:
        """The child ended by itself: start it again, after a pause that grows."""
        child.listen()
        child.bury()
        post.child = None
        post.failures += 1
        pause = min(0.1 * 2.0 ** (post.failures - 1), _LONGEST_PAUSE)
        post.next_start = time.monotonic() + pause
        cause = child.reason or f"exit status {child.status}"
        _logger.error("%s ended: %s. Started anew in %.1f s.", child, cause, pause)
        never = post.plan.kind == "web" and not post.served
        if never and post.failures >= _FIRST_TRIES:
            self.broken = cause
            _logger.error("The web application does not start. Try: kontora serve --safe-mode")

    def _promote(self, post: Post, new: Child) -> None:
        """Let the successor take over when it is ready; keep the old one when it is not to be."""
        late = time.monotonic() - new.started > START_SECONDS
        if new.ready and new.status is None:
            if post.child is not None:
                post.child.ask_to_end()
                post.leaving.append(post.child)
            post.child, post.successor = new, None
            post.failures, post.refused, post.served = 0, None, True
            _logger.info("%s has taken over.", new)
        elif new.status is not None or late:
            cause = new.reason or ("not ready in time" if late else f"exit status {new.status}")
            new.kill()
            new.bury()
            post.successor, post.refused = None, new.version
            _logger.error("%s did not come up: %s. The one before goes on.", new, cause)

    def _see_off(self, post: Post) -> None:
        """Bury those that left; end those that do not leave."""
        for child in list(post.leaving):
            asked = child.asked_to_end or child.started
            if child.status is None and time.monotonic() - asked > DRAIN_SECONDS:
                _logger.warning("%s did not end in %d seconds.", child, DRAIN_SECONDS)
                child.kill()
            if child.status is not None:
                child.bury()
                post.leaving.remove(child)

    def _end(self) -> None:
        """End all children, those that do not listen by force, and close the socket."""
        children = [child for post in self.posts for child in post.all()]
        for child in children:
            child.ask_to_end()
        deadline = time.monotonic() + STOP_SECONDS
        while any(child.status is None for child in children) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in children:
            if child.status is None:
                _logger.warning("%s did not end in time.", child)
                child.kill()
            child.bury()
        self.listener.close()
        self._leaving.close()
        os.close(self._life)
        os.close(self._hold)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"The address {host}:{port} cannot be used: {error.strerror}.",
            "Choose another one with --host and --port, or end the program that has it.",
        ) from error
    listener.listen(1024)
    return listener


def serve(
    settings: HasHome,
    host: str,
    port: int,
    workers: int = 1,
    safe_mode: bool = False,
    *,
    generation: Callable[[], int],
    on_listening: Callable[[str, int], None] = lambda host, port: None,
    **options: Any,
) -> int:
    """Serve the site until SIGTERM or SIGINT; return the exit status. SIGHUP brings new children.

    The children read the settings from the environment, as this process did; the folder and the
    database of `settings` are put there. `generation` is asked every second; a new number means a
    new set of plugins, so all children are followed by new ones.
    `on_listening` is called once the socket accepts connections.
    """
    home = Path(settings.home).resolve()
    environment = {"KONTORA_HOME": str(home)}
    if url := getattr(settings, "database_url", ""):
        environment["KONTORA_DATABASE_URL"] = str(url)
    supervisor = Supervisor(
        host,
        port,
        workers=workers,
        safe_mode=safe_mode,
        generation=generation,
        environment=environment,
        leave=getattr(settings, "leave", 0.0),
        **options,
    )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        supervisor.stop()

    def renew(_signal: int, _frame: FrameType | None) -> None:
        supervisor.renew()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    signal.signal(signal.SIGHUP, renew)
    on_listening(host, supervisor.port)
    try:
        return supervisor.run()
    finally:
        beginning.leave(home)
