"""The errors of plugins in this process, the last few hundred of them, for pages and the CLI."""

from __future__ import annotations

import threading
import traceback
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime

from kontora import measures
from kontora.clock import now
from kontora.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class HookError:
    """One contained error. `hook` is the name of a hook, or `load` for all before the first."""

    plugin: str
    hook: str
    error_id: str
    time: datetime
    text: str
    traceback: str


class ErrorLog:
    """A bounded list, and counts that are not bounded. Safe to use from several threads."""

    def __init__(self, size: int = 200) -> None:
        self._entries: deque[HookError] = deque(maxlen=size)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def add(self, plugin: str, hook: str, text: str, error: BaseException | None) -> HookError:
        """Keep an error and return its entry; `error` gives the traceback."""
        entry = HookError(
            plugin=plugin,
            hook=hook,
            # The tail of a version 7 id is random; its head would be the time again.
            error_id=new_id().hex[-10:],
            time=now(),
            text=" ".join(text.split()),
            traceback="".join(traceback.format_exception(error)) if error else "",
        )
        with self._lock:
            self._entries.append(entry)
            self._counts[plugin, hook] += 1
        measures.count("kontora_plugin_errors_total", plugin, hook)
        return entry

    def entries(self, plugin: str | None = None) -> list[HookError]:
        """The kept errors, newest first; those of one plugin if it is named."""
        with self._lock:
            kept = list(self._entries)
        return [each for each in reversed(kept) if plugin is None or each.plugin == plugin]

    def counts(self) -> dict[tuple[str, str], int]:
        """How many errors there were since the start, by plugin and hook."""
        with self._lock:
            return dict(self._counts)


def one_line(error: BaseException) -> str:
    """The class of an exception and the first line of its message."""
    message = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
