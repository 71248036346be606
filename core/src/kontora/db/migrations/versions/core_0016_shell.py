"""The shell: starred records, mentions, and notices that go out by mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kontora.db.types import UTCDateTime, UUIDType

revision = "core_0016_shell"
down_revision = "core_0015_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Starred records, mentions, and when a notice was mailed."""
    op.create_table(
        "favourite",
        sa.Column("user_id", UUIDType(length=16), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("record_id", UUIDType(length=16), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_favourite_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "entity", "record_id", name=op.f("pk_favourite")),
    )
    with op.batch_alter_table("favourite", schema=None) as batch_op:
        batch_op.create_index("ix_favourite_record", ["entity", "record_id"], unique=False)
    op.create_table(
        "mention",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("activity_id", UUIDType(length=16), nullable=False),
        sa.Column("user_id", UUIDType(length=16), nullable=False),
        sa.Column("written", sa.String(length=255), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activity.id"],
            name=op.f("fk_mention_activity_id_activity"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_mention_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mention")),
        sa.UniqueConstraint("activity_id", "user_id", name=op.f("uq_mention_activity_id_user_id")),
    )
    with op.batch_alter_table("mention", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mention_user_id"), ["user_id"], unique=False)
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mailed_at", UTCDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Without them."""
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_column("mailed_at")
    with op.batch_alter_table("mention", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mention_user_id"))
    op.drop_table("mention")
    with op.batch_alter_table("favourite", schema=None) as batch_op:
        batch_op.drop_index("ix_favourite_record")
    op.drop_table("favourite")
