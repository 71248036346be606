"""The result and length of activities; where a change came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0014_record_page"
down_revision = "core_0013_lists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("activity", sa.Column("outcome", sa.String(64), nullable=True))
    op.add_column("activity", sa.Column("duration", sa.Integer(), nullable=True))
    op.add_column("change", sa.Column("source", sa.String(64), nullable=True))


def downgrade() -> None:
    """Take them away again."""
    with op.batch_alter_table("change") as batch_op:
        batch_op.drop_column("source")
    with op.batch_alter_table("activity") as batch_op:
        batch_op.drop_column("duration")
        batch_op.drop_column("outcome")
