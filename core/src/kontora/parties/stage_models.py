"""Stages of the life cycle that a role goes through, and the stage of a party at a glance."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from kontora.access.guard import OPEN
from kontora.db.base import Base
from kontora.db.types import UTCDateTime, UUIDType
from kontora.parties.models import OF_PARTY


class RoleStage(Base):
    """One stage of a role. A shipped one without a name of its own has that of its key."""

    __tablename__ = "role_stage"
    __guard__ = OPEN
    key: Mapped[str] = mapped_column(String(48), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), index=True)
    name: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[str] = mapped_column(String(16), default="open")
    sort: Mapped[int] = mapped_column(Integer, default=0)
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class PartyStage(Base):
    """The stage of the first current role of a party that has one; it repeats the role for
    lists. `rank` is the place of the stage in its order."""

    __tablename__ = "party_stage"
    __guard__ = OF_PARTY
    party_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), primary_key=True
    )
    stage: Mapped[str] = mapped_column(String(48), index=True)
    rank: Mapped[int] = mapped_column(Integer, index=True)
    since: Mapped[date | None] = mapped_column(Date)
