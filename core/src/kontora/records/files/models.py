"""Files of records, and the text that was read from them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy import Text as TextColumn
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.access.guard import SYSTEM, attached
from kontora.db.base import Base
from kontora.db.types import UTCDateTime, UUIDType
from kontora.ids import new_id

WAITING, READY, FAILED = "waiting", "ready", "failed"


class File(Base):
    """A file of one record of any type. Seen by who sees the record.

    `stored` is the random name of its bytes in the folder of files, `name` only what people call
    it. `content_type` was decided once from these bytes. `state` says how far reading is (waiting,
    ready, failed; then `problem` names why), `pages` how many pictures its preview has.
    """

    __tablename__ = "file"
    __guard__ = attached("entity", "record_id", deleted="deleted_at")
    __table_args__ = (
        Index("ix_file_record", "entity", "record_id"),
        # What a user added in a day, and what all have: read from the index alone.
        Index("ix_file_size", "made_by_id", "created_at", "size"),
    )
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    entity: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[UUID] = mapped_column(UUIDType)
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    content_type: Mapped[str] = mapped_column(String(128))
    stored: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(16), default=WAITING)
    problem: Mapped[str | None] = mapped_column(String(64))
    pages: Mapped[int] = mapped_column(Integer, default=0)
    made_by_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="SET NULL")
    )
    made_by_name: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)


class FileText(Base):
    """The text of a file, for search and preview; apart, so that lists stay light."""

    __tablename__ = "file_text"
    __guard__ = SYSTEM
    file_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("file.id", ondelete="CASCADE"), primary_key=True
    )
    text: Mapped[str] = mapped_column(TextColumn)
