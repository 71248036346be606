"""Tables of watching: what was opened, notices to people, handovers of what somebody owns."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.access.guard import SYSTEM
from kontora.db.base import Base
from kontora.db.types import JSONType, UTCDateTime, UUIDType
from kontora.ids import new_id
from kontora.records.models import LogId


class Reading(Base):
    """A user opened one record: on its page, or by the API (`face` is page or api)."""

    __tablename__ = "reading"
    __guard__ = SYSTEM
    __table_args__ = (Index("ix_reading_user", "user_id", "at"), Index("ix_reading_at", "at"))
    id: Mapped[int] = mapped_column(LogId, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    user_id: Mapped[UUID] = mapped_column(UUIDType)
    entity: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[UUID] = mapped_column(UUIDType)
    face: Mapped[str] = mapped_column(String(8), default="page")


class Notice(Base):
    """A message to one user. `text` holds what its language needs: domain, one, many, number,
    params. `key`, when given, makes it the only one of that key for this user. `mailed_at`: when
    it went out by mail."""

    __tablename__ = "notice"
    __guard__ = SYSTEM
    __table_args__ = (
        UniqueConstraint("user_id", "key"),
        Index("ix_notice_unread", "user_id", "read_at", "id"),
    )
    id: Mapped[int] = mapped_column(LogId, primary_key=True, autoincrement=True)
    user_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="CASCADE")
    )
    kind: Mapped[str] = mapped_column(String(64))
    text: Mapped[dict[str, Any]] = mapped_column(JSONType)
    link: Mapped[str | None] = mapped_column(String(500))
    key: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Handover(Base):
    """Everything that a user owns goes to others, by a rule.

    `state`: waiting, running, done, undoing, undone. `rule`: {"default": rule, "types": {path:
    rule}}. `cursor`: how far it is. `counts`: moved, refused, handed back, kept.
    """

    __tablename__ = "handover"
    __guard__ = SYSTEM
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(UUIDType, index=True)
    asked_by: Mapped[UUID | None] = mapped_column(UUIDType)
    asked_name: Mapped[str] = mapped_column(String(255))
    rule: Mapped[dict[str, Any]] = mapped_column(JSONType)
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    cursor: Mapped[dict[str, Any]] = mapped_column(JSONType, default=dict)
    counts: Mapped[dict[str, Any]] = mapped_column(JSONType, default=dict)
    job_id: Mapped[int | None] = mapped_column(LogId)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class HandoverItem(Base):
    """One record of a handover. `parts` says what of it was the user's: "owner", or the position
    of a row such as "roles.0". `state`: moved, refused, back (handed back), kept. `reason` is an
    English sentence, `why` its texts (see `text.kept`) by path of the field, "" for the record."""

    __tablename__ = "handover_item"
    __guard__ = SYSTEM
    __table_args__ = (Index("ix_handover_item_record", "handover_id", "entity", "record_id"),)
    id: Mapped[int] = mapped_column(LogId, primary_key=True, autoincrement=True)
    handover_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("handover.id", ondelete="CASCADE")
    )
    entity: Mapped[str] = mapped_column(String(64))
    path: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[UUID] = mapped_column(UUIDType)
    parts: Mapped[list[Any]] = mapped_column(JSONType, default=list)
    to_id: Mapped[UUID | None] = mapped_column(UUIDType)
    version: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(500))
    why: Mapped[dict[str, list[Any]] | None] = mapped_column(JSONType)
