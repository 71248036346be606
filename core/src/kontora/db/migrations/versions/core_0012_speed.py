"""The generation of what principals are made of, so that they may be kept between requests."""

from __future__ import annotations

import datetime

import sqlalchemy as sa
from alembic import op

from kontora.db.types import JSONType, UTCDateTime

revision = "core_0012_speed"
down_revision = "core_0011_profile_gaps"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Without its row nothing is kept, and each request reads all of it."""
    state = sa.table(
        "site_state",
        sa.column("key", sa.String()),
        sa.column("value", JSONType()),
        sa.column("updated_at", UTCDateTime(timezone=True)),
    )
    now = datetime.datetime.now(datetime.UTC)
    op.bulk_insert(state, [{"key": "generation:access", "value": "0", "updated_at": now}])


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM site_state WHERE key = 'generation:access'"))
