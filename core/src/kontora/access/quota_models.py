"""How much each API token has asked for: the present minute, and each day."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from kontora.access.guard import SYSTEM
from kontora.db.base import Base
from kontora.db.types import UTCDateTime, UUIDType


class TokenWindow(Base):
    """What was handed out to the processes in the present minute of a token."""

    __tablename__ = "token_window"
    __guard__ = SYSTEM
    token_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True
    )
    started: Mapped[datetime] = mapped_column(UTCDateTime)
    leased: Mapped[int] = mapped_column(Integer)


class TokenDay(Base):
    """Requests of a token on one day (UTC): `leased` to processes, of these `used`, and `refused`
    because the quota was exhausted."""

    __tablename__ = "token_day"
    __guard__ = SYSTEM
    token_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    leased: Mapped[int] = mapped_column(Integer, default=0)
    used: Mapped[int] = mapped_column(Integer, default=0)
    refused: Mapped[int] = mapped_column(Integer, default=0)
