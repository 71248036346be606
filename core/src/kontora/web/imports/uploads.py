"""Files that somebody has uploaded: where they lie, and which types they may be imported into."""

from __future__ import annotations

import secrets
from pathlib import Path
from uuid import UUID

from werkzeug.datastructures import FileStorage

from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid
from kontora.http.context import site
from kontora.records import service
from kontora.records.transfer.readers import FORMATS, format_of
from kontora.records.transfer.runs import Run
from kontora.records.transfer.runs import get as get_run
from kontora.registry.records import RecordType
from kontora.text import _

ACCEPT = ",".join(FORMATS)


def types_for(session: ScopedSession) -> list[RecordType]:
    """The record types into which the user may import."""
    types = session.registry.record_types.values()
    return [each for each in types if may_import(session, each)]


def may_import(session: ScopedSession, rtype: RecordType) -> bool:
    """Whether the user may import and create records of a type."""
    if not rtype.creatable:
        return False
    return all(service.grants_of(session, rtype, verb) for verb in ("import", "create"))


def check(session: ScopedSession, rtype: RecordType) -> None:
    """Raise Forbidden unless the user may import into this type."""
    if not may_import(session, rtype):
        raise Forbidden(f"{rtype.entity}.import")


def keep(upload: FileStorage | None) -> tuple[Path, str]:
    """Store an upload under a name of our own; returns the file and the name that it had.

    Raises Invalid when there is none, or when the suffix is of no known format.
    """
    name = Path((upload.filename if upload else "") or "").name
    if upload is None or not name:
        raise Invalid({"file": [_("Choose a file.")]})
    format_of(Path(name))
    folder = Path(site().settings.home) / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{secrets.token_hex(16)}{Path(name).suffix.lower()}"
    upload.save(path)
    upload.close()
    path.chmod(0o600)
    return path, name


def run_named(session: ScopedSession, run_id: UUID) -> tuple[Run, RecordType]:
    """One of the user's own runs with its type. Raises NotFound, and Forbidden."""
    run = get_run(session, run_id)
    rtype = session.registry.record_type(run.path)
    check(session, rtype)
    return run, rtype
