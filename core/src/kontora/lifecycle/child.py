"""A child of the supervisor: `python -m kontora.lifecycle.child web|worker …`.

A fresh interpreter each time, so that it loads the present set of plugins and nothing of the
one before. Started by `kontora.lifecycle.supervisor` only.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any

from kontora.errors import KontoraError
from kontora.lifecycle import beginning, logs, ties


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one child until SIGTERM; return its exit status."""
    options = _parser().parse_args(arguments)
    ties.end_with(options.life)
    ties.heed(options.leaving)
    # Ctrl-C goes to the supervisor, which then ends its children in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    beginning.begin()
    if options.kind == "worker":
        return _work(options)
    return _serve(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kontora.lifecycle.child")
    parser.add_argument("kind", choices=["web", "worker"])
    parser.add_argument("--factory", required=True)
    parser.add_argument("--socket", type=int, default=-1)
    parser.add_argument("--ready", type=int, required=True)
    parser.add_argument("--life", type=int, required=True)
    parser.add_argument("--leaving", type=int, default=-1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--safe-mode", action="store_true")
    return parser


def _make(options: argparse.Namespace) -> Any:
    """Build the application or the site; its failure is told to the supervisor."""
    logs.configure()
    try:
        factory = _load(options.factory)
        made = factory(safe_mode=options.safe_mode)
    except KontoraError as error:
        # Foreseen: the supervisor says it in one sentence, and a trace would add nothing.
        ties.say_broken(options.ready, error)
        sys.exit(1)
    except BaseException as error:
        ties.say_broken(options.ready, error)
        raise
    return made


def _load(dotted: str) -> Callable[..., Any]:
    module, _colon, name = dotted.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _serve(options: argparse.Namespace) -> int:
    from kontora.lifecycle import webserver

    listener = socket.socket(fileno=options.socket)

    def ready() -> None:
        ties.say_ready(options.ready)

    if options.workers > 1:
        webserver.serve_processes(lambda: _make(options), listener, options.workers, ready)
    else:
        webserver.serve_threads(_make(options), listener, ready)
    return 0


def _work(options: argparse.Namespace) -> int:
    from kontora.work.worker import STUCK_STATUS, run_until_signal

    def ready() -> None:
        ties.say_ready(options.ready)

    status = run_until_signal(_make(options), signal.SIGTERM, on_start=ready)
    if status == STUCK_STATUS:
        os._exit(status)
    return status


if __name__ == "__main__":
    sys.exit(main())
