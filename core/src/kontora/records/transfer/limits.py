"""How much a file may hold before it is refused; every figure can be changed by settings."""

from __future__ import annotations

from dataclasses import dataclass

from kontora import limits

MOST = limits.current()
MEGA = limits.MEGA


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Upper bounds for one file of an import.

    `field` is in characters; `archive_bytes` and `document_bytes` are in bytes;
    `archive_ratio` is unpacked size divided by packed size, over the whole archive.
    """

    columns: int = MOST.sheet_columns
    rows: int = MOST.sheet_rows
    field: int = MOST.text_chars
    archive_members: int = MOST.archive_members
    archive_bytes: int = MOST.archive_bytes
    archive_ratio: int = MOST.archive_ratio
    document_bytes: int = 200 * MEGA
    json_depth: int = MOST.json_depth


DEFAULT_LIMITS = Limits()
