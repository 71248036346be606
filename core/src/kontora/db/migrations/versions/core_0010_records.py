"""Definitions of custom fields have a version, so that two administrators do not overwrite each
other by API."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0010_records"
down_revision = "core_0009_operation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("custom_field") as batch:
        batch.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("custom_field") as batch:
        batch.drop_column("version")
