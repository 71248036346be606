"""What lies in the bin too long goes for good, where the design allows it; parties stay."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from kontora import clock
from kontora.access.principal import system
from kontora.db.types import UUIDType
from kontora.lifecycle import site_settings
from kontora.lifecycle.site import Site
from kontora.privacy import purge, retention
from kontora.records import service
from kontora.records.files import service as files
from kontora.records.files.store import Store
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import signed_in
from kontora_sdk.testing.people import make_user

ME = system("test")


def made(site: Site, path: str, data: dict[str, Any], *, deleted: int | None = None) -> UUID:
    """A record that was put into the bin so many days ago."""
    with site.write(ME) as session:
        rtype = session.registry.record_type(path)
        record: UUID = service.create_record(session, rtype, data).id
    if deleted is not None:
        with clock.frozen(clock.now() - dt.timedelta(days=deleted)), site.write(ME) as session:
            service.delete_record(session, session.registry.record_type(path), record)
    return record


def purge_all(site: Site) -> None:
    for each in retention.DECLARED:
        with site.write(ME) as session:
            while purge.delete_old(session, each) >= purge.BATCH:
                pass


def left(site: Site, table: str) -> set[UUID]:
    model: Any = site.registry.models[table]
    with site.database.read_engine.connect() as connection:
        return set(connection.execute(model.__table__.select()).scalars())


def test_old_activities_groups_and_files_go_and_parties_stay(site: Site) -> None:
    call = {"kind": "note", "subject": "Quokka"}
    old, late = made(site, "activities", call, deleted=91), made(site, "activities", call)
    group = made(site, "groups", {"name": "Old"}, deleted=91)
    kept = [
        late,
        made(site, "activities", call, deleted=89),
        person := made(site, "contacts", {"family": "Petrova"}, deleted=400),
    ]
    with site.write(ME) as session:
        bytes_ = Store(site.settings.home).keep(io.BytesIO(b"text"), 100)
        file = files.add(session, "activity", late, "a.txt", bytes_).id
    with clock.frozen(clock.now() - dt.timedelta(days=91)), site.write(ME) as session:
        files.remove(session, file)
    purge_all(site)
    there = left(site, "activity") | left(site, "party") | left(site, "party_group")
    assert not {old, group} & there
    assert set(kept) <= there and person in there
    assert left(site, "file") == set()
    assert not Store(site.settings.home).path(bytes_.stored).exists()
    with site.database.read_engine.connect() as connection:
        model: Any = site.registry.models["search_posting"]
        rows = connection.execute(model.__table__.select()).mappings().all()
        assert not [row for row in rows if row["record_id"] in (old, group)]
        log: Any = site.registry.models["change"]
        lines = connection.execute(log.__table__.select()).mappings().all()
        assert [row for row in lines if row["record_id"] == old]  # that it was there is told


def test_what_others_hold_stays_and_holds_up_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table of a plugin that is off leads to the oldest ones, more of them than a slice takes."""
    monkeypatch.setattr(purge, "BATCH", 2)
    call = {"kind": "note", "subject": "Quokka"}
    held = {made(site, "activities", call, deleted=99) for _number in range(3)}
    free = made(site, "activities", call, deleted=91)
    activity: Any = site.registry.models["activity"]
    key = sa.ForeignKey(activity.__table__.c.id)
    table = sa.Table("other_hold", sa.MetaData(), sa.Column("activity_id", UUIDType(), key))
    engine = site.database.write_engine
    table.create(engine)
    try:
        with engine.begin() as connection:
            connection.execute(table.insert(), [{"activity_id": each} for each in held])
        purge_all(site)
        assert left(site, "activity") >= held
        assert free not in left(site, "activity")
    finally:
        table.drop(engine)


def test_zero_keeps_the_bin_and_the_page_tells_the_days(site: Site) -> None:
    old = made(site, "activities", {"kind": "note", "subject": "x"}, deleted=1000)
    browser = signed_in(create_app(site), site, make_user(site, "administrator"))
    assert "After 90 days here" in browser.get("/bin?type=activities").get_data(as_text=True)
    assert "They stay here" in browser.get("/bin?type=contacts").get_data(as_text=True)
    with site.write(make_user(site, "administrator")) as session:
        site_settings.save(session, {"retention.bin": 0})
    purge_all(site)
    assert old in left(site, "activity")
    assert "They stay here" in browser.get("/bin?type=activities").get_data(as_text=True)
