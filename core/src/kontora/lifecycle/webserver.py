"""The two HTTP servers, on a listening socket that the supervisor owns.

Waitress (threads) for one process, gunicorn (gthread) for several. Both finish the requests that
they have begun when they get SIGTERM; connections that wait go to whoever else has the socket.
"""

from __future__ import annotations

import gc
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

from gunicorn.app.base import BaseApplication
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask, WSGITask

THREADS = 32
# Of gunicorn, in each process. A stream of news holds its thread as long as it lasts; those for
# ordinary requests are always there, and no more than WORKING run at once, as the pool of
# database connections is made for.
WORKING, STREAMS = 8, 16
STREAM_PATH = "/notices/live"
GRACEFUL_SECONDS = 30
MAX_BODY = 100 * 1024 * 1024
MAX_HEADER = 64 * 1024
# A kept-alive connection may be about to bring a request; after this long without one it is closed.
_IDLE_SECONDS = 1.0

App = Callable[..., Any]


_workers: list[Any] = []  # gunicorn's own object of this process, once it serves


def may_stream() -> bool:
    """Whether this process has threads to spare for answers that last."""
    return bool(_workers)


def is_leaving() -> bool:
    """Whether this process has been told to end: answers that last end too."""
    return any(not each.alive for each in _workers)


class Lanes:
    """Lets WORKING ordinary requests through at a time; streams have threads of their own."""

    def __init__(self, app: App, working: int = WORKING) -> None:
        self._app = app
        self._free = threading.BoundedSemaphore(working)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer: Iterable[bytes]
        if environ.get("PATH_INFO") == STREAM_PATH:
            answer = self._app(environ, start_response)
            return answer
        with ExitStack() as stack:
            stack.enter_context(self._free)
            answer = self._app(environ, start_response)
            return _Held(answer, stack.pop_all())


class _Held:
    """An answer that keeps its place until it is sent."""

    def __init__(self, answer: Iterable[bytes], place: ExitStack) -> None:
        self._answer, self._place = answer, place

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._answer)

    def close(self) -> None:
        with self._place:
            if hasattr(self._answer, "close"):
                self._answer.close()


class _Task(WSGITask):  # type: ignore[misc]
    """Ends a kept-alive connection with the answer, once the server is draining."""

    def build_response_header(self) -> bytes:
        if getattr(self.channel.server, "draining", False):
            self.request.headers["CONNECTION"] = "close"
        return bytes(super().build_response_header())


class _Channel(HTTPChannel):  # type: ignore[misc]
    task_class = _Task
    error_task_class = ErrorTask


def serve_threads(app: App, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve `app` with waitress until SIGTERM, then finish what was begun."""
    server: Any = create_server(
        app,
        sockets=[listener],
        threads=THREADS,
        ident=None,
        channel_timeout=60,
        connection_limit=1000,
        max_request_body_size=MAX_BODY,
        max_request_header_size=MAX_HEADER,
        # Which proxy is believed is decided in the application, alike for both servers.
        clear_untrusted_proxy_headers=False,
    )
    server.channel_class = _Channel
    server.draining = False
    stopping: list[float] = []

    def stop(_signal: int, _frame: object) -> None:
        stopping.append(time.monotonic())
        server.pull_trigger()

    signal.signal(signal.SIGTERM, stop)
    _settle()
    on_ready()
    while not stopping:
        _turn(server)
    server.draining = True
    # The socket is closed here only: the supervisor and our successor go on listening.
    wasyncore.dispatcher.close(server)
    while server.active_channels and time.monotonic() - stopping[0] < GRACEFUL_SECONDS:
        _close_idle(server)
        _turn(server)


def _turn(server: Any) -> None:
    wasyncore.loop(timeout=0.5, map=server._map, use_poll=True, count=1)


def _close_idle(server: Any) -> None:
    quiet = time.time() - _IDLE_SECONDS
    for channel in list(server.active_channels.values()):
        if not channel.requests and channel.request is None and channel.last_activity < quiet:
            channel.will_close = True


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    """Gunicorn, set up from here instead of the command line."""

    def __init__(self, make_app: Callable[[], App], options: dict[str, Any]) -> None:
        self._make_app = make_app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> App:
        app = self._make_app()
        _settle()
        return app


def _settle() -> None:
    """What was made at the start stays for good: the collector shall not go through it during
    requests, and forked processes go on sharing its memory."""
    gc.collect()
    gc.freeze()


def serve_processes(
    make_app: Callable[[], App],
    listener: socket.socket,
    workers: int,
    on_ready: Callable[[], None],
) -> None:
    """Serve with gunicorn and `workers` processes until SIGTERM.

    The application is built once, before the fork; `Database` forgets the connections of its
    parent by itself.
    """

    def initialised(worker: Any) -> None:
        _workers[:] = [worker]
        on_ready()

    options = {
        # Gunicorn takes the descriptor over, and closes it in its own time.
        "bind": f"fd://{listener.detach()}",
        "worker_class": "gthread",
        "workers": workers,
        "threads": WORKING + STREAMS,
        "preload_app": True,
        "timeout": 30,
        "graceful_timeout": GRACEFUL_SECONDS,
        "keepalive": 5,
        # About 2000 ± 200.
        "max_requests": 1800,
        "max_requests_jitter": 400,
        "limit_request_line": 8190,
        "limit_request_fields": 100,
        "limit_request_field_size": 8190,
        "post_worker_init": initialised,
        "control_socket_disable": True,
        "loglevel": "warning",
    }
    _Gunicorn(lambda: Lanes(make_app()), options).run()
