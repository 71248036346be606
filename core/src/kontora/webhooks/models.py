"""The tables of webhooks: who is told, and what is to be told or was."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.access.guard import SYSTEM
from kontora.db.base import Base
from kontora.db.types import JSONType, UTCDateTime, UUIDType
from kontora.ids import new_id
from kontora.work.models import Serial

PENDING = "pending"
DELIVERED = "delivered"
DEAD = "dead"  # tried as often as planned, or its receiver was turned off
SKIPPED = "skipped"  # the user behind the receiver may not see the record
STATES = (PENDING, DELIVERED, DEAD, SKIPPED)


class WebhookEndpoint(Base):
    """An address that is told of changes, with the rights of its owner.

    Secrets are sealed. `failures` counts failed calls since the last success; until
    `paused_until` nothing is sent there.
    """

    __tablename__ = "webhook_endpoint"
    __guard__ = SYSTEM
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    url: Mapped[str] = mapped_column(String(2000))
    description: Mapped[str] = mapped_column(String(255), default="")
    events: Mapped[list[str]] = mapped_column(JSONType)
    active: Mapped[bool] = mapped_column(default=True)
    owner_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    secret: Mapped[str] = mapped_column(Text)
    old_secret: Mapped[str | None] = mapped_column(Text)
    old_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    failing_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    paused_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    disabled_reason: Mapped[str | None] = mapped_column(String(255))
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class WebhookDelivery(Base):
    """One event for one receiver, written in the transaction of the change.

    It holds no values of the record: what is sent is read when it is sent. `message_id` stays the
    same through all tries.
    """

    __tablename__ = "webhook_delivery"
    __guard__ = SYSTEM
    __table_args__ = (
        Index("ix_webhook_delivery_endpoint", "endpoint_id", "state", "id"),
        Index("ix_webhook_delivery_due", "state", "next_at"),
        CheckConstraint("state IN ({})".format(", ".join(f"'{s}'" for s in STATES)), "state"),
    )
    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    endpoint_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("webhook_endpoint.id", ondelete="CASCADE")
    )
    message_id: Mapped[str] = mapped_column(String(40), unique=True)
    event: Mapped[str] = mapped_column(String(120))
    record_id: Mapped[UUID | None] = mapped_column(UUIDType)
    changed: Mapped[list[str]] = mapped_column(JSONType)
    state: Mapped[str] = mapped_column(String(12), default=PENDING)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    status: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(String(500))
    answer: Mapped[str | None] = mapped_column(String(500))
    job_id: Mapped[int | None] = mapped_column(Serial)
