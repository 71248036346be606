"""One child process of the supervisor, from its start to its end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from kontora.lifecycle.ties import BROKEN, READY


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildPlan:
    """How a kind of child is started. `socket`, `life` and `leaving` are descriptors that it
    inherits.

    `workers`: how many of its own processes have to be ready before it is.
    """

    kind: str
    factory: str
    life: int
    leaving: int
    socket: int = -1
    workers: int = 1
    safe_mode: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


class Child:
    """A started child. `reason` says why it could not serve, once that is known."""

    def __init__(self, plan: ChildPlan, generation: int, renewal: int = 0) -> None:
        self.plan = plan
        self.generation = generation
        self.renewal = renewal
        self._ready = 0
        self.reason = ""
        self.started = time.monotonic()
        self.asked_to_end: float | None = None
        self._pipe, told = os.pipe()
        try:
            self._process = self._start(told)
        finally:
            os.close(told)

    def _start(self, told: int) -> subprocess.Popen[bytes]:
        plan = self.plan
        command = [sys.executable, "-m", "kontora.lifecycle.child", plan.kind]
        command += ["--factory", plan.factory, "--workers", str(plan.workers)]
        command += ["--ready", str(told), "--life", str(plan.life), "--socket", str(plan.socket)]
        command += ["--leaving", str(plan.leaving)]
        command += ["--safe-mode"] if plan.safe_mode else []
        handed_down = [told, plan.life, plan.leaving]
        handed_down += [plan.socket] if plan.socket >= 0 else []
        # A session of its own: Ctrl-C reaches the supervisor alone, and the whole group of the
        # child can be ended.
        return subprocess.Popen(
            command,
            pass_fds=handed_down,
            env={**os.environ, **plan.environment},
            start_new_session=True,
        )

    def __str__(self) -> str:
        return f"{self.plan.kind} process {self.pid} (generation {self.generation})"

    @property
    def version(self) -> tuple[int, int]:
        """Which set of plugins it runs, and how many renewals went before it."""
        return self.generation, self.renewal

    @property
    def ready(self) -> bool:
        return self._ready >= self.plan.workers

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal, or None while it runs."""
        return self._process.poll()

    def listen(self) -> None:
        """Take in what the child says about itself, without waiting."""
        while self._pipe >= 0 and select.select([self._pipe], [], [], 0)[0]:
            said = os.read(self._pipe, 4096)
            if said.startswith(BROKEN):
                self.reason = said.removeprefix(BROKEN).decode(errors="replace")
            elif said.startswith(READY):
                self._ready += said.count(READY)
            if not said:
                self._hang_up()

    def ask_to_end(self) -> None:
        """Send SIGTERM: finish what was begun, and end."""
        if self.asked_to_end is None:
            self.asked_to_end = time.monotonic()
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the child and everything that it started, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(5)

    def bury(self) -> None:
        """After its end: end what it may have left behind, and close the pipe."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._hang_up()

    def _hang_up(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
