"""Identifiers of records: UUID version 7, so that new rows stand together in an index."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def new_id() -> uuid.UUID:
    """Return a new UUIDv7 (RFC 9562, 5.7), increasing within this process.

    The 12 bits of `rand_a` carry the fraction of the millisecond (method 3 of section 6.2);
    a value not above the last one is moved up by one step, so two ids never tie.
    """
    global _last
    with _lock:
        stamp = time.time_ns() * 4096 // 1_000_000
        _last = stamp if stamp > _last else _last + 1
        stamp = _last
    milliseconds, fraction = divmod(stamp, 4096)
    tail = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | tail)
