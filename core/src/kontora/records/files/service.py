"""Files of records: add, list, open, rename, remove and bring back; with the record's rights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from kontora.access.principal import system
from kontora.access.session import ScopedSession
from kontora.errors import Conflict, Invalid, NotFound
from kontora.ids import new_id
from kontora.records import changes
from kontora.records.files import kinds, names, texts
from kontora.records.files.holders import Holder, check_edit, holder, may_edit
from kontora.records.files.models import READY, WAITING, File
from kontora.records.files.store import Kept, Store
from kontora.records.values import to_json
from kontora.registry.records import Change
from kontora.text import _
from kontora.work import jobs, outbox

JOB = "core.read_file"
MOST = 1_000
ATTACH, DETACH, RENAME = "attach", "detach", "rename"
_PAST = {ATTACH: "file_added", DETACH: "file_removed", RENAME: "file_renamed"}


def store_of(session: ScopedSession) -> Store:
    """The folder of the files of the session's site."""
    return Store(session.site.settings.home)


def check_add(session: ScopedSession, entity: str, record_id: UUID) -> None:
    """Raise NotFound or Forbidden unless files may be added here. Asked before bytes are kept."""
    found = holder(session, entity, record_id)
    check_edit(session, found)
    here = select(func.count(File.id)).where(*_of(found))
    if (session.scalar(here) or 0) >= MOST:
        raise Conflict(_("A record may have at most %(n)s files.") % {"n": MOST})


def add(session: ScopedSession, entity: str, record_id: UUID, name: str, kept: Kept) -> File:
    """Attach bytes that the store has kept to a record, and have them read by the worker."""
    found = holder(session, entity, record_id)
    check_edit(session, found)
    waits = kinds.is_picture(kept.content_type) or kinds.is_readable(kept.content_type)
    me = session.principal
    row = File(
        id=new_id(),
        entity=entity,
        record_id=record_id,
        name=names.clean(name),
        size=kept.size,
        sha256=kept.sha256,
        content_type=kept.content_type,
        stored=kept.stored,
        state=WAITING if waits and kept.size else READY,
        pages=0,
        made_by_id=me.user_id,
        made_by_name=me.name,
        created_at=session.now,
    )
    with session.permitting():
        session.permit(row)
        session.add(row)
        session.flush()
    _log(session, found, ATTACH, None, row.name)
    texts.index(session, row)
    if row.state == WAITING:
        read_later(session, row.id)
    return row


def read_later(session: ScopedSession, file_id: UUID) -> None:
    """Have the worker make the preview and read the text. It is the program's own work: it goes
    on when whoever added the file has lost the right meanwhile."""
    jobs.enqueue(
        session,
        JOB,
        {"file": str(file_id)},
        unique_key=f"file:{file_id}",
        principal=system("files"),
    )


def listing(
    session: ScopedSession, entity: str, record_id: UUID, *, in_bin: bool = False
) -> list[File]:
    """The files of a record, or those of them that lie in the bin, the newest first."""
    found = holder(session, entity, record_id)
    statement = select(File).where(*_of(found)).order_by(File.created_at.desc(), File.id.desc())
    if not in_bin:
        return list(session.scalars(statement.limit(MOST)))
    with session.with_deleted():
        gone = statement.where(File.deleted_at.is_not(None)).limit(MOST)
        return list(session.scalars(gone))


def find(session: ScopedSession, file_id: UUID) -> tuple[File, Holder]:
    """A file with its record. Raises NotFound when either is away or may not be seen."""
    row = session.scalars(select(File).where(File.id == file_id)).one_or_none()
    if row is None:
        raise NotFound(_("There is no such file."))
    try:
        return row, holder(session, row.entity, row.record_id)
    except NotFound:
        raise NotFound(_("There is no such file.")) from None


def rename(session: ScopedSession, file_id: UUID, name: str) -> File:
    """Call a file otherwise; its bytes and its type stay."""
    row, found = find(session, file_id)
    check_edit(session, found)
    if not name.strip():
        raise Invalid({"name": [_("A value is needed.")]})
    before, after = row.name, names.clean(name)
    if before != after:
        with session.permitting():
            session.permit(row)
            row.name = after
            session.flush()
        _log(session, found, RENAME, before, after)
        texts.index(session, row)
    return row


def remove(session: ScopedSession, file_id: UUID) -> File:
    """Put a file into the bin."""
    row, found = find(session, file_id)
    check_edit(session, found)
    _move(session, row, session.now)
    _log(session, found, DETACH, row.name, None)
    texts.index(session, row)
    return row


def restore(session: ScopedSession, file_id: UUID) -> File:
    """Take a file out of the bin. Its record must not lie there itself."""
    with session.with_deleted():
        row = session.scalars(select(File).where(File.id == file_id)).one_or_none()
    if row is None:
        raise NotFound(_("There is no such file."))
    try:
        found = holder(session, row.entity, row.record_id)
    except NotFound:
        raise NotFound(_("There is no such file.")) from None
    check_edit(session, found)
    if row.deleted_at is None:
        raise Conflict(_("This file is not in the bin."))
    _move(session, row, None)
    _log(session, found, ATTACH, None, row.name)
    texts.index(session, row)
    return row


def shown(session: ScopedSession, rows: Sequence[File], found: Holder) -> list[dict[str, Any]]:
    """Files in the shape of the API."""
    return [
        {
            "id": str(row.id),
            "name": row.name,
            "size": row.size,
            "content_type": row.content_type,
            "sha256": row.sha256,
            "state": row.state,
            "problem": row.problem,
            "pages": row.pages,
            "created_at": to_json(row.created_at),
            "created_by": row.made_by_name,
            "record": {"type": found.rtype.path, "id": str(row.record_id)},
        }
        for row in rows
    ]


def _of(found: Holder) -> Iterable[Any]:
    return File.entity == found.entity, File.record_id == found.id


def _move(session: ScopedSession, row: File, when: Any) -> None:
    with session.permitting():
        session.permit(row)
        row.deleted_at = when
        session.flush()


def _log(
    session: ScopedSession, found: Holder, verb: str, before: str | None, after: str | None
) -> None:
    """In the history of the record; its version stays, since none of its fields has changed."""
    change = Change(
        entity=found.entity,
        record_id=found.id,
        kind=getattr(found.record, "kind", None),
        verb=verb,
        before={FILE: before},
        after={FILE: after},
        record=found.record,
    )
    changes.write(session, change, found.record.version)
    event = f"{found.entity}.{_PAST[verb]}"
    if any(each.wants(event) for each in session.registry.subscribers):
        outbox.emit(session, event, found.entity, found.id, {"name": after or before})


FILE = "file"

__all__ = [
    "add",
    "check_add",
    "check_edit",
    "find",
    "holder",
    "listing",
    "may_edit",
    "remove",
    "rename",
    "restore",
    "shown",
    "store_of",
]
