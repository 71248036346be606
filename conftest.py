"""For the whole workspace: say in a few lines what was skipped and why."""

from __future__ import annotations

import gc
import os
from collections import Counter

import pytest

# Tests ask faster than people: what counts requests is tested with limits of its own.
os.environ.setdefault("KONTORA_LIMIT_API_PER_MINUTE", "10000000")
os.environ.setdefault("KONTORA_LIMIT_EXPORTS_PER_HOUR", "10000000")


def pytest_collection_finish() -> None:
    """Thousands of tests and all modules stay till the end: the collector need not look at them
    again and again."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line per reason, for a line per test hides the reason."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", ()):
        if isinstance(report.longrepr, tuple):
            reasons[str(report.longrepr[2]).removeprefix("Skipped: ")] += 1
    if reasons:
        terminalreporter.section("skipped")
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count:5}  {reason}")
