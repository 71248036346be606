"""Redis, when there is one: wake-ups and counters, and nothing that may not be lost.

No method raises, and none waits longer than half a second: while Redis is away, hangs or was
emptied, each gives the answer of a site without Redis. After a failure it is left alone for a
while that grows.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from kontora.errors import SettingsError
from kontora.text import _

TIMEOUT = 0.5
_PAUSES = (1.0, 2.0, 5.0, 10.0)
_logger = logging.getLogger("kontora.redis")
T = TypeVar("T")


class Redis:
    """One client per process, safe in all its threads. `site_key` keeps several sites apart."""

    def __init__(self, url: str, site_key: str) -> None:
        self._url = url
        self._prefix = f"kontora:{site_key}"
        self._client = _connected(url, TIMEOUT)
        self._failures = 0
        self._shut_until = 0.0

    @property
    def is_resting(self) -> bool:
        """Whether it failed just now and is not asked for the moment."""
        return time.monotonic() < self._shut_until

    def ping(self) -> bool:
        """Whether it answers, asked in any case."""
        self._shut_until = 0.0
        return bool(self._attempt(lambda client: client.ping(), False))

    def count(self, key: str, window_seconds: float) -> int | None:
        """Count one try of `key` in the present window; None when Redis cannot tell, and then
        the database has to."""

        def counted(client: Any) -> int:
            name = f"{self._prefix}:count:{key}:{int(time.time() // window_seconds)}"
            pipe = client.pipeline()
            pipe.incr(name)
            pipe.pexpire(name, int(window_seconds * 1000) + 1000)
            return int(pipe.execute()[0])

        return self._attempt(counted, None)

    def publish(self, message: str) -> bool:
        """Say something to all workers of the site that listen just now."""
        return self._attempt(
            lambda client: client.publish(f"{self._prefix}:wake", message) >= 0, False
        )

    def follow(self, on_message: Callable[[], object], stop: threading.Event) -> None:
        """Call `on_message` whenever somebody publishes, until `stop`; also after each new
        connection, for what was said meanwhile."""
        while not stop.is_set():
            listener = _connected(self._url, TIMEOUT).pubsub()
            try:
                listener.subscribe(f"{self._prefix}:wake")
                on_message()
                while not stop.is_set():
                    if (said := listener.get_message(timeout=TIMEOUT)) and _is_news(said):
                        on_message()
            except Exception as error:
                self._note(error)
                stop.wait(_PAUSES[min(self._failures, len(_PAUSES)) - 1])
            finally:
                _quietly(listener.close)

    def close(self) -> None:
        """Give the connections back."""
        _quietly(self._client.close)

    def _attempt(self, command: Callable[[Any], T], otherwise: T) -> T:
        if self.is_resting:
            return otherwise
        try:
            found = command(self._client)
        except Exception as error:
            self._note(error)
            return otherwise
        self._failures = 0
        return found

    def _note(self, error: Exception) -> None:
        self._failures += 1
        pause = _PAUSES[min(self._failures, len(_PAUSES)) - 1]
        self._shut_until = time.monotonic() + pause
        if self._failures == 1:
            cause = " ".join(str(error).split())[:200]
            _logger.warning("Redis does not answer; Kontora goes on without it: %s", cause)


def _connected(url: str, timeout: float) -> Any:
    """A client, which connects when it is first used. Raises SettingsError."""
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        raise SettingsError(
            _("KONTORA_REDIS_URL is set, but the package redis is not installed."),
            _("Run `pip install kontora[redis]`, or leave the setting out."),
        ) from None
    try:
        return redis.Redis.from_url(
            url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            health_check_interval=5,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
    except ValueError as error:
        raise SettingsError(
            _("KONTORA_REDIS_URL cannot be read: %(cause)s") % {"cause": error},
            _("Write redis://<host>:<port>/<number>."),
        ) from error


def _is_news(said: Any) -> bool:
    return bool(said.get("type") == "message")


def _quietly(step: Callable[[], object]) -> None:
    try:
        step()
    except Exception:
        _logger.debug("closing a connection failed", exc_info=True)
