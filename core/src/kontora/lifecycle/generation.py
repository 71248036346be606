"""The generation of a site: a number that grows when the set of plugins changes.

A running supervisor looks at it every second and brings up new processes on the new set.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_FILE = "generation"


def read(home: Path) -> int:
    """The present generation of the site in `home`; 0 before the first change."""
    try:
        return int((home / _FILE).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0


def bump(home: Path) -> int:
    """Start the next generation and return its number. The file is never seen half written."""
    number = read(home) + 1
    handle, name = tempfile.mkstemp(dir=home, prefix=_FILE)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{number}\n")
    Path(name).replace(home / _FILE)
    return number
