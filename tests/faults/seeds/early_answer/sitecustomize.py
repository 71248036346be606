"""A seeded bug: the answer leaves a second before the commit."""

import threading

from kontora.http import context


def _late(block):
    threading.Timer(1.0, block.__exit__, (None, None, None)).start()


context._commit = _late
