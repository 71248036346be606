"""The folder of files: random names, nobody else may read, whole files or none."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kontora.errors import NotFound, TooLarge
from kontora.records.files import kinds
from kontora.text import _

CHUNK = 1 << 18
PREVIEWS = "previews"
PART = ".part"
_STORED = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Bytes that were written: their random name, size, hash and what they are."""

    stored: str
    size: int
    sha256: str
    content_type: str


class Store:
    """The files and their previews below the data folder of a site."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "files"
        self.previews = home / PREVIEWS

    def path(self, stored: str) -> Path:
        """Where the bytes of this random name lie. Raises NotFound for what is no such name."""
        if not _STORED.fullmatch(stored):
            raise NotFound()
        return self.folder / stored[:2] / stored

    def picture(self, stored: str, number: int) -> Path:
        """Where a picture of the preview lies; 0 is the small one for lists."""
        name = self.path(stored).name
        return self.previews / name[:2] / f"{name}.{number}.webp"

    def keep(self, source: IO[bytes], largest: int) -> Kept:
        """Write a stream of at most `largest` bytes to the disk, under a name of its own.

        Raises TooLarge; then, and after any other failure, nothing is left.
        """
        stored = secrets.token_hex(32)
        target = self.path(stored)
        _make_folder(target.parent)
        part = target.with_name(stored + PART)
        try:
            size, digest = _write(part, source, largest)
            kind = kinds.content_type(part)
            part.replace(target)
            _sync_folder(target.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return Kept(stored=stored, size=size, sha256=digest, content_type=kind)

    def keep_picture(self, stored: str, number: int, data: bytes) -> None:
        """Write one picture of a preview."""
        target = self.picture(stored, number)
        _make_folder(target.parent)
        part = target.with_name(f"{target.name}.{secrets.token_hex(4)}{PART}")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        part.replace(target)

    def remove(self, stored: str) -> None:
        """Delete the bytes and their previews for good; what is gone already does no harm."""
        self.path(stored).unlink(missing_ok=True)
        self.remove_pictures(stored)

    def remove_pictures(self, stored: str) -> None:
        """Delete the previews of a file."""
        folder = self.previews / stored[:2]
        for each in folder.glob(f"{self.path(stored).name}.*"):
            each.unlink(missing_ok=True)

    def everything(self, older_than: float) -> Iterator[str]:
        """Names of files, whole or begun, that were written more than so many seconds ago."""
        before = time.time() - older_than
        for each in self.folder.glob("[0-9a-f][0-9a-f]/*"):
            with suppress(FileNotFoundError):
                if each.stat().st_mtime < before:
                    yield each.name

    def remove_part(self, name: str) -> None:
        """Delete what an upload that broke off has left."""
        if name.endswith(PART) and _STORED.fullmatch(name.removesuffix(PART)):
            (self.folder / name[:2] / name).unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _write(part: Path, source: IO[bytes], largest: int) -> tuple[int, str]:
    size, hashed = 0, hashlib.sha256()
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        while data := source.read(CHUNK):
            size += len(data)
            if size > largest:
                raise too_large(largest)
            hashed.update(data)
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return size, hashed.hexdigest()


def too_large(largest: int) -> TooLarge:
    """The error for a file that is larger than the site takes."""
    return TooLarge(
        _("A file may have at most %(n)s MB. Nothing was kept.") % {"n": largest // (1 << 20)},
        _("Make it smaller, or ask an administrator for a higher limit."),
    )


def _sync_folder(folder: Path) -> None:
    """Make the name survive a loss of power, as its bytes do."""
    with suppress(OSError):  # some file systems cannot
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
