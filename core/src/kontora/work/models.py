"""The tables of work: outbox, jobs, runs of schedules, throttles."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kontora.access.guard import SYSTEM
from kontora.db.base import Base
from kontora.db.types import JSONType, UTCDateTime, UUIDType

# SQLite counts up only a column whose type is exactly INTEGER.
Serial = BigInteger().with_variant(Integer, "sqlite")

QUEUED = "queued"
RUNNING = "running"
DONE = "done"
FAILED = "failed"  # refused by the handler: trying again cannot help
DEAD = "dead"  # tried as often as allowed
CANCELLED = "cancelled"
PARKED = "parked"  # no plugin that is on knows this name
JOB_STATES = (QUEUED, RUNNING, DONE, FAILED, DEAD, CANCELLED, PARKED)
ENDED = (DONE, FAILED, DEAD, CANCELLED)

NEW = "new"
DISPATCHED = "dispatched"


class OutboxEvent(Base):
    """An event, written in the transaction of the change that it tells of."""

    __tablename__ = "outbox"
    __guard__ = SYSTEM
    __table_args__ = (
        Index("ix_outbox_state_id", "state", "id"),
        CheckConstraint(f"state IN ('{NEW}', '{DISPATCHED}')", name="state"),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(120))
    entity: Mapped[str] = mapped_column(String(60))
    record_id: Mapped[UUID | None] = mapped_column(UUIDType)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONType)
    principal_kind: Mapped[str] = mapped_column(String(20))
    principal_id: Mapped[UUID | None] = mapped_column(UUIDType)
    request_id: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(String(12), default=NEW)
    trace: Mapped[str | None] = mapped_column(String(64))


class Job(Base):
    """One piece of work, written in the transaction that needs it. This row is the truth."""

    __tablename__ = "job"
    __guard__ = SYSTEM
    __table_args__ = (
        # In the order of the claim, so that a long queue costs no sort.
        Index("ix_job_claim", "state", "priority", "run_at", "id"),
        Index("ix_job_lease_until", "lease_until"),
        Index("ix_job_name_id", "name", "id"),
        CheckConstraint("state IN ({})".format(", ".join(f"'{s}'" for s in JOB_STATES)), "state"),
    )

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(120))
    args: Mapped[dict[str, Any]] = mapped_column(JSONType)
    state: Mapped[str] = mapped_column(String(12), default=QUEUED)
    priority: Mapped[int] = mapped_column(Integer, default=0)
    run_at: Mapped[datetime] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    max_attempts: Mapped[int | None] = mapped_column(Integer)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    lease_by: Mapped[str | None] = mapped_column(String(80))
    # Cleared when the job ends, so that the key is free for the next one.
    unique_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    principal_kind: Mapped[str] = mapped_column(String(20), default="system")
    principal_id: Mapped[UUID | None] = mapped_column(UUIDType)
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSONType)
    result: Mapped[Any | None] = mapped_column(JSONType)
    error: Mapped[str | None] = mapped_column(Text)
    error_id: Mapped[str | None] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # The `traceparent` of who asked for it, where spans are made.
    trace: Mapped[str | None] = mapped_column(String(64))


class ScheduleRun(Base):
    """A minute at which a schedule fired. The unique pair makes a second scheduler harmless."""

    __tablename__ = "schedule_run"
    __guard__ = SYSTEM
    __table_args__ = (UniqueConstraint("name", "minute"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(120))
    minute: Mapped[datetime] = mapped_column(UTCDateTime)


class Throttle(Base):
    """How often something was tried in a window; the key is a digest and tells nobody's name."""

    __tablename__ = "throttle"
    __guard__ = SYSTEM

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(UTCDateTime)
    count: Mapped[int] = mapped_column(Integer)
