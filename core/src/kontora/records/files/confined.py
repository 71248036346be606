"""Run what parses foreign bytes in a process of its own, with little memory, time and disk.

The child gets a path and a task, no environment of ours (so no key and no address of the
database), and writes a sequence of parts to a file: a JSON line, then as many bytes as it says.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from kontora import limits

SECONDS, CPU_SECONDS = 30.0, 10
MEMORY = 256 << 20
MOST_OUTPUT = 24 << 20
MODULE = "kontora.records.files.child"
# What may be told to people; all else is “damaged”.
PROBLEMS = ("damaged", "protected", "too_large", "too_long", "too_much_memory")


@dataclass(slots=True, kw_only=True)
class Findings:
    """What was read: pictures by number (0 is the small one), the text, and what hindered it."""

    pictures: dict[int, bytes] = field(default_factory=dict)
    text: str = ""
    problem: str | None = None


def read(path: Path, content_type: str) -> Findings:
    """Make the preview of a file and read its text. Never raises for what is in the file."""
    with tempfile.TemporaryFile() as output:
        try:
            status = _run(path, content_type, output)
        except subprocess.TimeoutExpired:
            return Findings(problem="too_long")
        output.seek(0)
        findings = _parts(output)
    if status != 0 and findings.problem is None:
        findings.problem = _cause(status)
    return findings


def _run(path: Path, content_type: str, output: IO[bytes]) -> int:
    most = limits.current()
    options = {
        "memory": MEMORY,
        "cpu": CPU_SECONDS,
        "output": MOST_OUTPUT,
        "pixels": most.image_pixels,
        "members": most.archive_members,
        "bytes": most.archive_bytes,
        "ratio": most.archive_ratio,
    }
    command = [sys.executable, "-I", "-m", MODULE, str(path), content_type, json.dumps(options)]
    found = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        cwd=tempfile.gettempdir(),
        timeout=SECONDS,
        check=False,
        close_fds=True,
    )
    return found.returncode


def _environment() -> dict[str, str]:
    """Only what an interpreter needs to start."""
    kept = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "LANG")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _parts(output: IO[bytes]) -> Findings:
    findings = Findings()
    while line := output.readline(1_000):
        try:
            head: Mapping[str, Any] = json.loads(line)
            size = int(head["size"])
            data = output.read(size)
        except (ValueError, KeyError, TypeError):
            findings.problem = "damaged"
            break
        if len(data) != size:  # it was ended in the middle
            break
        if head["part"] == "picture":
            findings.pictures[int(head["number"])] = data
        elif head["part"] == "text":
            findings.text = data.decode("utf-8", "replace")
        elif head["part"] == "problem":
            told = data.decode("ascii", "replace")
            findings.problem = told if told in PROBLEMS else "damaged"
    return findings


def _cause(status: int) -> str:
    """A child that was ended by a signal: SIGXCPU and SIGKILL come of time, others of a fault."""
    return "too_long" if status in (-24, -9) else "damaged"
