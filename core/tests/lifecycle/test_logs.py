"""Logs of a server: one JSON object a line, whatever is said in it."""

from __future__ import annotations

import json
import subprocess
import sys

SAY = """
import logging, structlog
from kontora.lifecycle import logs
logs.configure({"KONTORA_LOG_FORMAT": "%s"})
structlog.contextvars.bind_contextvars(request_id="abc12345")
structlog.get_logger("kontora.http").info("request", path="/a\\nINFO forged: line")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("kontora.work").exception("failed")
"""


def _said(form: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SAY % form], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_each_event_is_one_object_with_its_request() -> None:
    """Both kinds of loggers write the same form; a line break in a value forges no line."""
    first, second = (json.loads(line) for line in _said("json"))
    assert first["path"] == "/a\nINFO forged: line"
    assert {first["request_id"], second["request_id"]} == {"abc12345"}
    assert (first["logger"], second["level"]) == ("kontora.http", "error")
    assert "ZeroDivisionError" in second["exception"]


def test_people_read_lines() -> None:
    """The text form escapes line breaks too."""
    lines = _said("text")
    assert lines[0].startswith('INFO kontora.http: request path="/a\\nINFO forged: line"')
    assert lines[-1].startswith("ZeroDivisionError")
