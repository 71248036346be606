"""Files of records, and the texts that were read from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kontora.db.types import UTCDateTime, UUIDType

revision = "core_0004_files"
down_revision = "core_0003_views"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "file",
        sa.Column("id", UUIDType(length=16), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("record_id", UUIDType(length=16), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content_type", sa.String(length=128), nullable=False),
        sa.Column("stored", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("problem", sa.String(length=64), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("made_by_id", UUIDType(length=16), nullable=True),
        sa.Column("made_by_name", sa.String(length=255), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["made_by_id"],
            ["user_account.id"],
            name=op.f("fk_file_made_by_id_user_account"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
        sa.UniqueConstraint("stored", name=op.f("uq_file_stored")),
    )
    with op.batch_alter_table("file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_file_made_by_id"), ["made_by_id"], unique=False)
        batch_op.create_index("ix_file_record", ["entity", "record_id"], unique=False)
    op.create_table(
        "file_text",
        sa.Column("file_id", UUIDType(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["file.id"], name=op.f("fk_file_text_file_id_file"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_file_text")),
    )


def downgrade() -> None:
    op.drop_table("file_text")
    with op.batch_alter_table("file", schema=None) as batch_op:
        batch_op.drop_index("ix_file_record")
        batch_op.drop_index(batch_op.f("ix_file_made_by_id"))
    op.drop_table("file")
