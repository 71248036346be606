"""What a process of a running server does first: count together with the others, make spans."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

import structlog

from kontora import measures, traces

_MEMORY = Path("/dev/shm")  # noqa: S108
log = structlog.get_logger("kontora.serve")


def begin(environ: Mapping[str, str] = os.environ) -> None:
    """Call before anything is counted. What cannot be had is told in the log, and done without."""
    home = Path(environ.get("KONTORA_HOME") or "var").expanduser().resolve()
    try:
        measures.share(_own(shared_folder(home)))
    except OSError as error:
        log.warning("figures are counted by each process alone", cause=str(error))
    if traces.wanted(environ) and not traces.setup(environ):
        log.warning("telemetry is asked for, but the extra is missing: kontora[telemetry]")


def shared_folder(home: Path) -> Path:
    """Where the processes of a home keep their figures: in memory if possible. They are mapped
    into memory, and a full disk would end a process that writes to them."""
    name = blake2b(str(home).encode(), digest_size=8).hexdigest()
    return (_MEMORY if _MEMORY.is_dir() else Path(tempfile.gettempdir())) / f"kontora-{name}"


def leave(home: Path) -> None:
    """After a server has ended: free the memory of the figures, unless a process still counts."""
    folder = shared_folder(home)
    if folder.is_dir() and not measures.is_counting(folder):
        shutil.rmtree(folder, ignore_errors=True)


def _own(folder: Path) -> Path:
    """The folder, if it is ours: others may write to the one above it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder
