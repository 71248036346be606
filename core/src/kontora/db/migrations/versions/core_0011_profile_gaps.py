"""What lies in the bin too long is found by an index, and so is the size of files; a party that is
reached in one's own right and through an organisation is known to be reached by both; why a
record was not handed over is told in any language."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kontora import clock
from kontora.db.types import JSONType

revision = "core_0011_profile_gaps"
down_revision = "core_0010_records"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_activity_deleted_at", "activity", ["deleted_at"])
    op.create_index("ix_file_deleted_at", "file", ["deleted_at"])
    op.create_index("ix_import_run_finished_at", "import_run", ["finished_at"])
    op.create_index("ix_file_size", "file", ["made_by_id", "created_at", "size"])
    op.drop_index("ix_file_made_by_id", table_name="file")
    op.add_column("handover_item", sa.Column("why", JSONType(), nullable=True))
    with op.batch_alter_table("party_scope") as batch:
        batch.add_column(sa.Column("own", sa.Boolean(), server_default=sa.false(), nullable=False))
    _both_ways()


def _both_ways() -> None:
    """Until now a row was one or the other: `inherited` was kept only where nothing else was."""
    scope = sa.table(
        "party_scope", *(sa.column(name) for name in ("scope_id", "party_id")),
        sa.column("own", sa.Boolean()), sa.column("inherited", sa.Boolean()),
    )  # fmt: skip
    place = sa.table(
        "affiliation", *(sa.column(name) for name in ("person_id", "organisation_id")),
        sa.column("valid_from", sa.Date()), sa.column("valid_to", sa.Date()),
    )  # fmt: skip
    party = sa.table("party", sa.column("id"), sa.column("deleted_at"))
    op.execute(sa.update(scope).values(own=sa.not_(scope.c.inherited)))
    firm, today = scope.alias("firm"), sa.literal(clock.today(), sa.Date())
    works = (
        sa.select(sa.literal(1))
        .select_from(place)
        .join(party, party.c.id == place.c.organisation_id)
        .join(firm, firm.c.party_id == place.c.organisation_id)
        .where(
            place.c.person_id == scope.c.party_id,
            firm.c.scope_id == scope.c.scope_id,
            firm.c.own.is_(True),
            party.c.deleted_at.is_(None),
            sa.or_(place.c.valid_from.is_(None), place.c.valid_from <= today),
            sa.or_(place.c.valid_to.is_(None), place.c.valid_to >= today),
        )
        .correlate(scope)
    )
    op.execute(sa.update(scope).where(scope.c.own.is_(True), works.exists()).values(inherited=True))


def downgrade() -> None:
    scope = sa.table("party_scope", sa.column("own"), sa.column("inherited", sa.Boolean()))
    op.execute(sa.update(scope).where(scope.c.own.is_(sa.true())).values(inherited=False))
    with op.batch_alter_table("party_scope") as batch:
        batch.drop_column("own")
    op.drop_column("handover_item", "why")
    op.create_index("ix_file_made_by_id", "file", ["made_by_id"])
    op.drop_index("ix_file_size", table_name="file")
    op.drop_index("ix_import_run_finished_at", table_name="import_run")
    op.drop_index("ix_file_deleted_at", table_name="file")
    op.drop_index("ix_activity_deleted_at", table_name="activity")
