"""Activities: something planned, due or done with parties."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.access.guard import Via, about, child, record
from kontora.db.base import Base
from kontora.db.types import JSONType, UTCDateTime, UUIDType
from kontora.ids import new_id


class ActivityParty(Base):
    """A party that an activity is with. Seen when both are seen."""

    __tablename__ = "activity_party"
    __guard__ = child(("party_id", "party"))
    activity_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("activity.id", ondelete="CASCADE"), primary_key=True
    )
    party_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int] = mapped_column(Integer, default=0)


class ActivityRecord(Base):
    """Any other record that an activity is about; it may belong to a plugin. Seen when both are."""

    __tablename__ = "activity_record"
    __guard__ = about(("activity_id", "activity"), ("entity", "record_id"))
    __table_args__ = (Index("ix_activity_record_record", "entity", "record_id"),)
    activity_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("activity.id", ondelete="CASCADE"), primary_key=True
    )
    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True)


class Activity(Base):
    """A call, visit, mail, meeting, letter, fax, note, chat or task, or what a plugin adds.

    Who sees a party, or a record that it is about, sees its activities: a client who is handed
    over brings his history along.
    """

    __tablename__ = "activity"
    __guard__ = record(
        "activity",
        via=(
            Via(link=ActivityParty, record="activity_id", parent="party_id", entity="party"),
            Via(link=ActivityRecord, record="activity_id", parent="record_id", holder="entity"),
        ),
    )
    __table_args__ = (
        Index("ix_activity_due", "state", "due_at", "id"),
        Index("ix_activity_at", "at", "id"),
    )
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(255), default="")
    body: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default="planned")
    outcome: Mapped[str | None] = mapped_column(String(64))
    duration: Mapped[int | None] = mapped_column(Integer)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    owner_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="SET NULL"), index=True
    )
    branch_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("branch.id", ondelete="SET NULL"), index=True
    )
    custom: Mapped[dict[str, Any]] = mapped_column(JSONType, default=dict)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
