"""When a party was last spoken with, and what is planned next."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kontora.db.types import UTCDateTime

revision = "core_0013_lists"
down_revision = "core_0012_speed"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_party_kind_contact", "kind", "last_contact_at"),
    ("ix_party_counterparty_contact", "is_counterparty", "last_contact_at"),
    ("ix_party_kind_next", "kind", "next_activity_at"),
    ("ix_party_counterparty_next", "is_counterparty", "next_activity_at"),
)
_COLUMNS = ("last_contact_at", "next_activity_at")


def upgrade() -> None:
    """Columns are added as they are: a rebuild of `party` would cascade to what hangs on it."""
    for name in _COLUMNS:
        op.add_column("party", sa.Column(name, UTCDateTime(timezone=True), nullable=True))
    _fill("last_contact_at", "max(a.at)", "a.state = 'done' AND a.kind NOT IN ('note', 'task')")
    _fill("next_activity_at", "min(a.due_at)", "a.state = 'planned'")
    for index, first, column in _INDEXES:
        op.create_index(index, "party", [first, column, "id"], unique=False)


def _fill(column: str, value: str, condition: str) -> None:
    op.execute(
        f"UPDATE party SET {column} = (SELECT {value} FROM activity_party l "  # noqa: S608
        f"JOIN activity a ON a.id = l.activity_id WHERE l.party_id = party.id "
        f"AND a.deleted_at IS NULL AND {condition}) "
        "WHERE EXISTS (SELECT 1 FROM activity_party l WHERE l.party_id = party.id)"
    )


def downgrade() -> None:
    """Forget both dates; the activities keep them."""
    for index, _first, _column in _INDEXES:
        op.drop_index(index, table_name="party")
    for name in _COLUMNS:
        op.drop_column("party", name)
