"""Run by Alembic for every owner; `kontora.db.script` says what and on which connection."""

from __future__ import annotations

from alembic import context

options = context.config.attributes.get("options")
if options is None:
    raise SystemExit("Migrations run through `kontora upgrade`, not through `alembic`.")
context.configure(**options)
context.run_migrations()
