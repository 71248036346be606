"""A WSGI application of a few lines, in place of Kontora's, for the tests of the supervisor."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any


def _broken() -> bool:
    return Path(os.environ["KONTORA_HOME"], "broken").exists()


def create_app(*, safe_mode: bool) -> Callable[..., Iterable[bytes]]:
    if _broken() and not safe_mode:
        raise RuntimeError("the plugin set does not load")

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/slow":
            time.sleep(1.5)
        body = f"{os.getpid()} {os.getppid()}".encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    return app
