"""Our own company: branches, teams, users; roles with their grants; ways to sign in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String, false
from sqlalchemy.orm import Mapped, mapped_column

from kontora import clock
from kontora.access.guard import OPEN, SYSTEM, Guard
from kontora.db.base import Base
from kontora.db.types import JSONType, UTCDateTime, UUIDType
from kontora.ids import new_id


class Branch(Base):
    """A unit of our own company: head office, regional office."""

    __tablename__ = "branch"
    __guard__ = Guard(mode="open", entity="branch", deleted="deleted_at")
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(255))
    parent_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("branch.id", ondelete="SET NULL"), index=True
    )
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class User(Base):
    """Somebody of our company. Without an e-mail he may own records, but not sign in."""

    __tablename__ = "user_account"
    __guard__ = Guard(mode="open", entity="user", deleted="deleted_at")
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(255), index=True)
    email: Mapped[str | None] = mapped_column(String(255), unique=True)
    branch_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("branch.id", ondelete="SET NULL"), index=True
    )
    state: Mapped[str] = mapped_column(String(16), default="active")
    locale: Mapped[str] = mapped_column(String(8), default="en")
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Team(Base):
    """Users who share what they own."""

    __tablename__ = "team"
    __guard__ = Guard(mode="open", entity="team", deleted="deleted_at")
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(255))
    branch_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("branch.id", ondelete="SET NULL"), index=True
    )
    head_id: Mapped[UUID | None] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="SET NULL"), index=True
    )
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class TeamMember(Base):
    """A user's place in a team."""

    __tablename__ = "team_member"
    __guard__ = OPEN
    team_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("team.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Role(Base):
    """A named set of grants. Built-in ones are shipped; their grants may be changed.
    `second_factor`: who has the role must sign in with one."""

    __tablename__ = "role"
    __guard__ = SYSTEM
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    built_in: Mapped[bool] = mapped_column(default=False)
    sort: Mapped[int] = mapped_column(Integer, default=100)
    second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())


class UserRole(Base):
    """Which roles a user has."""

    __tablename__ = "user_role"
    __guard__ = OPEN
    user_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True
    )
    role_key: Mapped[str] = mapped_column(
        String(64), ForeignKey("role.key", ondelete="CASCADE"), primary_key=True, index=True
    )


class Grant(Base):
    """A grant: role × record type (as guards name it) × verb → scope."""

    __tablename__ = "role_grant"
    __guard__ = SYSTEM
    role_key: Mapped[str] = mapped_column(
        String(64), ForeignKey("role.key", ondelete="CASCADE"), primary_key=True
    )
    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    verb: Mapped[str] = mapped_column(String(16), primary_key=True)
    scope: Mapped[str] = mapped_column(String(16))


class RolePermission(Base):
    """A permission beyond the record grants that a role holds."""

    __tablename__ = "role_permission"
    __guard__ = SYSTEM
    role_key: Mapped[str] = mapped_column(
        String(64), ForeignKey("role.key", ondelete="CASCADE"), primary_key=True
    )
    permission: Mapped[str] = mapped_column(String(128), primary_key=True)


class FieldRule(Base):
    """A field that a role may not see (`hidden`) or not write (`read_only`)."""

    __tablename__ = "role_field_rule"
    __guard__ = SYSTEM
    role_key: Mapped[str] = mapped_column(
        String(64), ForeignKey("role.key", ondelete="CASCADE"), primary_key=True
    )
    entity: Mapped[str] = mapped_column(String(64), primary_key=True)
    field: Mapped[str] = mapped_column(String(128), primary_key=True)
    access: Mapped[str] = mapped_column(String(16))


class Credential(Base):
    """The password of a user, as an argon2 hash; apart from the user so that no list shows it."""

    __tablename__ = "credential"
    __guard__ = SYSTEM
    user_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True
    )
    password_hash: Mapped[str] = mapped_column(String(255))
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class UserSession(Base):
    """A device on which a user is signed in. Only the hash of its token is kept.

    `method`: password, password+code, passkey (strong ones name more than the password).
    `confirmed_at`: when the user last proved who he is.
    """

    __tablename__ = "user_session"
    __guard__ = SYSTEM
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    user_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    address: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[str] = mapped_column(String(255), default="")
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    method: Mapped[str] = mapped_column(String(16), default="password", server_default="password")
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ApiToken(Base):
    """A named key to the API that acts for a user. Only its hash is kept."""

    __tablename__ = "api_token"
    __guard__ = SYSTEM
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(255))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[str] = mapped_column(String(16), default="write")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Requests per minute and per day; none: the limit of the site, and no limit.
    per_minute: Mapped[int | None] = mapped_column(Integer)
    per_day: Mapped[int | None] = mapped_column(Integer)


class Ownership(Base):
    """Who owned a record from when to when, and who made it so; written whenever owner or branch
    changes. Rows from before the second part of core do not say who."""

    __tablename__ = "ownership"
    __guard__ = SYSTEM
    __table_args__ = (Index("ix_ownership_record", "entity", "record_id"),)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    entity: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[UUID] = mapped_column(UUIDType)
    owner_id: Mapped[UUID | None] = mapped_column(UUIDType)
    branch_id: Mapped[UUID | None] = mapped_column(UUIDType)
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    valid_to: Mapped[datetime | None] = mapped_column(UTCDateTime)
    changed_by: Mapped[str | None] = mapped_column(String(255))
    changed_by_kind: Mapped[str | None] = mapped_column(String(16))


class UserPreference(Base):
    """What a user has set for himself: the columns of a list, the order of panels."""

    __tablename__ = "user_preference"
    __guard__ = SYSTEM
    user_id: Mapped[UUID] = mapped_column(
        UUIDType, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[object] = mapped_column(JSONType)


class SiteState(Base):
    """Small facts of the site as a whole: settings, the generation of catalogue and plugins."""

    __tablename__ = "site_state"
    __guard__ = SYSTEM
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[object] = mapped_column(JSONType)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class PluginRow(Base):
    """The desired state of a plugin: enabled, disabled, removed."""

    __tablename__ = "plugin"
    __guard__ = SYSTEM
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[str] = mapped_column(String(64), default="")
    cause: Mapped[str] = mapped_column(String(1000), default="")
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class OwnedObject(Base):
    """What an owner (core or a plugin) has brought into the site: the ownership ledger.

    It is read when the owner's package may be gone: by merge, which re-points foreign keys, and
    by removal. `kind` is one of table, foreign_key, permission, setting, schedule, record_type.
    """

    __tablename__ = "owned_object"
    __guard__ = SYSTEM
    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    created_in_version: Mapped[str] = mapped_column(String(64), default="")
