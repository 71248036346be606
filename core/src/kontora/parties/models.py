"""Parties: people and organisations, and everything that is said about them.

Dated facts (roles, affiliations, relations, addresses) have `valid_from` and `valid_to`, both
inclusive and open when empty; all else is read back from the change log.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.access.guard import OPEN, Guard, child
from kontora.db.base import Base
from kontora.db.types import ExactDecimal, JSONType, SortText, UTCDateTime, UUIDType
from kontora.ids import new_id

OF_PARTY = child(("party_id", "party"))


class Party(Base):
    """A person or an organisation: the one thing that everything else points to.

    `last_contact_at` and `next_activity_at` repeat its activities (see `contact_dates`).
    """

    __tablename__ = "party"
    __guard__ = Guard(
        mode="record",
        entity="party",
        kind="kind",
        kinds={"person": "person", "organisation": "organisation"},
        owner="owner_id",
        branch="branch_id",
        scoped_by_table=True,
        deleted="deleted_at",
    )
    __table_args__ = (
        Index("ix_party_kind_page", "kind", "sort_key", "id"),
        Index("ix_party_counterparty_page", "is_counterparty", "sort_key", "id"),
        Index("ix_party_updated", "updated_at", "id"),
        Index("ix_party_created", "created_at", "id"),
        Index("ix_party_kind_contact", "kind", "last_contact_at", "id"),
        Index("ix_party_counterparty_contact", "is_counterparty", "last_contact_at", "id"),
        Index("ix_party_kind_next", "kind", "next_activity_at", "id"),
        Index("ix_party_counterparty_next", "is_counterparty", "next_activity_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(16))
    display_name: Mapped[str] = mapped_column(String(255))
    sort_key: Mapped[str] = mapped_column(SortText, default="")
    is_counterparty: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[str] = mapped_column(String(16), default="active")
    owner_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="SET NULL"), index=True
    )
    branch_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("branch.id", ondelete="SET NULL"), index=True
    )
    notes: Mapped[str | None] = mapped_column(Text)
    last_contact_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    next_activity_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    custom: Mapped[dict[str, Any]] = mapped_column(JSONType, default=dict)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)


class Person(Base):
    """The part of a party that only people have."""

    __tablename__ = "person"
    __guard__ = OF_PARTY
    party_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), primary_key=True
    )
    given: Mapped[str | None] = mapped_column(String(255), index=True)
    family: Mapped[str | None] = mapped_column(String(255), index=True)
    middle: Mapped[str | None] = mapped_column(String(255))
    birth_date: Mapped[date | None] = mapped_column(Date, index=True)
    gender: Mapped[str | None] = mapped_column(String(16))


class Organisation(Base):
    """The part of a party that only organisations have.

    `parent_id` repeats the current relation `parent` for lists; the dated relation is the source.
    """

    __tablename__ = "organisation"
    __guard__ = OF_PARTY
    party_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), primary_key=True
    )
    legal_name: Mapped[str | None] = mapped_column(String(255))
    industry: Mapped[str | None] = mapped_column(String(255), index=True)
    founded: Mapped[int | None] = mapped_column(Integer)
    employees: Mapped[int | None] = mapped_column(Integer)
    revenue: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    parent_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="SET NULL"), index=True
    )


class ContactPoint(Base):
    """One e-mail, phone, fax, messenger, social profile or web address of a party."""

    __tablename__ = "contact_point"
    __guard__ = OF_PARTY
    __table_args__ = (Index("ix_contact_point_value", "kind", "normalised"),)
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    party_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(String(500))
    raw: Mapped[str | None] = mapped_column(String(500))
    normalised: Mapped[str] = mapped_column(SortText)
    label: Mapped[str | None] = mapped_column(String(64))
    is_primary: Mapped[bool] = mapped_column(Boolean, default=False)
    status: Mapped[str] = mapped_column(String(16), default="ok")
    position: Mapped[int] = mapped_column(Integer, default=0)


class Address(Base):
    """A place of a party."""

    __tablename__ = "address"
    __guard__ = OF_PARTY
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    party_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), index=True
    )
    label: Mapped[str | None] = mapped_column(String(64))
    street: Mapped[str | None] = mapped_column(String(500))
    locality: Mapped[str | None] = mapped_column(String(255), index=True)
    region: Mapped[str | None] = mapped_column(String(255))
    postcode: Mapped[str | None] = mapped_column(String(32))
    country: Mapped[str | None] = mapped_column(String(255))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    position: Mapped[int] = mapped_column(Integer, default=0)


class Identifier(Base):
    """A number by which somebody else knows the party: INN, OGRN, EDRPOU, UNP, VAT ..."""

    __tablename__ = "identifier"
    __guard__ = OF_PARTY
    __table_args__ = (Index("ix_identifier_value", "scheme", "value"),)
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    party_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), index=True
    )
    scheme: Mapped[str] = mapped_column(String(32))
    country: Mapped[str | None] = mapped_column(String(2))
    value: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(Integer, default=0)


class PartyTag(Base):
    """A word that somebody put on a party."""

    __tablename__ = "party_tag"
    __guard__ = OF_PARTY
    party_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(Integer, default=0)


class PartyRole(Base):
    """What a party is to us, from when to when, and who looks after it in that role."""

    __tablename__ = "party_role"
    __guard__ = OF_PARTY
    __table_args__ = (Index("ix_party_role_role", "role", "status"),)
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    party_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(32), default="active")
    class_: Mapped[str | None] = mapped_column("class", String(32), key="class_")
    stage: Mapped[str | None] = mapped_column(String(48), index=True)
    stage_since: Mapped[date | None] = mapped_column(Date)
    owner_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="SET NULL"), index=True
    )
    branch_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("branch.id", ondelete="SET NULL"), index=True
    )
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    position: Mapped[int] = mapped_column(Integer, default=0)


class Affiliation(Base):
    """A person's place in an organisation. Seen when both ends are seen.

    Without an organisation it is a position of which we know no more than that.
    """

    __tablename__ = "affiliation"
    __guard__ = child(("person_id", "party"), ("organisation_id", "party"))
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), index=True
    )
    organisation_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str | None] = mapped_column(String(255))
    department: Mapped[str | None] = mapped_column(String(255))
    functions: Mapped[str | None] = mapped_column(String(500))
    reports_to_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="SET NULL"), index=True
    )
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    position: Mapped[int] = mapped_column(Integer, default=0)


class RelationType(Base):
    """A kind of link between two parties, with a name for each direction."""

    __tablename__ = "relation_type"
    __guard__ = OPEN
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    inverse: Mapped[str] = mapped_column(String(64))


class Relation(Base):
    """A typed, dated link: `party` is <type> `other`. Seen when both ends are seen."""

    __tablename__ = "relation"
    __guard__ = child(("party_id", "party"), ("other_id", "party"))
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    party_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), index=True
    )
    other_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("party.id", ondelete="CASCADE"), index=True
    )
    type: Mapped[str] = mapped_column(String(32), ForeignKey("relation_type.key"))
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    position: Mapped[int] = mapped_column(Integer, default=0)
