"""Logs of a server: one JSON object a line, whatever is said in it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from kontora.errors import SettingsError
from kontora.lifecycle import logs

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


LEVELS = """
import logging
from kontora.lifecycle import logs
logging.getLogger("kontora").setLevel(logging.WARNING)
logs.configure({"KONTORA_LOG_FORMAT": "json", "KONTORA_LOG_LEVEL": "%s"})
for name in ("kontora.doors", "kontora.work"):
    logging.getLogger(name).debug("fine", extra={"door": "search", "tables": ["search_word"]})
    logging.getLogger(name).info("plain")
"""


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("", ["kontora.doors plain", "kontora.work plain"]),
        ("warning", []),
        ("Warning, kontora.doors = DEBUG", ["kontora.doors fine", "kontora.doors plain"]),
    ],
)
def test_levels_are_set_for_all_and_for_single_loggers(given: str, wanted: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEVELS % given], capture_output=True, text=True, check=True
    )
    found = [json.loads(line) for line in done.stderr.splitlines()]
    assert [f"{each['logger']} {each['event']}" for each in found] == wanted
    assert all(each["tables"] == ["search_word"] for each in found if each["event"] == "fine")


@pytest.mark.parametrize("given", ["loud", "info,kontora.doors=", "kontora.doors"])
def test_an_unknown_level_is_refused_with_the_remedy(given: str) -> None:
    with pytest.raises(SettingsError, match=r"info,kontora\.doors=debug"):
        logs.set_levels({"KONTORA_LOG_LEVEL": given})


def test_people_read_lines() -> None:
    """The text form escapes line breaks too."""
    lines = _said("text")
    assert lines[0].startswith('INFO kontora.http: request path="/a\\nINFO forged: line"')
    assert lines[-1].startswith("    ZeroDivisionError")


FORGE = """
import logging
from kontora.lifecycle import logs
logs.configure({"KONTORA_LOG_FORMAT": "%s"})
evil = "x" + chr(13) + chr(10) + "ERROR forged: line" + chr(0x2028) + "INFO forged" + chr(27) + "["
logging.getLogger("kontora.work").error("said " + evil, extra={"field": evil})
try:
    raise ValueError(evil)
except ValueError:
    logging.getLogger("kontora.work").exception("failed")
"""


@pytest.mark.parametrize("form", ["json", "text"])
def test_nobody_forges_a_line(form: str) -> None:
    """Neither by a message, nor by a field, nor by the text of an exception."""
    done = subprocess.run(
        [sys.executable, "-c", FORGE % form], capture_output=True, check=True, text=True
    )
    lines = done.stderr.replace("\u2028", "\n").splitlines()
    assert len(lines) >= 2
    assert not [line for line in lines if line.startswith(("ERROR forged", "INFO forged"))]
    assert "\x1b" not in done.stderr or form == "json"
