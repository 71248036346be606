"""All files of one record: handed out whole, or deleted for good with bytes, previews and text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import delete, event, select

from kontora.access.session import ScopedSession
from kontora.errors import Forbidden
from kontora.records.files import texts
from kontora.records.files.models import File
from kontora.records.files.service import store_of
from kontora.records.files.store import Store

DOOR = {"door": "files"}
_file: Any = File.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A file for a person's copy of his data: what it is called, its bytes, facts about it."""

    name: str
    path: Path
    facts: Mapping[str, Any]


def export_of(session: ScopedSession, entity: str, record_id: UUID) -> Iterator[Exported]:
    """All files of a record, those in the bin too. Only for the system and administrators of
    privacy: whoever calls has checked that right."""
    store = store_of(session)
    rows = session.execute(
        select(_file)
        .where(_file.c.entity == entity, _file.c.record_id == record_id)
        .order_by(_file.c.created_at, _file.c.id),
        execution_options=DOOR,
    )
    for row in rows.all():
        yield Exported(
            name=row.name,
            path=store.path(row.stored),
            facts={
                "id": str(row.id),
                "size": row.size,
                "content_type": row.content_type,
                "sha256": row.sha256,
                "created_at": _moment(row.created_at),
                "created_by": row.made_by_name,
                "deleted_at": _moment(row.deleted_at),
                "text": texts.of_file(session, row.id),
            },
        )


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value is not None else None


def remove_one(session: ScopedSession, entity: str, record_id: UUID, file_id: UUID) -> None:
    """Delete one file for good, in the same way. Raises Forbidden for all but the system."""
    if not session.principal.is_system:
        raise Forbidden("files.erase")
    one = select(_file.c.stored).where(_file.c.id == file_id)
    stored = tuple(session.execute(one, execution_options=DOOR).scalars())
    texts.forget(session, entity, record_id, file_id)
    texts.keep(session, file_id, "")
    session.execute(delete(_file).where(_file.c.id == file_id), execution_options=DOOR)
    event.listen(session, "after_commit", partial(_remove, store_of(session), stored), once=True)


def remove_all(session: ScopedSession, entity: str, record_id: UUID) -> int:
    """Delete all files of a record for good, those in the bin too; return how many.

    Rows, texts and entries of the index go in this transaction, bytes and previews after its
    commit: an erasure that is rolled back keeps everything. Raises Forbidden unless the principal
    is the system: whoever erases does it in the program's name, after checking the right.
    """
    if not session.principal.is_system:
        raise Forbidden("files.erase")
    here = (_file.c.entity == entity, _file.c.record_id == record_id)
    rows = session.execute(select(_file.c.id, _file.c.stored).where(*here), execution_options=DOOR)
    found = [(row.id, row.stored) for row in rows]
    for file_id, _stored in found:
        texts.forget(session, entity, record_id, file_id)
        texts.keep(session, file_id, "")
    session.execute(delete(_file).where(*here), execution_options=DOOR)
    if found:
        stored = tuple(each for _id, each in found)
        event.listen(
            session, "after_commit", partial(_remove, store_of(session), stored), once=True
        )
    return len(found)


def _remove(store: Store, stored: tuple[str, ...], _session: Any) -> None:
    """What cannot be deleted now is swept later: no row names it any more."""
    for each in stored:
        store.remove(each)
