"""Reports by mail, and files that go with mails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kontora.db.types import JSONType, UTCDateTime, UUIDType

revision = "core_0015_reports"
down_revision = "core_0014_record_page"
branch_labels = None
depends_on = None


def _id(name: str) -> sa.Column[object]:
    return sa.Column(name, UUIDType(length=16), nullable=False)


def _when(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, UTCDateTime(timezone=True), nullable=nullable)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    """The tables."""
    op.create_table(
        "mail_attachment",
        _id("id"),
        _id("mail_id"),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=128), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        _to("mail_attachment", "mail_id", "mail_message"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_attachment")),
    )
    op.create_index(op.f("ix_mail_attachment_mail_id"), "mail_attachment", ["mail_id"])
    op.create_table(
        "report_schedule",
        _id("id"),
        _id("owner_id"),
        sa.Column("report_id", sa.String(length=128), nullable=False),
        sa.Column("params", JSONType(), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("every", sa.String(length=8), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        _when("next_at"),
        _when("created_at"),
        _to("report_schedule", "owner_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedule")),
    )
    op.create_index(op.f("ix_report_schedule_next_at"), "report_schedule", ["next_at"])
    op.create_index(op.f("ix_report_schedule_owner_id"), "report_schedule", ["owner_id"])
    op.create_table(
        "report_delivery",
        _id("schedule_id"),
        _id("user_id"),
        sa.Column("period", sa.String(length=40), nullable=False),
        _when("sent_at"),
        _to("report_delivery", "schedule_id", "report_schedule"),
        _to("report_delivery", "user_id", "user_account"),
        sa.PrimaryKeyConstraint(
            "schedule_id", "user_id", "period", name=op.f("pk_report_delivery")
        ),
    )
    op.create_index(op.f("ix_report_delivery_user_id"), "report_delivery", ["user_id"])
    op.create_table(
        "report_recipient",
        _id("schedule_id"),
        _id("user_id"),
        sa.Column("state", sa.String(length=8), nullable=False),
        _when("sent_at", nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        _to("report_recipient", "schedule_id", "report_schedule"),
        _to("report_recipient", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("schedule_id", "user_id", name=op.f("pk_report_recipient")),
    )
    op.create_index(op.f("ix_report_recipient_user_id"), "report_recipient", ["user_id"])


def downgrade() -> None:
    """Forget what is mailed to whom."""
    for table in ("report_recipient", "report_delivery", "report_schedule", "mail_attachment"):
        op.drop_table(table)
