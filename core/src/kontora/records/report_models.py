"""Tables of reports that are mailed: what is sent when, to whom, and what was sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.access.guard import SYSTEM
from kontora.db.base import Base
from kontora.db.types import JSONType, UTCDateTime, UUIDType
from kontora.ids import new_id


class ReportSchedule(Base):
    """A report with its parameters that is mailed `every` day, week (on `weekday`, Monday is 0) or
    month (on `day`, or its last one), at `hour` of its owner's clock. `next_at`: when next."""

    __tablename__ = "report_schedule"
    __guard__ = SYSTEM
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    owner_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    report_id: Mapped[str] = mapped_column(String(128))
    params: Mapped[dict[str, Any]] = mapped_column(JSONType, default=dict)
    format: Mapped[str] = mapped_column(String(8))
    every: Mapped[str] = mapped_column(String(8))
    weekday: Mapped[int] = mapped_column(Integer, default=0)
    day: Mapped[int] = mapped_column(Integer, default=1)
    hour: Mapped[int] = mapped_column(Integer, default=8)
    state: Mapped[str] = mapped_column(String(8), default="active")
    next_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class ReportRecipient(Base):
    """Who gets it. `state` is on, or off when he wants it no more; `error`: why nothing came."""

    __tablename__ = "report_recipient"
    __guard__ = SYSTEM
    schedule_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("report_schedule.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    state: Mapped[str] = mapped_column(String(8), default="on")
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str | None] = mapped_column(String(500))


class ReportDelivery(Base):
    """What was mailed once: a second try of the same period finds this row, and sends nothing."""

    __tablename__ = "report_delivery"
    __guard__ = SYSTEM
    schedule_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("report_schedule.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    period: Mapped[str] = mapped_column(String(40), primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
