"""Tables of the shell: the records that a user has starred, and who was mentioned where."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.access.guard import SYSTEM
from kontora.db.base import Base
from kontora.db.types import UTCDateTime, UUIDType
from kontora.records.models import LogId


class Favourite(Base):
    """A record that a user wants at hand."""

    __tablename__ = "favourite"
    __guard__ = SYSTEM
    __table_args__ = (Index("ix_favourite_record", "entity", "record_id"),)
    user_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True
    )
    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class Mention(Base):
    """A user was named in the text of an activity. `written`: his name as it stands there."""

    __tablename__ = "mention"
    __guard__ = SYSTEM
    __table_args__ = (UniqueConstraint("activity_id", "user_id"),)
    id: Mapped[int] = mapped_column(LogId, primary_key=True, autoincrement=True)
    activity_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("activity.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    written: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
