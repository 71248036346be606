"""Webhooks, and quotas of API tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kontora.db.types import JSONType, UTCDateTime, UUIDType

revision = "core_0008_webhooks"
down_revision = "core_0007_sign_in"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _endpoints()
    _deliveries()
    _quotas()
    # Whoever sets the site up may send data to others; fresh sites get it with their roles.
    op.execute(
        "INSERT INTO role_permission (role_key, permission) "
        "SELECT r.key, 'admin.webhooks' FROM role r WHERE r.key = 'administrator' "
        "AND NOT EXISTS (SELECT 1 FROM role_permission p "
        "WHERE p.role_key = r.key AND p.permission = 'admin.webhooks')"
    )


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", UUIDType(length=16), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("events", JSONType(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("owner_id", UUIDType(length=16), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("old_secret", sa.Text(), nullable=True),
        sa.Column("old_until", UTCDateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", UTCDateTime(timezone=True), nullable=True),
        sa.Column("paused_until", UTCDateTime(timezone=True), nullable=True),
        sa.Column("disabled_reason", sa.String(length=255), nullable=True),
        sa.Column("disabled_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["user_account.id"],
            name=op.f("fk_webhook_endpoint_owner_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
    )
    op.create_index(op.f("ix_webhook_endpoint_owner_id"), "webhook_endpoint", ["owner_id"])


def _deliveries() -> None:
    op.create_table(
        "webhook_delivery",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("endpoint_id", UUIDType(length=16), nullable=False),
        sa.Column("message_id", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=120), nullable=False),
        sa.Column("record_id", UUIDType(length=16), nullable=True),
        sa.Column("changed", JSONType(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=True),
        sa.Column("job_id", _SERIAL, nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'delivered', 'dead', 'skipped')",
            name=op.f("ck_webhook_delivery_state"),
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoint.id"],
            name=op.f("fk_webhook_delivery_endpoint_id_webhook_endpoint"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("message_id", name=op.f("uq_webhook_delivery_message_id")),
    )
    op.create_index("ix_webhook_delivery_due", "webhook_delivery", ["state", "next_at"])
    op.create_index(
        "ix_webhook_delivery_endpoint", "webhook_delivery", ["endpoint_id", "state", "id"]
    )


def _quotas() -> None:
    with op.batch_alter_table("api_token") as batch_op:
        batch_op.add_column(sa.Column("per_minute", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("per_day", sa.Integer(), nullable=True))
    op.create_table(
        "token_window",
        sa.Column("token_id", UUIDType(length=16), nullable=False),
        sa.Column("started", UTCDateTime(timezone=True), nullable=False),
        sa.Column("leased", sa.Integer(), nullable=False),
        _to_token("token_window"),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_token_window")),
    )
    op.create_table(
        "token_day",
        sa.Column("token_id", UUIDType(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("leased", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        _to_token("token_day"),
        sa.PrimaryKeyConstraint("token_id", "day", name=op.f("pk_token_day")),
    )


def _to_token(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["token_id"],
        ["api_token.id"],
        name=op.f(f"fk_{table}_token_id_api_token"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    op.drop_table("token_day")
    op.drop_table("token_window")
    with op.batch_alter_table("api_token") as batch_op:
        batch_op.drop_column("per_day")
        batch_op.drop_column("per_minute")
    op.drop_table("webhook_delivery")
    op.drop_table("webhook_endpoint")
    op.execute("DELETE FROM role_permission WHERE permission = 'admin.webhooks'")
