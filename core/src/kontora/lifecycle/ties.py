"""What ties a child process to its supervisor: it ends when the supervisor is gone, and says
through a pipe when it is ready, or why it cannot be."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading

READY, BROKEN, LEAVING = b"R", b"E", b"L"
_leaving = -1
_PR_SET_PDEATHSIG = 1
_LAST_SECONDS = 12.0


def end_with(life: int) -> None:
    """End this process when the other end of the pipe `life` is closed.

    On Linux the kernel tells us too, even if somebody else still holds the pipe open.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    threading.Thread(target=_watch, args=(life,), name="supervisor-watch", daemon=True).start()


def _watch(life: int) -> None:
    with contextlib.suppress(OSError):
        os.read(life, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_LAST_SECONDS)
    # Each child leads a group of its own; with it goes whatever it has started.
    os.killpg(os.getpgrp(), signal.SIGKILL)


def heed(leaving: int) -> None:
    """Note the descriptor of the file in which the supervisor says that it is about to end."""
    global _leaving
    _leaving = leaving


def is_leaving() -> bool:
    """Whether this server is about to close its socket: send it no new visitors."""
    if _leaving < 0:
        return False
    try:
        return os.pread(_leaving, 1, 0) == LEAVING
    except OSError:
        return False


def say_leaving(leaving: int) -> None:
    """Tell all children that the socket will be closed soon."""
    os.pwrite(leaving, LEAVING, 0)


def say_ready(ready: int) -> None:
    """Tell the supervisor that this child serves; of several workers, each says so."""
    with contextlib.suppress(OSError):
        os.write(ready, READY)


def say_broken(ready: int, error: BaseException) -> None:
    """Tell the supervisor why this child cannot serve."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    with contextlib.suppress(OSError):
        os.write(ready, BROKEN + reason.encode()[:2000])
