"""Backups that make room by themselves: some of the last days, weeks and months stay.

Only files that bear our name and our seal are ever deleted, and never the newest of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kontora import clock
from kontora.db.engine import Database
from kontora.errors import KontoraError
from kontora.lifecycle import archive, remembered
from kontora.lifecycle import backup as backups
from kontora.settings import Settings
from kontora.text import _

_NAME = re.compile(r"kontora-(\d{8}T\d{6}Z)\.tar\.gz")
_MOMENT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How many days, weeks (of ISO 8601) and months keep their newest backup."""

    daily: int = 7
    weekly: int = 4
    monthly: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """What a rotation did: the new archive, what it holds, and the names that went."""

    file: Path
    manifest: archive.Manifest
    deleted: tuple[str, ...]
    kept: int


def folder_of(settings: Settings) -> Path:
    """Where backups are kept: KONTORA_BACKUP_DIR, or the folder `backups` of the home."""
    return Path(os.environ.get("KONTORA_BACKUP_DIR") or settings.home / "backups")


def found_in(folder: Path) -> dict[datetime, Path]:
    """Our whole archives in a folder, by the moment in their names; nothing else is looked at."""
    found: dict[datetime, Path] = {}
    if not folder.is_dir():
        return found
    for path in folder.iterdir():
        match = _NAME.fullmatch(path.name)
        if match is None or path.is_symlink() or not path.is_file():
            continue
        try:
            moment = datetime.strptime(match[1], _MOMENT).replace(tzinfo=UTC)
        except ValueError:
            continue
        if archive.is_sealed(path):
            found[moment] = path
    return found


def newest(folder: Path) -> Path | None:
    """The newest whole archive of a folder."""
    found = found_in(folder)
    return found[max(found)] if found else None


def staying(moments: Iterable[datetime], keep: Keep) -> set[datetime]:
    """Which backups stay: the newest of each of the last days, weeks and months that have one,
    and the newest of all whatever `keep` says."""
    ordered = sorted(moments, reverse=True)
    kept = set(ordered[:1])
    periods: tuple[tuple[int, Callable[[datetime], object]], ...] = (
        (keep.daily, lambda moment: moment.date()),
        (keep.weekly, lambda moment: moment.isocalendar()[:2]),
        (keep.monthly, lambda moment: (moment.year, moment.month)),
    )
    for number, period in periods:
        seen: set[object] = set()
        for moment in ordered:
            if period(moment) in seen:
                continue
            if len(seen) == number:
                break
            seen.add(period(moment))
            kept.add(moment)
    return kept


def rotate(
    settings: Settings,
    folder: Path,
    keep: Keep | None = None,
    progress: backups.OnProgress = backups.ignore,
) -> Rotated:
    """Make a backup in `folder`, then delete the old ones that no longer stay.

    A failed backup deletes nothing, and is remembered as a failure. Raises as `backup` does.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise KontoraError(
            _("The folder %(folder)s cannot be made: %(cause)s.")
            % {"folder": str(folder), "cause": error.strerror or str(error)},
            _("Set KONTORA_BACKUP_DIR to a folder that you may write to."),
        ) from error
    file = folder / f"kontora-{clock.now():{_MOMENT}}.tar.gz"
    with noted(settings, file):
        manifest = backups.backup(settings, file, progress)
    found = found_in(folder)
    stays = staying(found, keep or Keep())
    deleted = []
    for moment in sorted(found.keys() - stays):
        found[moment].unlink(missing_ok=True)
        deleted.append(found[moment].name)
    return Rotated(file=file, manifest=manifest, deleted=tuple(deleted), kept=len(stays))


class noted:
    """Remember in the database how a backup ended, for doctor, health page and metrics."""

    def __init__(self, settings: Settings, file: Path) -> None:
        self._settings, self._file = settings, file

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        now = clock.now().isoformat(timespec="seconds")
        database = Database(self._settings.database_url, home=self._settings.home)
        try:
            facts: Mapping[str, Any] = remembered.recall(database, remembered.BACKUP)
            if error is None:
                size = self._file.stat().st_size
                facts = {"good_at": now, "file": str(self._file), "bytes": size, "error": None}
            else:
                facts = {**facts, "failed_at": now, "error": _cause(error)}
            remembered.remember(database, remembered.BACKUP, facts)
        except Exception:
            # Without tables there is nothing to remember it in; the first error is the one to tell.
            if error is None:
                raise
        finally:
            database.dispose()


def _cause(error: BaseException) -> str:
    if isinstance(error, KontoraError):
        return str(error)[:500]
    return f"{type(error).__name__}: {error}"[:500]
