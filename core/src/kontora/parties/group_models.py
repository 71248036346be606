"""Groups: parties that somebody put together by hand, and who was in them from when to when."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.access.guard import child, record
from kontora.db.base import Base
from kontora.db.types import JSONType, UTCDateTime, UUIDType
from kontora.ids import new_id

BOTH = child(("group_id", "group"), ("party_id", "party"))


class Group(Base):
    """A group of parties. A shared one is seen by all who may see groups, else by its owner and
    by those whose right on groups reaches him."""

    __tablename__ = "party_group"
    __guard__ = record("group", shared="shared")
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    shared: Mapped[bool] = mapped_column(Boolean, default=False)
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


class GroupMember(Base):
    """Who is in a group now; it repeats the open periods of groups that are not in the bin."""

    __tablename__ = "group_member"
    __guard__ = BOTH
    group_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party_group.id", ondelete="CASCADE"), primary_key=True
    )
    party_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class GroupPeriod(Base):
    """From when to when a party was in a group (the end not included), and who saw to it."""

    __tablename__ = "group_period"
    __guard__ = BOTH
    __table_args__ = (Index("ix_group_period_group", "group_id", "begun_at"),)
    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    group_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party_group.id", ondelete="CASCADE")
    )
    party_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), index=True
    )
    begun_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    begun_by: Mapped[str] = mapped_column(String(255), default="")
    ended_by: Mapped[str] = mapped_column(String(255), default="")
