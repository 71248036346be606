"""The table of mails that leave, or lie in the outbox."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.access.guard import SYSTEM
from kontora.db.base import Base
from kontora.db.types import UTCDateTime, UUIDType
from kontora.ids import new_id

QUEUED, SENT, KEPT, FAILED = "queued", "sent", "kept", "failed"
REFUSED = "refused"


class MailMessage(Base):
    """One mail to one address: queued, sent, kept (in the outbox folder), failed, refused
    (its receiver does not consent to its purpose).

    `secret_until` is set when the text opens an account; after that moment, or once a server has
    taken the mail, the text is removed. `error` is for administrators.
    """

    __tablename__ = "mail_message"
    __guard__ = SYSTEM
    __table_args__ = (Index("ix_mail_message_secret", "secret_until"),)
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    to_address: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(500))
    text: Mapped[str | None] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    purpose: Mapped[str | None] = mapped_column(String(64))
    party_id: Mapped[UUID | None] = mapped_column(UUIDType, index=True)
    state: Mapped[str] = mapped_column(String(16), default=QUEUED)
    error: Mapped[str | None] = mapped_column(String(1000))
    job_id: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    secret_until: Mapped[datetime | None] = mapped_column(UTCDateTime)


class MailAttachment(Base):
    """A file that goes with a mail; removed when the mail has left."""

    __tablename__ = "mail_attachment"
    __guard__ = SYSTEM
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    mail_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("mail_message.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(128))
    data: Mapped[bytes] = mapped_column(LargeBinary)
