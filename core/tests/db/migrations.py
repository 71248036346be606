"""Writes small owners and their migration files for the tests of the runner."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

from sqlalchemy import Connection, inspect, text

from kontora.db.engine import Database
from kontora.db.owner import Owner

_FILE = """\
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {after!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
"""

PARTY = """
op.create_table(
    "party",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("name", sa.String(40), nullable=True),
    sa.PrimaryKeyConstraint("id", name="pk_party"),
)
"""
HELLO = """
op.create_table(
    "hello_card",
    sa.Column("party_id", sa.Integer(), nullable=False),
    sa.Column("score", sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint("party_id", name="pk_hello_card"),
    sa.ForeignKeyConstraint(
        ["party_id"], ["party.id"], name="fk_hello_card_party_id_party", ondelete="CASCADE"
    ),
)
"""
REBUILD = """
with op.batch_alter_table("party") as batch:
    batch.alter_column("name", existing_type=sa.String(40), type_=sa.String(80), nullable=False)
"""


def owner(folder: Path, name: str, *, requires: tuple[str, ...] = ()) -> Owner:
    """An owner whose files are in a folder of its own below `folder`."""
    versions = folder / name / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    prefix = None if name == "core" else f"{name}_"
    return Owner(
        name=name, package=f"pack_{name}", versions=versions, prefix=prefix, requires=requires
    )


def write(
    owner: Owner, revision: str, upgrade: str, *, after: str | None = None, downgrade: str = "pass"
) -> None:
    """Write one migration file; `upgrade` and `downgrade` are the bodies of its functions."""
    body = _FILE.format(
        revision=revision,
        after=after,
        upgrade=indent(dedent(upgrade).strip(), "    "),
        downgrade=indent(dedent(downgrade).strip(), "    "),
    )
    (owner.versions / f"{revision}.py").write_text(body, encoding="utf-8")


def core_and_hello(folder: Path) -> tuple[Owner, Owner]:
    """A core with `party` and a plugin with `hello_card`, which cascades from it."""
    core, hello = owner(folder, "core"), owner(folder, "hello")
    write(core, "core_0001", PARTY, downgrade='op.drop_table("party")')
    write(hello, "hello_0001", HELLO, downgrade='op.drop_table("hello_card")')
    return core, hello


def run(database: Database, *statements: str) -> None:
    """Execute statements in one writing transaction."""
    with database.write_engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def scalar(database: Database, statement: str) -> object:
    """The first value of the first row."""
    with database.read_engine.connect() as connection:
        return connection.scalar(text(statement))


def tables(database: Database) -> set[str]:
    """Names of all tables."""
    with database.read_engine.connect() as connection:
        return _tables(connection)


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())
