"""The columns that every record of a type of its own has; plugins inherit them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.db.types import JSONType, UTCDateTime, UUIDType
from kontora.ids import new_id


class RecordColumns:
    """Id, owner, branch, custom values, version and times: what the record service relies on.

    Use it with a guard: `__guard__ = record("hello.greeting")`.
    """

    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
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
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
