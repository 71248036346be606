"""Reading files behind the scenes, and keeping folder and rows in step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access.session import ScopedSession
from kontora.records.files import confined, texts
from kontora.records.files.models import FAILED, READY, File
from kontora.records.files.service import read_later, store_of
from kontora.records.files.store import PART, Store
from kontora.registry.work import JobContext

DAY = 24 * 3600.0
DOOR = {"door": "files"}
_file: Any = File.__table__


def read_file(context: JobContext) -> dict[str, Any]:
    """Make the preview of a file and read its text, outside of any transaction."""
    file_id = UUID(context.args["file"])
    with context.slice() as session:
        row = _row(session, file_id)
        if row is None:  # erased meanwhile
            return {"state": "gone"}
        store, stored, kind = store_of(session), row.stored, row.content_type
    found = confined.read(store.path(stored), kind)
    with context.slice() as session:
        row = _row(session, file_id)
        if row is None:
            return {"state": "gone"}
        for number, data in found.pictures.items():
            store.keep_picture(stored, number, data)
        texts.keep(session, file_id, found.text)
        with session.permitting():
            session.permit(row)
            row.pages = max(found.pictures, default=0)
            row.problem = found.problem
            row.state = FAILED if found.problem else READY
            session.flush()
        texts.index(session, row)
    return {"state": row.state, "problem": row.problem, "pages": row.pages}


def _row(session: ScopedSession, file_id: UUID) -> File | None:
    with session.with_deleted():
        return session.scalars(select(File).where(File.id == file_id)).one_or_none()


def sweep_files(context: JobContext) -> dict[str, int]:
    """Delete bytes that no row names a day after they were written; make lost previews anew."""
    with context.slice() as session:
        store = store_of(session)
        known = set(session.scalars(select(_file.c.stored), execution_options=DOOR))
        again = [
            each
            for each, stored in _with_pictures(session)
            if not store.picture(stored, 0).exists() and store.path(stored).exists()
        ]
        for file_id in again:
            read_later(session, file_id)
    gone = 0
    for name in list(store.everything(DAY)):
        if name.endswith(PART):
            store.remove_part(name)
            gone += 1
        elif len(name) == 64 and name not in known:
            store.remove(name)
            gone += 1
    return {"removed": gone, "previews": len(again)}


def _with_pictures(session: ScopedSession) -> Iterable[tuple[UUID, str]]:
    rows = session.execute(
        select(_file.c.id, _file.c.stored).where(_file.c.pages > 0), execution_options=DOOR
    )
    return [(row.id, row.stored) for row in rows]


def missing(session: ScopedSession, store: Store) -> list[str]:
    """Names of files whose bytes are not there, or not whole; for the doctor."""
    rows = session.execute(
        select(_file.c.name, _file.c.stored, _file.c.size), execution_options=DOOR
    )
    return [row.name for row in rows if _size(store, row.stored) != row.size]


def _size(store: Store, stored: str) -> int:
    try:
        return store.path(stored).stat().st_size
    except OSError:
        return -1
