"""A receiver on this machine: it notes every connection and request, and answers as it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Request:
    """One request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What to answer: `drip` sends the body a byte at a time, `seconds` apart."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    drip: float = 0.0


class Receiver:
    """Listens on 127.0.0.1; `reply` may be a function of the request."""

    def __init__(self, reply: Reply | Callable[[Request], Reply] | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.reply = reply or Reply()
        self._ended = threading.Event()
        receiver = self

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def get_request(self) -> Any:
                receiver.connections += 1
                return super().get_request()

            def handle_error(self, *args: Any) -> None:
                pass

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                found = Request(self.command, self.path, headers, self.rfile.read(size))
                receiver.requests.append(found)
                reply = receiver.reply(found) if callable(receiver.reply) else receiver.reply
                receiver._ended.wait(reply.seconds)
                self.send_response_only(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.send_header("Connection", "close")
                self.end_headers()
                if not reply.drip:
                    self.wfile.write(reply.body)
                for each in reply.body if reply.drip else b"":
                    self.wfile.write(bytes([each]))
                    receiver._ended.wait(reply.drip)

            do_GET = do_POST = handle_any

            def log_message(self, *args: Any) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self.server.server_address[1])
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def wait(self, count: int, seconds: float = 10.0) -> None:
        """Until so many requests have come."""
        deadline = time.monotonic() + seconds
        while len(self.requests) < count and time.monotonic() < deadline:
            time.sleep(0.01)

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *failure: object) -> None:
        self._ended.set()
        self.server.shutdown()
        self.server.server_close()
