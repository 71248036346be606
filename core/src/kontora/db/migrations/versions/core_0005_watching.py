"""Watching: what was opened, notices, handovers, and who changed an owner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kontora.db.types import JSONType, UTCDateTime, UUIDType

revision = "core_0005_watching"
down_revision = "core_0004_files"
branch_labels = None
depends_on = None

# Shipped roles of a site that is there already get what a new one gives them.
HELD = {
    "people.watch": ("administrator", "head"),
    "people.hand_over": ("administrator", "head", "branch_manager"),
}


def upgrade() -> None:
    op.create_table(
        "handover",
        sa.Column("id", UUIDType(length=16), nullable=False),
        sa.Column("user_id", UUIDType(length=16), nullable=False),
        sa.Column("asked_by", UUIDType(length=16), nullable=True),
        sa.Column("asked_name", sa.String(length=255), nullable=False),
        sa.Column("rule", JSONType(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("cursor", JSONType(), nullable=False),
        sa.Column("counts", JSONType(), nullable=False),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("undone_at", UTCDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handover_user_id"), ["user_id"], unique=False)
    op.create_table(
        "reading",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("user_id", UUIDType(length=16), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("record_id", UUIDType(length=16), nullable=False),
        sa.Column("face", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
    )
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.create_index("ix_reading_at", ["at"], unique=False)
        batch_op.create_index("ix_reading_user", ["user_id", "at"], unique=False)
    op.create_table(
        "handover_item",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("handover_id", UUIDType(length=16), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(length=64), nullable=False),
        sa.Column("record_id", UUIDType(length=16), nullable=False),
        sa.Column("parts", JSONType(), nullable=False),
        sa.Column("to_id", UUIDType(length=16), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["handover_id"],
            ["handover.id"],
            name=op.f("fk_handover_item_handover_id_handover"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_item")),
    )
    with op.batch_alter_table("handover_item", schema=None) as batch_op:
        batch_op.create_index(
            "ix_handover_item_record", ["handover_id", "entity", "record_id"], unique=False
        )
    op.create_table(
        "notice",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("user_id", UUIDType(length=16), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("text", JSONType(), nullable=False),
        sa.Column("link", sa.String(length=500), nullable=True),
        sa.Column("key", sa.String(length=128), nullable=True),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("read_at", UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_notice_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_notice_user_id_key")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_unread", ["user_id", "read_at", "id"], unique=False)
    with op.batch_alter_table("ownership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("changed_by", sa.String(length=255), nullable=True))
        batch_op.add_column(sa.Column("changed_by_kind", sa.String(length=16), nullable=True))
    role = sa.table("role", sa.column("key", sa.String))
    held = sa.table(
        "role_permission", sa.column("role_key", sa.String), sa.column("permission", sa.String)
    )
    for permission, keys in HELD.items():
        present = sa.select(role.c.key, sa.literal(permission)).where(role.c.key.in_(keys))
        op.execute(held.insert().from_select(["role_key", "permission"], present))


def downgrade() -> None:
    held = sa.table("role_permission", sa.column("permission", sa.String))
    op.execute(held.delete().where(held.c.permission.in_(sorted(HELD))))
    with op.batch_alter_table("ownership", schema=None) as batch_op:
        batch_op.drop_column("changed_by_kind")
        batch_op.drop_column("changed_by")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_unread")
    op.drop_table("notice")
    with op.batch_alter_table("handover_item", schema=None) as batch_op:
        batch_op.drop_index("ix_handover_item_record")
    op.drop_table("handover_item")
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.drop_index("ix_reading_user")
        batch_op.drop_index("ix_reading_at")
    op.drop_table("reading")
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handover_user_id"))
    op.drop_table("handover")
