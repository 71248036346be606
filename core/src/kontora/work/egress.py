"""The one client that calls others: webhooks today, whatever fetches something tomorrow.

The address that is connected to is the address that was judged: a name is resolved once, each
address is judged by `egress_rules`, and the socket is opened to the address, not to the name, so
that a name which changes its address in between gains nothing. A redirect is a new call and is
judged anew. Everything together has a deadline, and the answer a largest size. Proxies of the
environment are not used.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urljoin

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from kontora import limits, traces
from kontora.errors import KontoraError
from kontora.text import _
from kontora.work.egress_rules import Address, Refused, Rules, Target, parse

AGENT = "Kontora"
_KEEPS_METHOD = frozenset({307, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Resolve = Callable[[str, int], Sequence[str]]


class Unanswered(KontoraError):
    """No answer came: the name is unknown, the connection broke, or the time was up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; `body` holds at most as many bytes as the client reads."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool = False


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, as the system knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Client:
    """Calls addresses that `rules` permit. Safe to share between threads."""

    def __init__(
        self,
        rules: Rules,
        *,
        resolve: Resolve = resolve,
        seconds: float | None = None,
        most_bytes: int | None = None,
        redirects: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        most = limits.current()
        self.rules = rules
        self.resolve = resolve
        self.seconds = most.webhook_seconds if seconds is None else seconds
        self.most_bytes = most.webhook_answer_bytes if most_bytes is None else most_bytes
        self.redirects = most.redirects if redirects is None else redirects
        self.tls = tls or ssl.create_default_context()

    def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request and return the last answer. Raises Refused, or Unanswered.

        A redirect of a request with a body is followed only where it keeps method and body.
        """
        target = parse(url)
        about = {"http.request.method": method, "server.address": target.host}
        with traces.span(f"{method} {target.host}", "client", about):
            trace = traces.current()
            more = {traces.HEADER: trace} if trace else {}
            return self._send(method, url, body, {**(headers or {}), **more})

    def _send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        deadline = time.monotonic() + self.seconds
        for _hop in range(self.redirects + 1):
            call = _Call(self, parse(url), deadline)
            answer = call.send(method, body, headers)
            where = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not where:
                return answer
            if method != "GET" and answer.status not in _KEEPS_METHOD:
                return answer
            url = urljoin(url, where)
        raise Unanswered(
            _("The receiver redirected more than %(n)s times.") % {"n": self.redirects},
            _("Give the address at which it answers."),
        )


class _Call:
    """One request to one target, until the deadline."""

    def __init__(self, client: Client, target: Target, deadline: float) -> None:
        self.client, self.target, self.deadline = client, target, deadline
        self.open: list[socket.socket] = []
        self.is_late = threading.Event()

    def left(self) -> float:
        """Seconds until the deadline. Raises Unanswered when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise self.late()
        return left

    def late(self) -> Unanswered:
        text = _("The receiver did not answer within %(n)s seconds.")
        return Unanswered(text % {"n": f"{self.client.seconds:g}"})

    def send(self, method: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        watch = threading.Timer(self.left(), self.cut)
        watch.daemon = True
        watch.start()
        try:
            return self._send(method, body, headers)
        except (HTTPError, OSError, ValueError) as error:
            if self.is_late.is_set() or time.monotonic() >= self.deadline:
                raise self.late() from None
            raise Unanswered(_broken(error)) from error
        finally:
            watch.cancel()
            for each in self.open:
                each.close()

    def _send(self, method: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        left = self.left()
        pool = self._pool()
        try:
            response = pool.urlopen(
                method,
                self.target.path,
                body=body or None,
                headers={"User-Agent": AGENT, "Accept-Encoding": "identity", **headers},
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
                timeout=Timeout(connect=left, read=left),
            )
            most = self.client.most_bytes
            read = response.read(most + 1)
            if self.is_late.is_set():
                raise self.late()
            given = {name.lower(): value for name, value in response.headers.items()}
            return Answer(
                status=response.status,
                headers=given,
                body=read[:most],
                truncated=len(read) > most,
            )
        finally:
            pool.close()

    def _pool(self) -> HTTPConnectionPool:
        target = self.target
        if target.scheme == "https":
            pool: HTTPConnectionPool = HTTPSConnectionPool(
                target.host, target.port, ssl_context=self.client.tls, dial=self.dial
            )
            pool.ConnectionCls = _Encrypted
        else:
            pool = HTTPConnectionPool(target.host, target.port, dial=self.dial)
            pool.ConnectionCls = _Plain
        return pool

    def dial(self) -> socket.socket:
        """Open a socket to the first address that is permitted and answers."""
        refusal: Exception | None = None
        for address in self._addresses():
            try:
                self.client.rules.check(self.target, address)
                return self._connect(address)
            except (Refused, OSError) as error:
                refusal = refusal or error
        raise refusal or OSError("the name has no address")

    def _connect(self, address: Address) -> socket.socket:
        opened = socket.create_connection((str(address), self.target.port), self.left())
        # The watch needs a handle of its own: encryption takes the socket over.
        self.open.append(opened.dup())
        peer = ip_address(opened.getpeername()[0].partition("%")[0])
        try:
            self.client.rules.check(self.target, peer)
        except Refused:
            opened.close()
            raise
        return opened

    def _addresses(self) -> list[Address]:
        """The addresses of the host. The system's resolver cannot be interrupted, so it works in
        a thread that is left behind when the time is up."""
        literal = self.target.literal
        if literal is not None:
            return [literal]
        found: list[Sequence[str] | BaseException] = []

        def look_up() -> None:
            try:
                found.append(self.client.resolve(self.target.host, self.target.port))
            except (OSError, UnicodeError) as error:
                found.append(error)

        thread = threading.Thread(target=look_up, name="egress-resolve", daemon=True)
        thread.start()
        thread.join(self.left())
        if not found:
            raise self.late()
        if isinstance(found[0], BaseException):
            raise Unanswered(_("The name %(host)s is not known.") % {"host": self.target.host})
        return [ip_address(each.partition("%")[0]) for each in found[0]]

    def cut(self) -> None:
        """The time is up: whatever is being waited for ends now, drop by drop or not at all."""
        self.is_late.set()
        for each in self.open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class _Plain(HTTPConnection):
    def __init__(self, *args: Any, dial: Callable[[], socket.socket], **more: Any) -> None:
        super().__init__(*args, **more)
        self._dial = dial

    def _new_conn(self) -> socket.socket:
        return self._dial()


class _Encrypted(HTTPSConnection):
    def __init__(self, *args: Any, dial: Callable[[], socket.socket], **more: Any) -> None:
        super().__init__(*args, **more)
        self._dial = dial

    def _new_conn(self) -> socket.socket:
        return self._dial()


def _broken(error: Exception) -> Any:
    """What went wrong, without the addresses that errors of the library hold."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return _("The certificate of the receiver is not valid: %(reason)s.") % {
                "reason": seen.verify_message
            }
        if isinstance(seen, ConnectionRefusedError):
            return _("Nothing listens at this address.")
        if isinstance(seen, ConnectionResetError | BrokenPipeError):
            return _("The receiver broke the connection off.")
        reason = getattr(seen, "reason", None)
        seen = reason if isinstance(reason, BaseException) else seen.__cause__
    return _("The connection failed (%(kind)s).") % {"kind": type(error).__name__}
