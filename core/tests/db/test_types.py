"""Column types mean the same on both engines."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import Integer, MetaData, String, func, select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from kontora.db.engine import Database
from kontora.db.types import ExactDecimal, JSONType, SortText, UTCDateTime, UUIDType
from kontora.ids import new_id


class Base(DeclarativeBase):
    metadata = MetaData()


class Thing(Base):
    __tablename__ = "thing"

    id: Mapped[uuid.UUID] = mapped_column(UUIDType(), primary_key=True, default=new_id)
    at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    data: Mapped[object | None] = mapped_column(JSONType())
    price: Mapped[Decimal | None] = mapped_column(ExactDecimal())
    sort: Mapped[str | None] = mapped_column(SortText())
    number: Mapped[int | None] = mapped_column(Integer())
    day: Mapped[date | None]
    name: Mapped[str | None] = mapped_column(String(20))


@pytest.fixture
def things(database: Database) -> Database:
    with database.write_engine.begin() as connection:
        Base.metadata.create_all(connection)
    return database


def test_an_id_comes_back_and_is_found_as_uuid_and_as_text(things: Database) -> None:
    key = new_id()
    with Session(things.write_engine) as session, session.begin():
        session.add(Thing(id=key))
    with Session(things.read_engine) as session:
        assert session.scalars(select(Thing.id)).one() == key
        assert session.scalars(select(Thing.id).where(Thing.id == str(key))).one() == key
        assert session.scalars(select(Thing.id).where(Thing.id.in_([key]))).one() == key


def test_an_id_takes_sixteen_bytes_on_sqlite(things: Database) -> None:
    if things.dialect != "sqlite":
        pytest.skip("PostgreSQL has a type of its own")
    with Session(things.write_engine) as session, session.begin():
        session.add(Thing())
        session.flush()
        assert session.execute(text("SELECT typeof(id), length(id) FROM thing")).one() == (
            "blob",
            16,
        )


def test_ids_made_later_sort_later(things: Database) -> None:
    keys = [new_id() for _ in range(50)]
    with Session(things.write_engine) as session, session.begin():
        session.add_all(Thing(id=key) for key in reversed(keys))
    with Session(things.read_engine) as session:
        assert session.scalars(select(Thing.id).order_by(Thing.id)).all() == keys


def test_times_come_back_in_utc_to_the_microsecond(things: Database) -> None:
    kyiv = datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with Session(things.write_engine) as session, session.begin():
        session.add(Thing(at=kyiv))
    with Session(things.read_engine) as session:
        found = session.scalars(select(Thing.at)).one()
        assert found == kyiv
        assert found is not None
        assert found.tzinfo is UTC
        assert session.scalar(select(func.count()).where(Thing.at < kyiv)) == 0
        assert session.scalar(select(func.count()).where(Thing.at <= kyiv)) == 1


def test_a_naive_time_is_refused(things: Database) -> None:
    with Session(things.write_engine) as session, pytest.raises(StatementError, match="time zone"):
        session.execute(select(Thing.id).where(Thing.at == datetime(2026, 3, 1)))  # noqa: DTZ001


def test_json_comes_back_readable_and_can_be_asked_by_key(things: Database) -> None:
    data = {"город": "Київ", "level": 2, "vip": True, "list": [1, None]}
    with Session(things.write_engine) as session, session.begin():
        session.add_all([Thing(data=data), Thing(data=None)])
    with Session(things.read_engine) as session:
        city = Thing.data["город"].as_string() == "Київ"
        assert session.scalars(select(Thing.data).where(city)).one() == data
        level = Thing.data["level"].as_integer() >= 2
        assert session.scalars(select(Thing.data).where(level)).one() == data
        assert session.scalar(select(func.count()).where(Thing.data.is_(None))) == 1
        stored = session.execute(text("SELECT CAST(data AS TEXT) FROM thing")).scalars().all()
        assert any("Київ" in row for row in stored if row)


def test_a_decimal_is_exact(things: Database) -> None:
    prices = [Decimal("0.1"), Decimal("12345678901234567890.123456789"), Decimal("1E+3")]
    with Session(things.write_engine) as session, session.begin():
        session.add_all(Thing(price=price) for price in prices)
    with Session(things.read_engine) as session:
        assert set(session.scalars(select(Thing.price))) == set(prices)


def test_sort_text_has_one_order_and_like_is_exact(things: Database) -> None:
    words = ["b", "A", "a", "Б", "а", "_", "é", "Z", "10", "9"]
    with Session(things.write_engine) as session, session.begin():
        session.add_all(Thing(sort=word) for word in words)
    with Session(things.read_engine) as session:
        assert session.scalars(select(Thing.sort).order_by(Thing.sort)).all() == sorted(words)
        assert session.scalars(select(Thing.sort).where(Thing.sort.like("a%"))).all() == ["a"]
