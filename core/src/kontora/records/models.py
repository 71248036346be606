"""What the record service keeps about records of every type."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    false,
)
from sqlalchemy import Text as TextColumn
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.access.guard import OPEN, SYSTEM
from kontora.db.base import Base
from kontora.db.types import JSONType, SortText, UTCDateTime, UUIDType
from kontora.ids import new_id

LogId = BigInteger().with_variant(Integer, "sqlite")


class ChangeRow(Base):
    """One save of one record: append-only. Creation is one row without values."""

    __tablename__ = "change"
    __guard__ = SYSTEM
    __table_args__ = (Index("ix_change_record", "entity", "record_id", "id"),)
    id: Mapped[int] = mapped_column(LogId, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    entity: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[UUID] = mapped_column(UUIDType)
    verb: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(Integer)
    principal_kind: Mapped[str] = mapped_column(String(16))
    principal_id: Mapped[UUID | None] = mapped_column(UUIDType, index=True)
    principal_name: Mapped[str] = mapped_column(String(255))
    request_id: Mapped[str | None] = mapped_column(String(64))
    diff: Mapped[dict[str, Any] | None] = mapped_column(JSONType)
    # `import:<run>`; None for what people typed. Shown beside each fact.
    source: Mapped[str | None] = mapped_column(String(64))


class ExternalKey(Base):
    """The key of a record in another system: by it a later import updates rather than doubles."""

    __tablename__ = "external_key"
    __guard__ = SYSTEM
    __table_args__ = (Index("ix_external_key_record", "entity", "record_id"),)
    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    system: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(UUIDType)


class SearchWord(Base):
    """A distinct word of the index, folded."""

    __tablename__ = "search_word"
    __guard__ = SYSTEM
    id: Mapped[int] = mapped_column(LogId, primary_key=True, autoincrement=True)
    word: Mapped[str] = mapped_column(SortText, unique=True)


class SearchPart(Base):
    """An inner part of a word: each of its endings of at least three characters."""

    __tablename__ = "search_part"
    __guard__ = SYSTEM
    part: Mapped[str] = mapped_column(SortText, primary_key=True)
    word_id: Mapped[int] = mapped_column(
        LogId, ForeignKey("search_word.id", ondelete="CASCADE"), primary_key=True
    )


class SearchPosting(Base):
    """A word stands in a field of a record. Apart by field: what one may not see finds nothing."""

    __tablename__ = "search_posting"
    __guard__ = SYSTEM
    __table_args__ = (Index("ix_search_posting_record", "record_id", "entity"),)
    word_id: Mapped[int] = mapped_column(
        LogId, ForeignKey("search_word.id", ondelete="CASCADE"), primary_key=True
    )
    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True)
    field: Mapped[str] = mapped_column(String(64), primary_key=True)
    weight: Mapped[int] = mapped_column(SmallInteger, default=1)


class CustomField(Base):
    """A field that an administrator (or an import of the system) made; values are in `custom`.

    `options` are the choices (a word, or {"value", "label", "retired"}), `settings` what its
    type needs: {"places", "target", "target_kind", "currency"}.
    """

    __tablename__ = "custom_field"
    __guard__ = OPEN
    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    label: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(16), default="text")
    options: Mapped[list[Any] | None] = mapped_column(JSONType)
    sort: Mapped[int] = mapped_column(Integer, default=100)
    help: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    section: Mapped[str] = mapped_column(String(64), default="", server_default="")
    kinds: Mapped[list[str] | None] = mapped_column(JSONType)
    roles: Mapped[list[str] | None] = mapped_column(JSONType)
    settings: Mapped[dict[str, Any] | None] = mapped_column(JSONType)
    default_value: Mapped[Any | None] = mapped_column(JSONType)
    required: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    is_unique: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    indexed: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    profile: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    in_list: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")


class CustomKey(Base):
    """A value of a unique custom field, as it is compared: whoever writes it first holds it."""

    __tablename__ = "custom_key"
    __guard__ = SYSTEM
    __table_args__ = (Index("ix_custom_key_record", "record_id", "entity"),)
    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    field: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(SortText, primary_key=True)
    record_id: Mapped[UUID] = mapped_column(UUIDType)


class ProfileValue(Base):
    """A value that a profile field has, or had: where it came from, and when."""

    __tablename__ = "profile_value"
    __guard__ = SYSTEM
    __table_args__ = (Index("ix_profile_value_record", "record_id", "entity", "field"),)
    id: Mapped[int] = mapped_column(LogId, primary_key=True, autoincrement=True)
    entity: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[UUID] = mapped_column(UUIDType)
    field: Mapped[str] = mapped_column(String(64))
    value: Mapped[Any | None] = mapped_column(JSONType)
    source: Mapped[str] = mapped_column(String(255))
    who: Mapped[str] = mapped_column(String(255))
    principal_id: Mapped[UUID | None] = mapped_column(UUIDType, index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class ImportRun(Base):
    """A run of an import. The cursor moves in the same transaction as its rows."""

    __tablename__ = "import_run"
    __guard__ = SYSTEM
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    path: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(255))
    file_path: Mapped[str] = mapped_column(String(1000))
    file_hash: Mapped[str] = mapped_column(String(64), index=True)
    options: Mapped[dict[str, Any]] = mapped_column(JSONType, default=dict)
    state: Mapped[str] = mapped_column(String(16), default="running")
    cursor: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int | None] = mapped_column(Integer)
    created: Mapped[int] = mapped_column(Integer, default=0)
    updated: Mapped[int] = mapped_column(Integer, default=0)
    skipped: Mapped[int] = mapped_column(Integer, default=0)
    refused: Mapped[int] = mapped_column(Integer, default=0)
    noted: Mapped[int] = mapped_column(Integer, default=0)
    pending: Mapped[list[Any] | None] = mapped_column(JSONType)
    error: Mapped[str | None] = mapped_column(TextColumn)
    user_id: Mapped[UUID | None] = mapped_column(UUIDType, index=True)
    job_id: Mapped[int | None] = mapped_column(LogId)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)


class ImportIssue(Base):
    """What an import changed, left out or refused: row, column, value, reason."""

    __tablename__ = "import_issue"
    __guard__ = SYSTEM
    id: Mapped[int] = mapped_column(LogId, primary_key=True, autoincrement=True)
    run_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("import_run.id", ondelete="CASCADE"), index=True
    )
    row: Mapped[int] = mapped_column(Integer)
    column: Mapped[str] = mapped_column(String(255), default="")
    value: Mapped[str | None] = mapped_column(TextColumn)
    new_value: Mapped[str | None] = mapped_column(TextColumn)
    severity: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(1000))


class ReviewItem(Base):
    """Two records that may be the same, waiting for somebody to decide."""

    __tablename__ = "review_item"
    __guard__ = SYSTEM
    id: Mapped[int] = mapped_column(LogId, primary_key=True, autoincrement=True)
    entity: Mapped[str] = mapped_column(String(64))
    a_id: Mapped[UUID] = mapped_column(UUIDType, index=True)
    b_id: Mapped[UUID] = mapped_column(UUIDType, index=True)
    reason: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16), default="open")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class IdempotencyKey(Base):
    """The first answer to a POST, kept for its repetitions."""

    __tablename__ = "idempotency_key"
    __guard__ = SYSTEM
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer, default=0)
    body: Mapped[str] = mapped_column(TextColumn, default="")
    headers: Mapped[dict[str, Any]] = mapped_column(JSONType, default=dict)
    done: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
