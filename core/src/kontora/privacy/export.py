"""Everything that is known of one person, as one archive: JSON, a page to read, and his files."""

from __future__ import annotations

import html
import json
import os
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import select

from kontora import clock
from kontora.access.models import User
from kontora.access.session import ScopedSession
from kontora.privacy import erase, sweep, tables
from kontora.records.files import erasure
from kontora.records.files.models import File

_user: Any = User.__table__
# What says nothing to him and belongs to the program.
_LEFT_OUT = frozenset({"search_posting", "party_scope", "file", "consent_state"})


def collect(session: ScopedSession, party_id: UUID) -> dict[str, Any]:
    """The record as the API shows it, and the rows of every table that are about him."""
    him = erase.subject(session, party_id)
    connection = tables.connection_of(session)
    found: dict[str, list[dict[str, Any]]] = {}
    for place in him.places:
        if place.table.name in _LEFT_OUT:
            continue
        rows = connection.execute(select(place.table).where(place.rows(party_id))).mappings()
        found.setdefault(place.table.name, []).extend(_plain(dict(row)) for row in rows)
    activity = him.tables["activity"]
    for chunk in _chunks(him.linked):
        rows = connection.execute(select(activity).where(activity.c.id.in_(chunk))).mappings()
        found.setdefault("activity", []).extend(_plain(dict(row)) for row in rows)
    for each in sweep.find(connection, him.tables, party_id, him.texts):
        row = _plain(
            dict(zip((c.name for c in each.table.primary_key.columns), each.key, strict=True))
            | each.values
        )
        rows_of = found.setdefault(each.table.name, [])
        if not any(_same_key(each.table, row, known) for known in rows_of):
            rows_of.append(row)
    names = _names(connection)
    return {
        "made_at": clock.now().isoformat(timespec="seconds"),
        "person": _plain(erase.shown(session, party_id)),
        "tables": {
            name: [_named(row, names) for row in rows]
            for name, rows in sorted(found.items())
            if rows
        },
    }


def _same_key(table: Any, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(c.name) == other.get(c.name) for c in table.primary_key.columns)


def _chunks(ids: list[UUID]) -> list[list[UUID]]:
    return [ids[start : start + 500] for start in range(0, len(ids), 500)]


def _names(connection: Any) -> dict[str, str]:
    return {str(row.id): row.name for row in connection.execute(select(_user.c.id, _user.c.name))}


def _named(row: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Whoever of our people is named by an id gets his name beside it."""
    more = {
        f"{name}_name": names[value]
        for name, value in row.items()
        if isinstance(value, str) and value in names
    }
    return {**row, **more}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    if isinstance(value, (bytes, memoryview)):
        data = bytes(value)
        return str(UUID(bytes=data)) if len(data) == 16 else data.hex()
    return value


def write(session: ScopedSession, party_id: UUID, target: Path) -> dict[str, int]:
    """Write the archive, whole or not at all; return how many rows of each table are in it."""
    data = collect(session, party_id)
    files = list(erasure.export_of(session, "party", party_id))
    activities = [UUID(row["id"]) for row in data["tables"].get("activity", ())]
    for activity_id in activities:
        files += list(erasure.export_of(session, "activity", activity_id))
    names = _file_names(files)
    data["files"] = [
        {**_plain(dict(each.facts)), "name": each.name, "in_archive": name}
        for each, name in zip(files, names, strict=True)
    ]
    half = target.with_name(target.name + ".part")
    handle = os.open(half, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with (
            os.fdopen(handle, "w+b") as opened,
            zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED) as packed,
        ):
            packed.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=1))
            packed.writestr("data.html", _page(data))
            for each, name in zip(files, names, strict=True):
                if each.path.is_file():
                    packed.write(each.path, name)
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
    counts = {name: len(rows) for name, rows in data["tables"].items()}
    return {**counts, "file": len(files)} if files else counts


def _file_names(files: list[erasure.Exported]) -> list[str]:
    found: list[str] = []
    for number, each in enumerate(files, 1):
        safe = PurePosixPath(each.name.replace("\\", "/")).name or "file"
        found.append(f"files/{number:03}-{safe}")
    return found


# The page to read


def _page(data: Mapping[str, Any]) -> str:
    parts = [_section("person", [data["person"]])]
    parts += [_section(name, rows) for name, rows in data["tables"].items()]
    if data["files"]:
        parts.append(_section("files", data["files"]))
    name = html.escape(str(data["person"].get("display_name", "")))
    style = (
        "body{font:15px/1.5 sans-serif;margin:2rem}table{border-collapse:collapse;margin:1rem 0}"
        "td,th{border:1px solid #999;padding:.2rem .5rem;text-align:left;vertical-align:top}"
    )
    head = f'<!doctype html><html><head><meta charset="utf-8"><title>{name}</title>'
    return f"{head}<style>{style}</style></head><body><h1>{name}</h1>{''.join(parts)}</body></html>"


def _section(name: str, rows: list[Mapping[str, Any]]) -> str:
    found = [f"<h2>{html.escape(name)}</h2>"]
    for row in rows:
        lines = "".join(
            f"<tr><th>{html.escape(str(key))}</th><td>{html.escape(_text(value))}</td></tr>"
            for key, value in row.items()
            if value not in (None, "", [], {})
        )
        found.append(f"<table>{lines}</table>")
    return "".join(found)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)


def tables_about(session: ScopedSession, party_id: UUID) -> dict[str, int]:
    """How many rows each table holds of him, counted by its keys alone: what an export must
    contain."""
    him = erase.subject(session, party_id)
    connection = tables.connection_of(session)
    found: dict[str, int] = {}
    for place in him.places:
        if place.table.name in _LEFT_OUT or place.table is File.__table__:
            continue
        number = connection.execute(
            select(sa.func.count()).select_from(place.table).where(place.rows(party_id))
        ).scalar_one()
        if number:
            found[place.table.name] = found.get(place.table.name, 0) + int(number)
    return found
