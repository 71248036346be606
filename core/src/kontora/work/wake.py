"""Wake-ups: right after the commit of a change that brought work, the workers are told of it.

A thread does the telling, so that no request waits for it. A wake-up that is lost costs a
second: the workers look by themselves anyway.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from sqlalchemy import event

from kontora.access.session import ScopedSession
from kontora.work.redis import Redis

_MARK = "kontora_brings_work"


def mark(executor: Any) -> None:
    """Note that the transaction of this session brings work, so that its commit tells of it."""
    if isinstance(executor, ScopedSession):
        executor.info[_MARK] = True


class Waker:
    """Publishes wake-ups of one process; any number at once become one."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._wanted = threading.Event()
        self._start = threading.Lock()
        self._process = 0

    def wake(self) -> None:
        """Tell the workers soon; returns at once."""
        self._wanted.set()
        if self._process != os.getpid():
            with self._start:
                self._begin()

    def _begin(self) -> None:
        # A thread does not survive a fork: each process has one of its own.
        if self._process != os.getpid():
            self._process = os.getpid()
            threading.Thread(target=self._publish, name="wake-ups", daemon=True).start()

    def _publish(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            self._redis.publish("work")


@event.listens_for(ScopedSession, "after_commit")
def _committed(session: Any) -> None:
    if session.in_nested_transaction() or not session.info.pop(_MARK, False):
        return
    waker: Waker | None = getattr(session.site, "waker", None)
    if waker is not None:
        waker.wake()
