"""Tables: a record type of our own, and two more columns for every party."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kontora.api import Base, RecordColumns, UUIDType, child, hookimpl, record


class Greeting(RecordColumns, Base):
    """A greeting that somebody sends to a party. It belongs to an owner, like every record."""

    __tablename__ = "hello_greeting"
    __guard__ = record("hello.greeting")
    subject: Mapped[str] = mapped_column(String(255))
    body: Mapped[str | None] = mapped_column(Text)
    occasion: Mapped[str] = mapped_column(String(16), default="birthday")
    party_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="SET NULL"), index=True
    )


class PartyProfile(Base):
    """Our columns on a party: one row per party at most, gone with it, seen with it."""

    __tablename__ = "hello_party_profile"
    __guard__ = child(("party_id", "party"))
    party_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), primary_key=True
    )
    score: Mapped[int | None] = mapped_column(Integer, index=True)
    salutation: Mapped[str | None] = mapped_column(String(64))


@hookimpl
def register_models() -> Iterable[type]:
    return (Greeting, PartyProfile)
