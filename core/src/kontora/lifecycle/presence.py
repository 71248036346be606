"""Whether a server or worker of this machine uses a home folder.

A restore replaces the database under its users' feet, so it waits until they have ended. The
lock goes with the process, however that ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kontora.errors import Locked
from kontora.text import _

_FILE = "running.lock"


@contextmanager
def hold(home: Path) -> Iterator[None]:
    """Say, while the block runs, that the home is in use. Any number may say so."""
    with _lock(home, exclusive=False):
        yield


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Keep servers and workers from starting. Raises Locked while one runs."""
    with _lock(home, exclusive=True):
        yield


@contextmanager
def _lock(home: Path, *, exclusive: bool) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # not a POSIX system: nothing is known there
        yield
        return
    descriptor = os.open(home / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _refusal(home, exclusive) from None
        yield
    finally:
        os.close(descriptor)


def _refusal(home: Path, exclusive: bool) -> Locked:
    if exclusive:
        return Locked(
            _("Kontora is running in %(home)s.") % {"home": str(home)},
            _("Stop `kontora serve` and its workers first."),
        )
    return Locked(
        _("A backup is being restored in %(home)s.") % {"home": str(home)},
        _("Wait until it has ended, then start again."),
    )
