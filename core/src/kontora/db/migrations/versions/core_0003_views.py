"""Groups, stages of roles, saved views."""

from __future__ import annotations

import datetime

import sqlalchemy as sa
from alembic import op

from kontora.db.types import JSONType, UTCDateTime, UUIDType

revision = "core_0003_views"
down_revision = "core_0002_custom_fields"
branch_labels = None
depends_on = None

_EVERY = ("view", "create", "edit", "delete", "export", "import", "merge", "assign")
_OWN = ("view", "create", "edit", "delete", "export")
_GRANTS = (
    ("administrator", _EVERY, "all"),
    ("head", _EVERY, "all"),
    ("branch_manager", _OWN, "own"),
    ("manager", _OWN, "own"),
    ("assistant", _OWN[:4], "own"),
    ("auditor", ("view", "export"), "all"),
)
# The life cycle that a new site begins with; names come from the program, in three languages.
_STAGES = (
    ("client", (("client_new", "open"), ("client_talks", "open"), ("client_buys", "won"))),
    ("client", (("client_sleeps", "open"), ("client_lost", "lost"))),
    ("partner", (("partner_candidate", "open"), ("partner_terms", "open"))),
    ("partner", (("partner_active", "won"), ("partner_ended", "lost"))),
)
_STATUSES = ("active", "paused", "ended")


def _id() -> UUIDType:
    return UUIDType(length=16)


def _moment() -> UTCDateTime:
    return UTCDateTime(timezone=True)


def _to(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    _groups()
    _stages()
    _views()
    with op.batch_alter_table("activity") as batch_op:
        batch_op.alter_column(
            "kind",
            existing_type=sa.String(length=16),
            type_=sa.String(length=64),
            existing_nullable=False,
        )
    _grant()
    _keep_statuses()


def _groups() -> None:
    op.create_table(
        "party_group",
        sa.Column("id", _id(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("owner_id", _id(), nullable=True),
        sa.Column("branch_id", _id(), nullable=True),
        sa.Column("custom", JSONType(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", _moment(), nullable=False),
        sa.Column("updated_at", _moment(), nullable=False),
        sa.Column("deleted_at", _moment(), nullable=True),
        _to("party_group", "branch_id", "branch", "SET NULL"),
        _to("party_group", "owner_id", "user_account", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_group")),
    )
    for name in ("branch_id", "deleted_at", "owner_id"):
        op.create_index(op.f(f"ix_party_group_{name}"), "party_group", [name])
    op.create_table(
        "group_member",
        sa.Column("group_id", _id(), nullable=False),
        sa.Column("party_id", _id(), nullable=False),
        _to("group_member", "group_id", "party_group", "CASCADE"),
        _to("group_member", "party_id", "party", "CASCADE"),
        sa.PrimaryKeyConstraint("group_id", "party_id", name=op.f("pk_group_member")),
    )
    op.create_index(op.f("ix_group_member_party_id"), "group_member", ["party_id"])
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "group_period",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("group_id", _id(), nullable=False),
        sa.Column("party_id", _id(), nullable=False),
        sa.Column("begun_at", _moment(), nullable=False),
        sa.Column("ended_at", _moment(), nullable=True),
        sa.Column("begun_by", sa.String(length=255), nullable=False),
        sa.Column("ended_by", sa.String(length=255), nullable=False),
        _to("group_period", "group_id", "party_group", "CASCADE"),
        _to("group_period", "party_id", "party", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_period")),
    )
    op.create_index("ix_group_period_group", "group_period", ["group_id", "begun_at"])
    op.create_index(op.f("ix_group_period_party_id"), "group_period", ["party_id"])


def _stages() -> None:
    stage = op.create_table(
        "role_stage",
        sa.Column("key", sa.String(length=48), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.Column("retired_at", _moment(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_role_stage")),
    )
    op.create_index(op.f("ix_role_stage_role"), "role_stage", ["role"])
    shipped = [(role, *each) for role, stages in _STAGES for each in stages]
    op.bulk_insert(
        stage,
        [
            {"key": key, "role": role, "name": "", "state": state, "sort": number * 10 + 10}
            for number, (role, key, state) in enumerate(shipped)
        ],
    )
    op.create_table(
        "party_stage",
        sa.Column("party_id", _id(), nullable=False),
        sa.Column("stage", sa.String(length=48), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        _to("party_stage", "party_id", "party", "CASCADE"),
        sa.PrimaryKeyConstraint("party_id", name=op.f("pk_party_stage")),
    )
    for name in ("rank", "stage"):
        op.create_index(op.f(f"ix_party_stage_{name}"), "party_stage", [name])
    with op.batch_alter_table("party_role") as batch_op:
        batch_op.add_column(sa.Column("stage", sa.String(length=48), nullable=True))
        batch_op.add_column(sa.Column("stage_since", sa.Date(), nullable=True))
    op.create_index(op.f("ix_party_role_stage"), "party_role", ["stage"])


def _views() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", _id(), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("path", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("owner_id", _id(), nullable=True),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("role_key", sa.String(length=64), nullable=True),
        sa.Column("state", JSONType(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", _moment(), nullable=False),
        sa.Column("updated_at", _moment(), nullable=False),
        sa.Column("deleted_at", _moment(), nullable=True),
        _to("saved_view", "owner_id", "user_account", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("key", name=op.f("uq_saved_view_key")),
    )
    for name in ("owner_id", "path"):
        op.create_index(op.f(f"ix_saved_view_{name}"), "saved_view", [name])
    op.create_table(
        "view_default",
        sa.Column("path", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("view_id", _id(), nullable=False),
        _to("view_default", "view_id", "saved_view", "CASCADE"),
        sa.PrimaryKeyConstraint("path", "holder", name=op.f("pk_view_default")),
    )
    op.create_index(op.f("ix_view_default_view_id"), "view_default", ["view_id"])


def _grant() -> None:
    """What the shipped roles may do with groups; a new site gets it with its roles."""
    words = {name: sa.column(name, sa.String()) for name in ("role_key", "entity", "verb", "scope")}
    grant = sa.table("role_grant", *words.values())
    role = sa.table("role", sa.column("key", sa.String()))
    present = set(op.get_bind().execute(sa.select(role.c.key)).scalars())
    rows = [
        {"role_key": key, "entity": "group", "verb": verb, "scope": scope}
        for key, verbs, scope in _GRANTS
        for verb in verbs
        if key in present
    ]
    if rows:
        op.bulk_insert(grant, rows)
    words = {name: sa.column(name, sa.String()) for name in ("role_key", "permission")}
    held = sa.table("role_permission", *words.values())
    sharing = {"administrator", "head", "branch_manager"} & present
    if sharing:
        rows = [{"role_key": key, "permission": "views.share"} for key in sorted(sharing)]
        op.bulk_insert(held, rows)


def _keep_statuses() -> None:
    """Words that stood in the status of roles, while it was a free text, stay choices."""
    role = sa.table("party_role", sa.column("status", sa.String()))
    found = op.get_bind().execute(sa.select(role.c.status).distinct()).scalars()
    own = sorted({each for each in found if each and each not in _STATUSES})
    state = sa.table(
        "site_state",
        sa.column("key", sa.String()),
        sa.column("value", JSONType()),
        sa.column("updated_at", _moment()),
    )
    now = datetime.datetime.now(datetime.UTC)
    op.bulk_insert(state, [{"key": "role_statuses", "value": own, "updated_at": now}])


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM site_state WHERE key = 'role_statuses'"))
    op.execute(sa.text("DELETE FROM role_grant WHERE entity = 'group'"))
    op.execute(sa.text("DELETE FROM role_permission WHERE permission = 'views.share'"))
    op.drop_index(op.f("ix_party_role_stage"), table_name="party_role")
    with op.batch_alter_table("party_role") as batch_op:
        batch_op.drop_column("stage_since")
        batch_op.drop_column("stage")
    for table in ("view_default", "saved_view", "party_stage", "role_stage"):
        op.drop_table(table)
    for table in ("group_period", "group_member", "party_group"):
        op.drop_table(table)
    with op.batch_alter_table("activity") as batch_op:
        batch_op.alter_column(
            "kind",
            existing_type=sa.String(length=64),
            type_=sa.String(length=16),
            existing_nullable=False,
        )
