"""Nothing yet."""

from __future__ import annotations

revision = "core_0018_faults"
down_revision = "core_0017_setup"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
