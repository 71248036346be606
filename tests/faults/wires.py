"""A TCP connection that can be cut or fall silent, and a balancer in front of web servers."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import select
import socket
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PASS, CUT, SILENT = "pass", "cut", "silent"


class Wire:
    """Forwards connections to a port of this machine as long as `mode` is “pass”."""

    def __init__(self, target: int) -> None:
        self.mode = PASS
        self._target = target
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break all connections and refuse new ones."""
        self.mode = CUT
        for each in list(self._open):
            _close(each)

    def silence(self) -> None:
        """Keep the connections, and let nothing through."""
        self.mode = SILENT

    def mend(self) -> None:
        """Let everything through again; what was silent is broken, as after a lost route."""
        if self.mode == SILENT:
            self.cut()
        self.mode = PASS

    def lead_to(self, target: int) -> None:
        """Break all connections; new ones go to another port."""
        self.cut()
        self._target = target
        self.mode = PASS

    def close(self) -> None:
        self.cut()
        _close(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self.mode == CUT:
            _close(client)
            return
        self._open.add(client)
        while self.mode == SILENT:
            time.sleep(0.05)
        try:
            server = socket.create_connection(("127.0.0.1", self._target), timeout=2)
        except OSError:
            _close(client)
            return
        server.settimeout(None)
        self._open.add(server)
        with contextlib.suppress(OSError, ValueError):
            self._pump(client, server)
        for each in (client, server):
            self._open.discard(each)
            _close(each)

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        while self.mode != CUT:
            ready, _w, _e = select.select([one, other], [], [], 0.2)
            while ready and self.mode == SILENT:
                time.sleep(0.05)
            for each in ready:
                data = each.recv(65536)
                if not data:
                    return
                (other if each is one else one).sendall(data)


def _close(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()


class Balancer:
    """An HTTP proxy in front of several servers, as a company would have one.

    It asks each for /readyz five times a second and sends nobody to one that is not ready. A
    request that was sent is never sent again: its failure is a 503 with Retry-After.
    """

    def __init__(self) -> None:
        self._ports: list[int] = []
        self.ready: set[int] = set()
        self._turn = itertools.count()
        self._stop = threading.Event()
        own = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                own.forward(self, self.rfile.read(size) if size else None)

            do_GET = do_POST = do_PATCH = do_DELETE = _pass

            def log_message(self, *_arguments: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_arguments: object) -> None:
                pass  # a client that went away

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def forward(self, handler: BaseHTTPRequestHandler, body: bytes | None) -> None:
        connection = self._connected()
        if connection is None:
            self._away(handler)
            return
        headers = {k: v for k, v in handler.headers.items() if k.lower() != "connection"}
        try:
            connection.request(handler.command, handler.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self._away(handler)
            return
        finally:
            connection.close()
        handler.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _connected(self) -> http.client.HTTPConnection | None:
        """A connection to the next ready server: before anything is sent, another will do."""
        start = next(self._turn)
        for number in range(len(self._ports)):
            port = self._ports[(start + number) % len(self._ports)]
            if port not in self.ready:
                continue
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                connection.connect()
            except OSError:
                self.ready.discard(port)
                continue
            return connection
        return None

    def _away(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(503)
        handler.send_header("Retry-After", "1")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def watch(self, ports: Sequence[int]) -> None:
        """Begin to send visitors to the servers on these ports."""
        self._ports = list(ports)
        for port in self._ports:
            threading.Thread(target=self._ask, args=(port,), daemon=True).start()

    def _ask(self, port: int) -> None:
        while not self._stop.wait(0.2):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                connection.request("GET", "/readyz")
                ready = connection.getresponse().status == 200
            except (OSError, http.client.HTTPException):
                ready = False
            finally:
                connection.close()
            (self.ready.add if ready else self.ready.discard)(port)

    def close(self) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
