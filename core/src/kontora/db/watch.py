"""What statements cost: counted, slow ones logged with their text but never with their values."""

from __future__ import annotations

import logging
import os
import time
from typing import Any

from sqlalchemy import Engine, event
from structlog.contextvars import get_contextvars

from kontora import measures, traces
from kontora.errors import SettingsError

SLOW = "KONTORA_SLOW_MS"
DEFAULT_MS = 500.0
_LONGEST = 2000
_log = logging.getLogger("kontora.db.slow")


def slow_ms() -> float:
    """From how many milliseconds on a statement is slow. Raises SettingsError."""
    given = os.environ.get(SLOW, "").strip()
    try:
        found = float(given) if given else DEFAULT_MS
    except ValueError:
        found = -1.0
    if found < 0:
        raise SettingsError(
            f"{SLOW} is “{given}”, which is no number of milliseconds.",
            f"Write a number, or leave it out for {DEFAULT_MS:g}.",
        )
    return found


def watch(engine: Engine) -> None:
    """Count the statements of an engine."""
    slow = slow_ms() / 1000

    def before(_conn: Any, _cursor: Any, _text: str, _values: Any, context: Any, _m: bool) -> None:
        if context is not None:
            context._kontora_began = time.perf_counter()

    def after(_conn: Any, _cursor: Any, text: str, _values: Any, context: Any, _m: bool) -> None:
        began = getattr(context, "_kontora_began", None)
        if began is None:
            return
        seconds = time.perf_counter() - began
        measures.count("kontora_statements_total")
        measures.count("kontora_statement_seconds_total", by=seconds)
        if seconds >= slow:
            _note(text, seconds)
        if traces.active():
            _trace(engine.dialect.name, text, seconds)

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)


def _note(text: str, seconds: float) -> None:
    route = str(get_contextvars().get("route", ""))
    measures.count("kontora_slow_statements_total", route)
    shown = " ".join(text.split())[:_LONGEST]
    _log.warning("slow statement", extra={"ms": round(seconds * 1000), "statement": shown})


def _trace(system: str, text: str, seconds: float) -> None:
    end = time.time_ns()
    verb = text.split(None, 1)[0].upper() if text.strip() else "?"
    shown = {"db.system.name": system, "db.query.text": " ".join(text.split())[:_LONGEST]}
    traces.ended(verb, end - int(seconds * 1e9), end, shown)
