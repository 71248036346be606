"""Logs of a running server: one JSON object a line, each with the id of its request.

On a terminal, or with `KONTORA_LOG_FORMAT=text`, the same events are lines for people.
`KONTORA_LOG_LEVEL` says how much: `warning`, or `info,kontora.doors=debug` for single loggers.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter

from kontora.errors import SettingsError

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure(environ: Mapping[str, str] = os.environ) -> None:
    """Send structlog and the standard library's logging to standard error in one form."""
    wanted = environ.get("KONTORA_LOG_FORMAT") or ("text" if sys.stderr.isatty() else "json")
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    structlog.configure(
        processors=[*shared, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _as_json if wanted == "json" else _as_text,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("kontora").setLevel(logging.NOTSET)  # as the root, whatever a command set
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it greets at each look at a version
    set_levels(environ)


def set_levels(environ: Mapping[str, str]) -> None:
    """Set the levels that `KONTORA_LOG_LEVEL` names. Raises SettingsError for what is no level."""
    for name, level in _levels(environ.get("KONTORA_LOG_LEVEL", "")).items():
        logging.getLogger(name).setLevel(level)


def _levels(given: str) -> dict[str, int]:
    """`info,kontora.doors=debug` as numbers per logger; the name "" is the root."""
    found = {}
    for part in filter(None, (each.strip() for each in given.split(","))):
        name, _sign, level = part.rpartition("=")
        if level.strip().lower() not in LEVELS:
            raise SettingsError(
                f"KONTORA_LOG_LEVEL holds “{part}”, whose level nobody knows.",
                f"Known: {', '.join(LEVELS)}; as in “info,kontora.doors=debug”.",
            )
        found[name.strip()] = LEVELS[level.strip().lower()]
    return found


# JSON leaves these as they are, and some readers of logs break a line there.
_SEPARATORS = {code: rf"\u{code:04x}" for code in (*range(127, 160), 0x2028, 0x2029)}


def _as_json(_logger: Any, _method: str, event: Any) -> str:
    """A line break inside a value is escaped, so nobody can forge a line."""
    return json.dumps(event, ensure_ascii=False, default=str).translate(_SEPARATORS)


# What ends a line or moves the cursor: C0, DEL and C1 controls, and Unicode's two separators.
_CONTROLS = {
    code: rf"\x{code:02x}" if code < 256 else rf"\u{code:04x}"
    for code in (*range(32), *range(127, 160), 0x2028, 0x2029)
} | {9: r"\t", 10: r"\n", 13: r"\r"}


def _as_text(_logger: Any, _method: str, event: Any) -> str:
    """Nothing that somebody sent begins a line: a trace is indented, all else is one line."""
    trace = _indented(event.pop("exception", None))
    said = str(event.pop("event")).translate(_CONTROLS)
    head = f"{event.pop('level').upper()} {event.pop('logger')}: {said}"
    event.pop("at", None)
    rest = " ".join(f"{name}={json.dumps(value, default=str)}" for name, value in event.items())
    return "\n".join(each for each in (f"{head} {rest}".rstrip(), trace) if each)


def _indented(trace: str | None) -> str:
    lines = (trace or "").splitlines()
    return "\n".join("    " + line.translate(_CONTROLS) for line in lines)
