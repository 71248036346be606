"""The archive of a backup: a compressed tar file with `manifest.json` as its last member.

The manifest names every other member with size and SHA-256. It comes last, so that what is
hashed is what was written, and an archive that breaks off has none. At the very end stands an
empty gzip member whose header carries the SHA-256 of all bytes before it: `tar` and `gunzip`
read over it, and no flipped bit goes unnoticed (compressed data alone have bits that do not
matter).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any

from kontora import clock
from kontora.errors import Conflict, KontoraError
from kontora.text import Text, _

FORMAT = 1
MANIFEST = "manifest.json"
FOLDERS = ("files", "imports")  # of the home: what people uploaded, and what is being imported
_GZIP = b"\x1f\x8b"
# An empty member with an extra field (RFC 1952, 2.3.1.1) of 4 + 32 bytes, before and after it.
_SEAL_HEAD = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff" + b"\x24\x00" + b"Kt\x20\x00"
_SEAL_TAIL = b"\x03\x00" + bytes(8)
_SEAL_SIZE = len(_SEAL_HEAD) + 32 + len(_SEAL_TAIL)
_CHUNK = 1 << 20
_LARGEST_MANIFEST = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file of the archive: its name there, its size in bytes, its SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an archive holds. `tables` are row counts, `digests` one digest of all rows per table
    (comparable within an engine); `revisions` the migration per owner."""

    format: int
    version: str
    engine: str
    created_at: str
    tables: Mapping[str, int]
    revisions: Mapping[str, str]
    members: tuple[Member, ...] = field(default=())
    digests: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """The manifest as it stands in the archive."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True).encode()


class Writer:
    """Writes an archive, member by member. Nothing is at `path` until `finish`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        handle = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(handle, "wb+")
        self._packed = gzip.GzipFile("", "wb", 1, self._file, mtime=0)
        self._tar = tarfile.TarFile(fileobj=self._packed, mode="w", format=tarfile.PAX_FORMAT)
        self._members: list[Member] = []

    def add(self, name: str, source: Path) -> None:
        """Add a file. One that grows meanwhile is taken as long as it was at first."""
        with source.open("rb") as file:
            info = tarfile.TarInfo(name)
            info.size = os.fstat(file.fileno()).st_size
            info.mode, info.mtime = 0o600, int(clock.now().timestamp())
            hashed = _Hashed(file)
            self._tar.addfile(info, hashed)
        self._members.append(Member(name=name, size=info.size, sha256=hashed.digest()))

    def finish(self, manifest: Mapping[str, Any]) -> Manifest:
        """Write the manifest and put the archive in its place."""
        made = Manifest(format=FORMAT, members=tuple(self._members), **manifest)
        data = made.to_json()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode, info.mtime = len(data), 0o600, int(clock.now().timestamp())
        self._tar.addfile(info, BytesIO(data))
        self._tar.close()
        self._packed.close()
        self._file.write(seal(self._file, self._file.tell()))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)
        return made

    def give_up(self) -> None:
        """Leave nothing behind."""
        self._file.close()
        self._part.unlink(missing_ok=True)


class _Hashed:
    """A file that hashes what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        return data

    def digest(self) -> str:
        return self._hash.hexdigest()


def seal(file: IO[bytes], size: int) -> bytes:
    """The member that closes an archive of `size` bytes, leaving the file at its end."""
    file.seek(0)
    hashed = hashlib.sha256()
    left = size
    while left and (data := file.read(min(left, _CHUNK))):
        hashed.update(data)
        left -= len(data)
    return _SEAL_HEAD + hashed.digest() + _SEAL_TAIL


def _check_seal(path: Path, file: IO[bytes]) -> None:
    if file.read(len(_GZIP)) != _GZIP:
        raise refused(path, _("it is no backup of Kontora, or its beginning is damaged"))
    size = file.seek(0, os.SEEK_END) - _SEAL_SIZE
    if size <= 0 or seal(file, size) != file.read():
        raise refused(path, _("it is damaged or incomplete"))
    file.seek(0)


def is_sealed(path: Path) -> bool:
    """Whether a file ends as an archive of ours does: a look at its end, not at every byte."""
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) < _SEAL_SIZE:
                return False
            file.seek(-_SEAL_SIZE, os.SEEK_END)
            end = file.read()
    except OSError:
        return False
    return end.startswith(_SEAL_HEAD) and end.endswith(_SEAL_TAIL)


def unpack(path: Path, folder: Path) -> Manifest:
    """Unpack an archive into an empty folder and check every byte of it against its manifest.

    Raises Conflict for one that is damaged, incomplete, or no archive of ours.
    """
    try:
        with path.open("rb") as file:
            _check_seal(path, file)
            with gzip.GzipFile(fileobj=file) as packed:
                found, text = _unpack(path, packed, folder)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise refused(path, _("it is damaged or incomplete")) from error
    if text is None:
        raise refused(path, _("it is incomplete: the manifest is missing"))
    manifest = _read(path, text)
    _compare(path, manifest, found)
    return manifest


def refused(path: Path, why: Text) -> KontoraError:
    """The error for an archive that is not restored."""
    return Conflict(
        _("%(file)s is not restored: %(why)s.") % {"file": str(path), "why": why},
        _("Nothing was changed."),
    )


def _unpack(
    path: Path, packed: gzip.GzipFile, folder: Path
) -> tuple[dict[str, Member], bytes | None]:
    found: dict[str, Member] = {}
    text: bytes | None = None
    with tarfile.open(fileobj=packed, mode="r|") as tar:
        for info, content in _entries(path, tar):
            if text is not None or info.name in found:
                raise refused(path, _("it holds more than its manifest names"))
            if info.name == MANIFEST:
                text = content.read(_LARGEST_MANIFEST)
            else:
                found[info.name] = _write(path, folder, info, content)
    return found, text


def _entries(path: Path, tar: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    for info in tar:
        content = tar.extractfile(info) if info.isreg() else None
        if content is None:
            raise refused(path, _("it holds something that is no plain file"))
        yield info, content


def _write(path: Path, folder: Path, info: tarfile.TarInfo, content: IO[bytes]) -> Member:
    """Write one member below `folder`; a name that leads elsewhere is refused."""
    name = PurePosixPath(info.name)
    strange = name.is_absolute() or "\0" in info.name or "\\" in info.name
    if strange or not {"..", "."}.isdisjoint(name.parts) or str(name) != info.name:
        raise refused(path, _("it holds a file with a strange name"))
    if len(name.parts) > 1 and name.parts[0] not in FOLDERS:
        raise refused(path, _("it holds a file with a strange name"))
    target = folder.joinpath(*name.parts)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    hashed = hashlib.sha256()
    size = 0
    with target.open("xb") as file:
        target.chmod(0o600)
        while data := content.read(_CHUNK):
            hashed.update(data)
            size += file.write(data)
    return Member(name=info.name, size=size, sha256=hashed.hexdigest())


def _read(path: Path, text: bytes) -> Manifest:
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise refused(path, _("a newer Kontora has made it; install that version first"))
        members = tuple(Member(**each) for each in data.pop("members"))
        return Manifest(members=members, **data)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise refused(path, _("its manifest cannot be read")) from error


def _compare(path: Path, manifest: Manifest, found: Mapping[str, Member]) -> None:
    named = {each.name: each for each in manifest.members}
    if missing := sorted(named.keys() - found.keys()):
        raise refused(path, _("%(name)s is missing in it") % {"name": missing[0]})
    if named.keys() != found.keys():
        raise refused(path, _("it holds more than its manifest names"))
    for name, member in named.items():
        if found[name] != member:
            raise refused(path, _("the checksum of %(name)s is wrong") % {"name": name})
