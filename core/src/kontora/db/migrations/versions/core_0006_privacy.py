"""Consents, and requests for the data of one person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kontora.db.types import JSONType, UTCDateTime, UUIDType

revision = "core_0006_privacy"
down_revision = "core_0005_watching"
branch_labels = None
depends_on = None

# key, needs consent
_PURPOSES = (
    ("marketing", True),
    ("newsletter", True),
    ("research", True),
    ("service", False),
    ("transactional", False),
)


def upgrade() -> None:
    _purposes()
    _ledger()
    op.create_table(
        "privacy_request",
        sa.Column("id", UUIDType(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("party_id", UUIDType(length=16), nullable=False),
        sa.Column("asked_by", UUIDType(length=16), nullable=True),
        sa.Column("asked_name", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("file", sa.String(length=80), nullable=True),
        sa.Column("counts", JSONType(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", UTCDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
    )
    for name in ("created_at", "party_id"):
        op.create_index(op.f(f"ix_privacy_request_{name}"), "privacy_request", [name])


def _purposes() -> None:
    table = op.create_table(
        "consent_purpose",
        sa.Column("key", sa.String(length=48), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("needs_consent", sa.Boolean(), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.Column("retired_at", UTCDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_consent_purpose")),
    )
    op.bulk_insert(
        table,
        [
            {"key": key, "name": "", "needs_consent": needs, "sort": number * 10 + 10}
            for number, (key, needs) in enumerate(_PURPOSES)
        ],
    )


def _ledger() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "consent",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("party_id", UUIDType(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=48), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("basis", sa.String(length=32), nullable=False),
        sa.Column("valid_from", UTCDateTime(timezone=True), nullable=False),
        sa.Column("valid_to", UTCDateTime(timezone=True), nullable=True),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("file_id", UUIDType(length=16), nullable=True),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("who", sa.String(length=255), nullable=False),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('given', 'withdrawn')", name=op.f("ck_consent_state")),
        sa.ForeignKeyConstraint(
            ["party_id"], ["party.id"], name=op.f("fk_consent_party_id_party"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["file.id"], name=op.f("fk_consent_file_id_file"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_party", "consent", ["party_id", "purpose", "channel", "id"])
    op.create_index(op.f("ix_consent_file_id"), "consent", ["file_id"])
    op.create_table(
        "consent_state",
        sa.Column("party_id", UUIDType(length=16), nullable=False),
        sa.Column("consent", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["party_id"],
            ["party.id"],
            name=op.f("fk_consent_state_party_id_party"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("party_id", "consent", name=op.f("pk_consent_state")),
    )
    op.create_index(op.f("ix_consent_state_consent"), "consent_state", ["consent"])


def downgrade() -> None:
    for name in ("privacy_request", "consent_state", "consent", "consent_purpose"):
        op.drop_table(name)
