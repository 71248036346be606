"""What users open: noted cheaply, shown to heads only, and unusual reading raises a notice."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import OperationalError

from kontora import clock
from kontora.access import identity
from kontora.access.principal import Principal, system
from kontora.errors import Forbidden, NotFound
from kontora.ids import new_id
from kontora.lifecycle import site_settings
from kontora.lifecycle.install import add_user
from kontora.lifecycle.site import Site
from kontora.privacy import purge, retention
from kontora.records import notices, opened, reading, service, unusual
from kontora.records.models import ChangeRow
from kontora.records.watch_models import Notice, Reading
from kontora.text import _, n_, use_locale

# A Tuesday, 12:00 in UTC.
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Office:
    """A site with a head and a manager, and readings that are written as given."""

    def __init__(self, site: Site) -> None:
        self.site = site
        with site.write(system("test")) as session:
            self.head = add_user(session, email="head@example.org", roles=["head"])
            self.manager = add_user(session, email="manager@example.org", roles=["manager"])

    def principal(self, user: UUID) -> Principal:
        with self.site.read(system("test")) as session:
            found = identity.principal_of_user(session, user)
        assert found is not None
        return found

    def read(self, number: int, at: datetime, user: UUID | None = None, gap: int = 10) -> None:
        """So many different records, one every `gap` seconds up to `at`."""
        rows = [
            {
                "at": at - timedelta(seconds=gap * n),
                "user_id": user or self.manager,
                "entity": "party",
                "record_id": new_id(),
                "face": "page",
            }
            for n in range(number)
        ]
        with self.site.database.write_engine.begin() as connection:
            connection.execute(insert(Reading), rows)

    def exported(self, rows: int, at: datetime) -> None:
        row = {
            "at": at,
            "entity": "export",
            "record_id": new_id(),
            "verb": "export",
            "version": 0,
            "principal_kind": "user",
            "principal_id": self.manager,
            "principal_name": "manager",
            "diff": {"type": [None, "contacts"], "rows": [None, rows], "format": [None, "csv"]},
        }
        with self.site.database.write_engine.begin() as connection:
            connection.execute(insert(ChangeRow), [row])

    def look(self, at: datetime = NOON) -> int:
        with clock.frozen(at), self.site.write(system("job")) as session:
            return unusual.look(session)

    def told(self, user: UUID | None = None) -> list[str]:
        with self.site.read(self.principal(user or self.head)) as session:
            return [each.kind for each in notices.listing(session)]

    def count(self, model: Any = Reading) -> int:
        with self.site.database.read_engine.connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(model.__table__)) or 0)


@pytest.fixture
def office(site: Site) -> Office:
    return Office(site)


# The log


def test_a_reading_is_noted_at_once_and_written_later_in_one_go(office: Office) -> None:
    me, record = office.principal(office.manager), new_id()
    for _number in range(3):
        office.site.readings.note(me, "party", record)
    office.site.readings.note(system("job"), "party", record)
    assert office.count() == 0
    assert office.site.readings.flush() == 3
    assert office.count() == 3
    assert office.site.readings.flush() == 0


def test_a_reading_is_written_by_itself(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    written = threading.Event()
    flush = reading.Readings.flush

    def noticed(self: reading.Readings) -> int:
        found = flush(self)
        written.set()
        return found

    monkeypatch.setattr(reading.Readings, "flush", noticed)
    office.site.readings.note(office.principal(office.manager), "party", new_id(), "api")
    assert written.wait(30)
    assert office.count() == 1


def test_a_busy_database_loses_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_args: Any, **_more: Any) -> Any:
        raise OperationalError("insert", {}, Exception("busy"))

    readings = office.site.readings
    readings.note(office.principal(office.manager), "party", new_id())
    with monkeypatch.context() as patched:
        patched.setattr(readings, "_engine", busy)
        assert readings.flush() == 0
    readings.note(office.principal(office.manager), "party", new_id())
    readings.close()
    assert office.count() == 2


def test_old_readings_are_purged(office: Office) -> None:
    office.read(3, NOON - timedelta(days=91))
    office.read(2, NOON - timedelta(days=89))
    with clock.frozen(NOON), office.site.write(system("job")) as session:
        (declared,) = (each for each in retention.DECLARED if each.name == "reading")
        assert purge.delete_old(session, declared) == 3
    assert office.count() == 2


def test_the_list_is_for_heads_and_the_look_at_it_is_audited(office: Office) -> None:
    office.read(5, NOON)
    office.read(2, NOON - timedelta(days=3))
    office.read(9, NOON - timedelta(days=40))
    office.exported(700, NOON - timedelta(days=3))
    with clock.frozen(NOON), office.site.write(office.principal(office.head)) as session:
        user = opened.watched(session, office.manager)
        days = opened.by_day(session, user)
        assert [(each.day.day, each.records, each.exported) for each in days] == [
            (10, 5, 0),
            (7, 2, 700),
        ]
        assert len(opened.openings(session, user)) == 7
        assert [each.rows for each in opened.exports(session, user)] == [700]
        opened.note_look(session, user)
        with pytest.raises(NotFound):
            opened.watched(session, new_id())
    with office.site.database.read_engine.connect() as connection:
        rows = connection.execute(
            select(ChangeRow.principal_name, ChangeRow.verb).where(ChangeRow.entity == "reading")
        ).all()
    assert [tuple(row) for row in rows] == [("head", "view")]
    with office.site.read(office.principal(office.manager)) as session, pytest.raises(Forbidden):
        opened.watched(session, office.manager)


# The rules


def test_many_records_in_an_hour_raise_one_notice_a_day(office: Office) -> None:
    office.read(100, NOON)
    assert office.look() == 0
    office.read(1, NOON)
    assert office.look() == 1
    assert office.told() == ["watch.many"]
    office.read(50, NOON)
    assert office.look(NOON + timedelta(minutes=10)) == 0
    office.read(101, NOON + timedelta(days=1))
    assert office.look(NOON + timedelta(days=1)) >= 1
    assert office.told(office.manager) == []
    with office.site.read(office.principal(office.head)) as session:
        first = notices.listing(session)[-1]
    assert "manager opened 101 different records within 60 minutes (limit 100)" in str(first.text)
    assert first.link == f"/admin/users/{office.manager}/reading"


def test_the_same_record_again_and_a_slow_day_are_not_unusual(office: Office) -> None:
    same = new_id()
    rows = [
        {"at": NOON, "user_id": office.manager, "entity": "party", "record_id": same, "face": "api"}
        for _number in range(300)
    ]
    with office.site.database.write_engine.begin() as connection:
        connection.execute(insert(Reading), rows)
    office.read(110, NOON, gap=60)  # 110 within 110 minutes, 61 within an hour
    assert office.look() == 0


@pytest.mark.parametrize(("zone", "told"), [("UTC", []), ("Asia/Vladivostok", ["watch.night"])])
def test_the_night_is_that_of_the_user(office: Office, zone: str, told: list[str]) -> None:
    """12:00 in UTC is 22:00 in Vladivostok."""
    with office.site.write(system("test")) as session:
        users = office.site.registry.record_type("users")
        service.change_record(session, users, office.manager, {"timezone": zone})
    office.read(21, NOON)
    office.look()
    assert office.told() == told


def test_more_than_thrice_his_own_average(office: Office) -> None:
    for day in range(1, 8):
        office.read(10, NOON - timedelta(days=day))
    office.read(31, NOON)
    office.look()
    assert office.told() == ["watch.usual"]


def test_a_large_export(office: Office) -> None:
    office.exported(600, NOON - timedelta(hours=1))
    office.look()
    assert office.told() == []
    office.exported(600, NOON)
    office.look()
    assert office.told() == ["watch.export"]


def test_limits_are_settings_and_nought_switches_a_rule_off(office: Office) -> None:
    office.read(30, NOON)
    with office.site.write(system("test")) as session:
        site_settings.save(session, {"watch.records": 29})
    office.look()
    assert office.told() == ["watch.many"]
    with office.site.write(system("test")) as session:
        site_settings.save(session, {"watch.records": 0})
    office.read(300, NOON + timedelta(days=1))
    office.look(NOON + timedelta(days=1))
    assert office.told() == ["watch.many"]


def test_who_is_disabled_leaves_with_a_summary(office: Office) -> None:
    office.read(40, NOON - timedelta(days=2))
    office.read(3, NOON - timedelta(days=20))
    office.exported(500, NOON - timedelta(days=1))
    with clock.frozen(NOON), office.site.write(system("test")) as session:
        users = office.site.registry.record_type("users")
        service.change_record(session, users, office.manager, {"state": "disabled"})
    with office.site.read(office.principal(office.head)) as session:
        (told,) = notices.listing(session)
    text = str(told.text)
    assert "40 different records opened (3 in the 14 days before), 500 rows exported" in text


# Notices


def test_a_notice_belongs_to_its_reader_and_is_read_once(office: Office) -> None:
    with office.site.write(system("test")) as session:
        message = n_("%(n)s record", "%(n)s records", 3)
        users = [office.head, office.manager]
        assert notices.tell(session, users, "test", message, link="/x", key="k") == 2
        assert notices.tell(session, users, "test", message, link="/x", key="k") == 0
        assert notices.tell(session, [office.head], "test", _("Member of %(x)s"), {"x": "A"}) == 1
    with office.site.write(office.principal(office.head)) as session:
        second, first = notices.listing(session)
        assert (notices.unread(session), str(second.text)) == (2, "Member of A")
        with use_locale("ru"):
            assert str(first.text) == "3 записи"
        notices.mark_read(session, first.id)
        assert [each.id for each in notices.listing(session, unread_only=True)] == [second.id]
    with office.site.write(office.principal(office.manager)) as session:
        assert notices.unread(session) == 1
        for foreign in (first.id, 0, 2**70):
            with pytest.raises(NotFound):
                notices.mark_read(session, foreign)
        assert notices.mark_all(session) == 1
    with office.site.read(office.principal(office.head)) as session:
        assert notices.unread(session) == 1
    assert office.count(Notice) == 3
