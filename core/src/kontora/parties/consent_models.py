"""Consents: for which purposes and by which channels a party may be addressed, as a ledger."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.access.guard import OPEN
from kontora.db.base import Base
from kontora.db.types import UTCDateTime, UUIDType
from kontora.parties.models import OF_PARTY
from kontora.records.files.models import File

GIVEN, WITHDRAWN = "given", "withdrawn"


class ConsentPurpose(Base):
    """What one may address people for. One without `needs_consent` rests on another legal basis,
    such as the contract. A shipped one without a name of its own has that of its key."""

    __tablename__ = "consent_purpose"
    __guard__ = OPEN
    key: Mapped[str] = mapped_column(String(48), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    needs_consent: Mapped[bool] = mapped_column(Boolean, default=True)
    sort: Mapped[int] = mapped_column(Integer, default=100)
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Consent(Base):
    """A line of the ledger: given, or withdrawn. Lines are added and never changed; only an
    erasure blanks `proof`, `source` and `file_id`. `valid_to` is the first moment after it."""

    __tablename__ = "consent"
    __guard__ = OF_PARTY
    __table_args__ = (
        Index("ix_consent_party", "party_id", "purpose", "channel", "id"),
        CheckConstraint(f"state IN ('{GIVEN}', '{WITHDRAWN}')", "state"),
    )
    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    party_id: Mapped[UUID] = mapped_column(UUIDType, ForeignKey("party.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(48))
    channel: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    basis: Mapped[str] = mapped_column(String(32))
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    valid_to: Mapped[datetime | None] = mapped_column(UTCDateTime)
    proof: Mapped[str | None] = mapped_column(Text)
    file_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey(File.id, ondelete="SET NULL"), index=True
    )
    source: Mapped[str] = mapped_column(String(255), default="")
    who: Mapped[str] = mapped_column(String(255), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class ConsentState(Base):
    """What a party agrees to now, as `purpose.channel`; it repeats the ledger for lists."""

    __tablename__ = "consent_state"
    __guard__ = OF_PARTY
    party_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), primary_key=True
    )
    consent: Mapped[str] = mapped_column(String(80), primary_key=True, index=True)
