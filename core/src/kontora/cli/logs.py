"""Logs of a command go to standard error, a line each; standard output is for data alone."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

_verbose = False


def is_verbose() -> bool:
    """Whether `--verbose` was given."""
    return _verbose


def configure(*, verbose: bool) -> None:
    """Send structlog and the standard library's logging to standard error."""
    global _verbose
    _verbose = verbose
    level = logging.DEBUG if verbose else logging.WARNING
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        handlers=[_ToStderr()],
        format="%(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("kontora").setLevel(level)
    # One line for each statement through a door is for those who ask by name.
    logging.getLogger("kontora.doors").setLevel(max(level, logging.INFO))
    if os.environ.get("KONTORA_LOG_LEVEL"):
        from kontora.lifecycle.logs import set_levels

        set_levels(os.environ)
    structlog.configure(
        processors=[*(() if verbose else (_without_trace,)), _line],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_to_stderr,
        cache_logger_on_first_use=False,
    )


class _ToStderr(logging.StreamHandler[TextIO]):
    """Writes to what is standard error at the moment, as tests replace it."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def _to_stderr(*_args: Any) -> Any:
    # Asked for each logger, so that a test which replaces sys.stderr sees its own lines.
    return structlog.PrintLogger(sys.stderr)


def _without_trace(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    event.pop("exc_info", None)
    return event


def _line(_logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
    """`warning plugin.orphaned plugin=hello`, then the trace when there is one."""
    name, error = event.pop("event", ""), event.pop("exc_info", None)
    facts = " ".join(f"{key}={value}" for key, value in event.items())
    line = f"{method} {name} {facts}".rstrip()
    if isinstance(error, BaseException):
        import traceback

        line += "\n" + "".join(traceback.format_exception(error)).rstrip()
    return line
