"""Logs of a running server: one JSON object a line, each with the id of its request.

On a terminal, or with `KONTORA_LOG_FORMAT=text`, the same events are lines for people.
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
            foreign_pre_chain=shared,
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
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it greets at each look at a version


def _as_json(_logger: Any, _method: str, event: Any) -> str:
    """A line break inside a value is escaped, so nobody can forge a line."""
    return json.dumps(event, ensure_ascii=False, default=str)


def _as_text(_logger: Any, _method: str, event: Any) -> str:
    trace = event.pop("exception", None)
    head = f"{event.pop('level').upper()} {event.pop('logger')}: {event.pop('event')}"
    event.pop("at", None)
    rest = " ".join(f"{name}={json.dumps(value, default=str)}" for name, value in event.items())
    return "\n".join(each for each in (f"{head} {rest}".rstrip(), trace) if each)
