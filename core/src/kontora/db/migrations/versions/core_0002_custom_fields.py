"""Custom fields."""

from __future__ import annotations

import datetime

import sqlalchemy as sa
from alembic import op

from kontora.db.types import JSONType, SortText, UTCDateTime, UUIDType

revision = "core_0002_custom_fields"
down_revision = "core_0001_initial"
branch_labels = None
depends_on = None

_FLAGS = ("required", "is_unique", "indexed", "profile", "in_list")
_JSON = ("kinds", "roles", "settings", "default_value")


def upgrade() -> None:
    op.create_table(
        "custom_key",
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("value", SortText(), nullable=False),
        sa.Column("record_id", UUIDType(length=16), nullable=False),
        sa.PrimaryKeyConstraint("entity", "field", "value", name=op.f("pk_custom_key")),
    )
    op.create_index("ix_custom_key_record", "custom_key", ["record_id", "entity"])
    op.create_table(
        "profile_value",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("record_id", UUIDType(length=16), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("value", JSONType(), nullable=True),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("who", sa.String(length=255), nullable=False),
        sa.Column("principal_id", UUIDType(length=16), nullable=True),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile_value")),
    )
    op.create_index(op.f("ix_profile_value_principal_id"), "profile_value", ["principal_id"])
    op.create_index("ix_profile_value_record", "profile_value", ["record_id", "entity", "field"])
    with op.batch_alter_table("custom_field") as batch_op:
        for name, length in (("help", 1000), ("section", 64)):
            words = sa.String(length=length)
            batch_op.add_column(sa.Column(name, words, server_default="", nullable=False))
        for name in _JSON:
            batch_op.add_column(sa.Column(name, JSONType(), nullable=True))
        for name in _FLAGS:
            batch_op.add_column(
                sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)
            )
        batch_op.add_column(sa.Column("archived_at", UTCDateTime(timezone=True), nullable=True))
    # The row must be there before the first change: writers of PostgreSQL share its lock.
    state = sa.table(
        "site_state",
        sa.column("key", sa.String()),
        sa.column("value", JSONType()),
        sa.column("updated_at", UTCDateTime(timezone=True)),
    )
    now = datetime.datetime.now(datetime.UTC)
    op.bulk_insert(state, [{"key": "catalogue", "value": "0", "updated_at": now}])


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM site_state WHERE key = 'catalogue'"))
    with op.batch_alter_table("custom_field") as batch_op:
        for name in ("archived_at", *_FLAGS, *_JSON, "section", "help"):
            batch_op.drop_column(name)
    op.drop_table("profile_value")
    op.drop_table("custom_key")
