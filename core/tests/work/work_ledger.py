"""A ledger that shows how often each effect happened; shared with the processes of the tests."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, String, Table

metadata = MetaData()
# `key` is not unique here on purpose: a doubled effect must be seen, not refused.
effects = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(80), nullable=False),
    Column("worker", Integer),
)
