"""The texts of files: kept beside them, and found with their record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select

from kontora.access.session import ScopedSession
from kontora.records import search, search_texts
from kontora.records.files.holders import FIELD
from kontora.records.files.models import File, FileText

DOOR = {"door": "files"}
LONGEST = 1_000_000
_file: Any = File.__table__
_text: Any = FileText.__table__


def keep(session: ScopedSession, file_id: UUID, text: str) -> None:
    """Keep the text of a file in place of what was there."""
    session.execute(delete(_text).where(_text.c.file_id == file_id), execution_options=DOOR)
    if text:
        row = {"file_id": file_id, "text": text[:LONGEST]}
        session.execute(insert(_text), [row], execution_options=DOOR)


def of_file(session: ScopedSession, file_id: UUID) -> str:
    """The text of one file. Call it only after the scope has shown the file."""
    found = session.execute(
        select(_text.c.text).where(_text.c.file_id == file_id), execution_options=DOOR
    ).first()
    return "" if found is None else str(found[0])


def texts_of(
    session: ScopedSession, entity: str, ids: Sequence[UUID]
) -> Iterable[search_texts.Text]:
    """Names and texts of the files of some records, for the index only; none of the bin's."""
    if not ids:
        return
    rows = session.execute(
        select(_file.c.record_id, _file.c.id, _file.c.name, _text.c.text)
        .select_from(_file.outerjoin(_text, _text.c.file_id == _file.c.id))
        .where(_file.c.entity == entity, _file.c.record_id.in_(list(ids)))
        .where(_file.c.deleted_at.is_(None)),
        execution_options=DOOR,
    )
    for record_id, file_id, name, text in rows.all():
        yield search_texts.Text(
            record_id=record_id, part=str(file_id), text=f"{name}\n{text or ''}"
        )


def index(session: ScopedSession, row: File) -> None:
    """Make the record of a file findable by its name and text, or no longer, if it is away."""
    whole = "" if row.deleted_at else f"{row.name}\n{of_file(session, row.id)}"
    search.index_text(session, row.entity, row.record_id, FIELD, whole, part=str(row.id))


def forget(session: ScopedSession, entity: str, record_id: UUID, file_id: UUID) -> None:
    """Take the text of a file that is erased out of the index."""
    search.index_text(session, entity, record_id, FIELD, "", part=str(file_id))


search_texts.add_source(FIELD, texts_of)
