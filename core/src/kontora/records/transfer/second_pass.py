"""The second pass over a file: rows find the records that other rows have become."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete

from kontora.access.session import ScopedSession
from kontora.records.models import ExternalKey
from kontora.records.transfer.assembled import Assembled
from kontora.records.transfer.lookup import DOOR, ROW_KEYS
from kontora.records.transfer.row_writer import RowWriter

_key: Any = ExternalKey.__table__


def link_row(session: ScopedSession, writer: RowWriter, row: Assembled) -> None:
    """Resolve what the first pass has left over, by the place that it kept for the row.

    The place goes in the same transaction, so that a row is linked once.
    """
    system, entity = f"{ROW_KEYS}{writer.run_id}", writer.rtype.entity
    record_id = writer.finder.by_key(entity, {system: str(row.number)})
    if record_id is None:
        return
    writer.linker.late(row, record_id)
    gone = delete(_key).where(
        _key.c.entity == entity, _key.c.system == system, _key.c.key == str(row.number)
    )
    session.execute(gone, execution_options=DOOR)
