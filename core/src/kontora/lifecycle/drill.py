"""A rehearsal of a restore: bring an archive back in a place of its own, and compare.

A backup that was never restored is a hope. Nothing of the site is touched: an SQLite file in a
folder that is thrown away, or a PostgreSQL database beside the others that is dropped again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kontora import clock
from kontora.db import digests, dump
from kontora.db.engine import Database
from kontora.db.throwaway import own_database
from kontora.errors import KontoraError, NotFound
from kontora.lifecycle import archive, doctor, remembered, rotation
from kontora.lifecycle import backup as backups
from kontora.settings import Settings
from kontora.text import _

# What doctor says of the machine or of work that waits is nothing that a backup could spoil.
_OF_THE_DATA = ("database", "site")
_TABLES = "tables"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One table: rows by the manifest and as restored; whether the digest of all rows is that of
    the manifest (None: an old archive has none); whether the live table still holds the same."""

    table: str
    rows: int
    restored: int
    same: bool | None
    live: bool

    @property
    def ok(self) -> bool:
        return self.rows == self.restored and self.same is not False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """How a rehearsal ended. `files` were compared with the manifest, `files_changed` of them
    are another or none in the live folder; `notes` are no differences."""

    file: str
    created_at: str
    engine: str
    seconds: float
    lines: tuple[Line, ...]
    files: int
    files_changed: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems and all(line.ok for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        lines = [{**asdict(line), "ok": line.ok} for line in self.lines]
        return {**asdict(self), "lines": lines, "ok": self.ok}


def drill(settings: Settings, file: Path | None = None) -> Drill:
    """Restore `file`, or the newest of the folder of backups, and compare it; remember the result.

    Raises NotFound without an archive, Conflict for one that is refused; that is remembered too.
    """
    file = file or rotation.newest(rotation.folder_of(settings))
    if file is None or not file.is_file():
        raise NotFound(
            _("There is no backup to try: %(file)s.")
            % {"file": str(file or rotation.folder_of(settings))},
            _("Make one with `kontora backup --rotate`."),
        )
    try:
        done = _drill(settings, file)
    except KontoraError as error:
        _remember(settings, file, ok=False, problems=[str(error)])
        raise
    bad = [f"{line.table}: {line.rows} / {line.restored}" for line in done.lines if not line.ok]
    _remember(settings, file, ok=done.ok, problems=[*done.problems, *bad], seconds=done.seconds)
    return done


def _drill(settings: Settings, file: Path) -> Drill:
    began = time.monotonic()
    with backups.staging(settings.home) as folder:
        manifest = archive.unpack(file, folder)
        with backups.opened(settings) as live:
            staged = folder / dump.NAMES[live.dialect]
            backups.check(file, manifest, live, staged)
            live_digests = _digests(live)
            changed = sum(not _is_there(settings.home, each) for each in _files(manifest))
            with _place(settings, folder, staged) as trial, backups.opened(trial) as restored:
                lines = tuple(_lines(manifest, restored, live_digests))
                problems, notes = _examined(trial)
    return Drill(
        file=str(file),
        created_at=manifest.created_at,
        engine=manifest.engine,
        seconds=round(time.monotonic() - began, 2),
        lines=lines,
        files=len(_files(manifest)),
        files_changed=changed,
        problems=problems,
        notes=notes,
    )


def _lines(
    manifest: archive.Manifest, restored: Database, live: Mapping[str, str]
) -> Iterator[Line]:
    found = _digests(restored)
    with restored.read_engine.connect() as connection:
        counts = dump.table_counts(connection)
    for table in sorted({*manifest.tables, *counts}):
        expected = manifest.digests.get(table)
        yield Line(
            table=table,
            rows=manifest.tables.get(table, 0),
            restored=counts.get(table, 0),
            same=None if expected is None else found.get(table) == expected,
            live=found.get(table) == live.get(table),
        )


def _digests(database: Database) -> digests.Digests:
    if database.path is not None:
        return digests.of_sqlite(database.path) if database.path.exists() else {}
    with database.read_engine.connect() as connection:
        return digests.of_postgresql(connection)


def _examined(trial: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What `kontora doctor` says of the restored data: (problems, notes)."""
    problems, notes = [], []
    for check in doctor.examine(trial):
        if check.ok:
            continue
        sentence = f"{check.name}: {check.message} {check.remedy}".strip()
        if check.name in _OF_THE_DATA:
            problems.append(sentence)
        elif check.name.startswith(_TABLES):
            notes.append(sentence)  # an archive of an older version: an upgrade follows a restore
    return tuple(problems), tuple(notes)


def _files(manifest: archive.Manifest) -> list[archive.Member]:
    return [each for each in manifest.members if "/" in each.name]


def _is_there(home: Path, member: archive.Member) -> bool:
    path = home / member.name
    if not path.is_file() or path.stat().st_size != member.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == member.sha256


@contextmanager
def _place(settings: Settings, folder: Path, staged: Path) -> Iterator[Settings]:
    """The settings of a site of its own with the restored data, thrown away after the block."""
    alone = replace(settings, home=folder, broker_url=None, redis_url=None, replica_url=None)
    if staged.name == dump.NAMES["sqlite"]:
        yield replace(alone, database_url=f"sqlite:///{staged}")
        return
    with backups.opened(settings) as live:
        beside = live.url
    with own_database(beside) as url:
        trial = replace(alone, database_url=url)
        with backups.opened(trial) as empty:
            dump.replace_postgresql(empty, staged)
        yield trial


def _remember(settings: Settings, file: Path, **facts: Any) -> None:
    with backups.opened(settings) as database:
        problems = [each[:300] for each in facts.pop("problems")][:5]
        at = clock.now().isoformat(timespec="seconds")
        remembered.remember(
            database,
            remembered.DRILL,
            {"at": at, "file": str(file), "problems": problems, **facts},
        )
