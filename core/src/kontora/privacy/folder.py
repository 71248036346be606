"""The folder of archives of persons' data, and the list of those who were erased.

The list is outside of the database and of backups: it survives that an older backup is brought
back, so that who was erased can be erased again. It holds digests of ids and no names.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from uuid import UUID

LIST = "erased"


def place(home: Path) -> Path:
    """The folder, made for this user alone."""
    found = home / "privacy"
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def new_file(home: Path) -> Path:
    """A path for a new archive, with a name that nobody guesses."""
    return place(home) / f"{secrets.token_hex(24)}.zip"


def archive(home: Path, name: str) -> Path | None:
    """The archive of this name, when it is still there."""
    path = home / "privacy" / Path(name).name
    return path if path.suffix == ".zip" and path.is_file() else None


def remove(home: Path, name: str) -> None:
    """Delete an archive, one half written as well."""
    path = home / "privacy" / Path(name).name
    if path.suffix == ".zip":
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".part").unlink(missing_ok=True)


def digest(party_id: UUID) -> str:
    """What the list keeps of an id."""
    return hashlib.sha256(b"kontora erased " + party_id.bytes).hexdigest()


def note_erased(home: Path, party_id: UUID) -> None:
    """Add an id to the list, on disk before this returns."""
    if digest(party_id) in erased(home):
        return
    path = place(home) / LIST
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, digest(party_id).encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def erased(home: Path) -> frozenset[str]:
    """The digests on the list."""
    path = home / "privacy" / LIST
    return frozenset(path.read_text().split()) if path.is_file() else frozenset()
