"""What names a person beside his own rows: logs, mails, jobs, answers, reports of imports."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from kontora.privacy.values import patterns, without

CHUNK = 40
# Table → columns that may hold his texts. A row of those in FORGOTTEN goes as a whole.
LOGS: dict[str, tuple[str, ...]] = {
    "change": ("diff",),
    "import_issue": ("value", "new_value", "reason"),
    "import_run": ("file_name", "options", "pending", "error"),
    "job": ("args", "progress", "result", "error"),
    "outbox": ("payload",),
    "mail_message": ("to_address", "subject", "text", "html", "error"),
    "idempotency_key": ("body", "headers"),
    "notice": ("text", "link"),
    "webhook_delivery": ("error", "answer"),
    "saved_view": ("name", "state"),
    "user_preference": ("value",),
    "handover_item": ("reason", "why"),
    "review_item": ("reason",),
    "activity": ("subject", "body", "custom"),
    "party": ("notes",),
}
FORGOTTEN = frozenset({"idempotency_key", "notice", "mail_message"})
SEARCHED = {"activity": "activity", "party": "party"}


@dataclass(frozen=True, slots=True)
class Found:
    """A row that names him: its key, and the columns as they are."""

    table: Any
    key: tuple[Any, ...]
    values: dict[str, Any]


def find(
    connection: Connection, tables: dict[str, Any], party_id: UUID, texts: list[str]
) -> Iterator[Found]:
    """The rows of `LOGS` that hold his id or one of his texts."""
    wanted = [str(party_id), *patterns(texts)]
    for name, columns in LOGS.items():
        table = tables[name]
        seen: set[tuple[Any, ...]] = set()
        for start in range(0, len(wanted), CHUNK):
            some = wanted[start : start + CHUNK]
            ways = [
                sa.cast(table.c[column], sa.Text).contains(each, autoescape=True)
                for column in columns
                for each in some
            ]
            keys = list(table.primary_key.columns)
            statement = sa.select(*keys, *(table.c[column] for column in columns))
            rows = connection.execute(statement.where(sa.or_(*ways))).all()
            for row in rows:
                key = tuple(row[: len(keys)])
                if key not in seen:
                    seen.add(key)
                    values = dict(zip(columns, row[len(keys) :], strict=True))
                    yield Found(table, key, values)


def read_again(connection: Connection, found: Found) -> Found | None:
    """The row as it is now; None when it is gone."""
    keys = zip(found.table.primary_key.columns, found.key, strict=True)
    columns = [found.table.c[name] for name in found.values]
    row = connection.execute(
        sa.select(*columns).where(*(column == value for column, value in keys))
    ).first()
    return None if row is None else Found(found.table, found.key, dict(row._mapping))


def clean(connection: Connection, found: Found, party_id: UUID, texts: list[str]) -> bool:
    """Take him out of one row; whether anything changed."""
    here = sa.and_(
        *(
            column == value
            for column, value in zip(found.table.primary_key.columns, found.key, strict=True)
        )
    )
    if found.table.name in FORGOTTEN:
        connection.execute(sa.delete(found.table).where(here))
        return True
    cleaned = {name: without(value, texts, str(party_id)) for name, value in found.values.items()}
    changed = {name: value for name, value in cleaned.items() if value != found.values[name]}
    if changed:
        connection.execute(sa.update(found.table).where(here).values(changed))
    return bool(changed)


# Files of imports


def files(home: Path, texts: list[str]) -> Iterator[Path]:
    """Files of imports and reports that hold one of the texts, in any encoding that is read."""
    needles = {
        each.encode(encoding, "ignore")
        for each in texts
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "cp1251", "koi8-r", "cp866")
    }
    needles = {each for each in needles if len(each) > 5}
    for path in sorted((home / "imports").rglob("*")):
        if path.is_file() and not path.is_symlink() and _holds(path, needles):
            yield path


def _holds(path: Path, needles: set[bytes]) -> bool:
    data = path.read_bytes()
    if any(each in data for each in needles):
        return True
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as packed:
            return any(
                any(each in packed.read(member) for each in needles)
                for member in packed.namelist()
                if packed.getinfo(member).file_size < 200_000_000
            )
    except (zipfile.BadZipFile, RuntimeError, OSError, NotImplementedError):
        return False
