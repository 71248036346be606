"""How much may come in, how long something may take, how often it may be asked for.

Every figure can be changed by the environment: `KONTORA_LIMIT_<NAME>`, for example
`KONTORA_LIMIT_PAGE_SIZE=100`. Figures are whole numbers; those in bytes may end in kB, MB or GB.
`docs/reference/limits.md` tells what happens beyond each, and a test compares the two.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace

from kontora.errors import SettingsError

PREFIX = "KONTORA_LIMIT_"
KILO, MEGA, GIGA = 1024, 1024**2, 1024**3
_FIGURE = re.compile(r"([0-9]{1,15})\s*(kB|MB|GB)?", re.IGNORECASE)
_UNITS = {"": 1, "kb": KILO, "mb": MEGA, "gb": GIGA}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The figures; a name that ends in `bytes`, `seconds` or `chars` (letters) tells the unit."""

    # What a request may bring
    body_bytes: int = 10 * MEGA
    upload_bytes: int = 50 * MEGA
    form_bytes: int = 500_000
    form_parts: int = 1_000
    json_depth: int = 32
    list_items: int = 1_000
    text_chars: int = 64 * KILO
    password_chars: int = 1_024
    # What it may ask for
    page_size: int = 200
    bulk_operations: int = 200
    filter_depth: int = 8
    filter_nodes: int = 50
    # What may be kept
    files_bytes: int = 100 * GIGA
    user_files_day_bytes: int = 2 * GIGA
    # What a file may hold
    archive_members: int = 1_000
    archive_bytes: int = 200 * MEGA
    archive_ratio: int = 100
    sheet_columns: int = 200
    sheet_rows: int = 1_000_000
    image_pixels: int = 40_000_000
    # What is sent to others
    webhook_seconds: int = 10
    webhook_answer_bytes: int = MEGA
    redirects: int = 3
    # How often
    api_per_minute: int = 600
    exports_per_hour: int = 10
    # How long the database may take
    statement_seconds: int = 15
    job_statement_seconds: int = 600
    lock_seconds: int = 5
    idle_transaction_seconds: int = 30

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Limits:
        """The figures of the environment. Raises SettingsError naming what cannot be read."""
        environ = os.environ if environ is None else environ
        names = {f"{PREFIX}{each.name.upper()}": each.name for each in fields(cls)}
        given = {name: environ[name] for name in environ if name.startswith(PREFIX)}
        for name in sorted(given.keys() - names.keys()):
            raise SettingsError(f"There is no limit {name}.", f"Known: {', '.join(sorted(names))}.")
        return replace(cls(), **{names[name]: _figure(name, text) for name, text in given.items()})


def _figure(name: str, text: str) -> int:
    found = _FIGURE.fullmatch(text.strip())
    value = int(found[1]) * _UNITS[(found[2] or "").lower()] if found else 0
    if value < 1:
        raise SettingsError(
            f"{name} cannot be read: “{text}”.",
            "Write a whole number above zero, for bytes also as 50MB or 500kB.",
        )
    return value


_current: Limits | None = None


def current() -> Limits:
    """The limits of this process. A figure that cannot be read is refused when the process reads
    its settings; until then the defaults stand."""
    global _current
    if _current is None:
        try:
            _current = Limits.from_env()
        except SettingsError:
            return Limits()
    return _current


@contextmanager
def using(limits: Limits) -> Iterator[Limits]:
    """Other limits within the block, for tests."""
    global _current
    before, _current = _current, limits
    try:
        yield limits
    finally:
        _current = before
