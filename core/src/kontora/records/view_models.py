"""Saved views of lists, and which of them opens first."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.access.guard import SYSTEM
from kontora.db.base import Base
from kontora.db.types import JSONType, UTCDateTime, UUIDType
from kontora.ids import new_id


class SavedView(Base):
    """A list under a name. `key` is its short address; `audience` is private, everyone, or role
    (then `role_key`); `state` holds `filter` (a tree), `q`, `sort` and `columns`."""

    __tablename__ = "saved_view"
    __guard__ = SYSTEM
    __table_args__ = (UniqueConstraint("key"),)
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(16))
    path: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(120))
    owner_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="SET NULL"), index=True
    )
    audience: Mapped[str] = mapped_column(String(16), default="private")
    role_key: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[dict[str, Any]] = mapped_column(JSONType, default=dict)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ViewDefault(Base):
    """Which view of a record type opens first for whom: `holder` is `role:<key>` or
    `user:<id>`."""

    __tablename__ = "view_default"
    __guard__ = SYSTEM
    path: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80), primary_key=True)
    view_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("saved_view.id", ondelete="CASCADE"), index=True
    )
