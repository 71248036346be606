"""Operation: jobs and events keep the trace of who asked for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0009_operation"
down_revision = "core_0008_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("outbox", "job"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("trace", sa.String(length=64), nullable=True))


def downgrade() -> None:
    for table in ("job", "outbox"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("trace")
