"""Nothing yet."""

from __future__ import annotations

revision = "core_0017_setup"
down_revision = "core_0016_shell"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
