"""How much a file may hold before it is refused; every figure can be changed by settings."""

from __future__ import annotations

from dataclasses import dataclass

KILO = 1024
MEGA = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Upper bounds for one file of an import.

    `field` is in characters; `archive_bytes` and `document_bytes` are in bytes;
    `archive_ratio` is unpacked size divided by packed size, over the whole archive.
    """

    columns: int = 200
    rows: int = 1_000_000
    field: int = 64 * KILO
    archive_members: int = 1000
    archive_bytes: int = 200 * MEGA
    archive_ratio: int = 100
    document_bytes: int = 200 * MEGA
    json_depth: int = 32


DEFAULT_LIMITS = Limits()
