"""The table of privacy: what was asked for, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.access.guard import SYSTEM
from kontora.db.base import Base
from kontora.db.types import JSONType, UTCDateTime, UUIDType
from kontora.ids import new_id

EXPORT, ERASE = "export", "erase"
WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"


class PrivacyRequest(Base):
    """An export or an erasure of one person's data. `file` is the random name of the archive in
    the folder `privacy`; `counts` how many rows of each kind were concerned, and no values."""

    __tablename__ = "privacy_request"
    __guard__ = SYSTEM
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(16))
    party_id: Mapped[UUID] = mapped_column(UUIDType, index=True)
    asked_by: Mapped[UUID | None] = mapped_column(UUIDType)
    asked_name: Mapped[str] = mapped_column(String(255), default="")
    state: Mapped[str] = mapped_column(String(16), default=WAITING)
    file: Mapped[str | None] = mapped_column(String(80))
    counts: Mapped[dict[str, Any]] = mapped_column(JSONType, default=dict)
    job_id: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now, index=True)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
