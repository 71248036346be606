"""Decimals are compared and sorted as numbers on both engines."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Column, Integer, MetaData, Table, select

from kontora.db.engine import Database
from kontora.db.types import ExactDecimal, as_number


def test_ten_is_more_than_nine_and_a_half(database: Database) -> None:
    table = Table(
        "weights", MetaData(), Column("id", Integer, primary_key=True), Column("w", ExactDecimal())
    )
    with database.write_engine.begin() as connection:
        table.create(connection)
        connection.execute(
            table.insert(), [{"w": Decimal(each)} for each in ("10.25", "9.5", "-3", "100")]
        )
        number = as_number(table.c.w, database.dialect)
        order = select(table.c.w).order_by(number)
        assert [str(each.normalize()) for each in connection.scalars(order)][:3] == [
            "-3",
            "9.5",
            "10.25",
        ]
        more = select(table.c.w).where(number >= Decimal("10.25")).order_by(table.c.id)
        assert list(connection.scalars(more)) == [Decimal("10.25"), Decimal("100")]
        assert connection.scalar(select(table.c.id).where(number == Decimal("9.5"))) == 2
