"""An erasure holds nobody up, goes on after a kill, and leaves no archive behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from kontora import clock
from kontora.access.principal import system
from kontora.ids import new_id
from kontora.lifecycle.site import Site
from kontora.parties.activities import Activity, ActivityParty
from kontora.privacy import erase, export, folder, requests, slices
from kontora.records import service
from kontora.records.models import ChangeRow, SearchPosting, SearchWord
from kontora_sdk.testing.people import make_user

ME = system("test")
WORD = "quokkamarsupial"


class Job:
    """What the worker gives a handler; each slice is timed, and one can be the last."""

    def __init__(self, site: Site, request: UUID, dies_at: int | None = None) -> None:
        self.site, self.args, self.dies_at = site, {"request": str(request)}, dies_at
        self.seconds: list[float] = []

    @contextmanager
    def slice(self) -> Iterator[Any]:
        if len(self.seconds) == self.dies_at:
            raise KeyboardInterrupt
        with self.site.write(system("privacy")) as session:
            began = time.monotonic()
            yield session
        self.seconds.append(time.monotonic() - began)

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        assert total is None or done <= total


def person_with(site: Site, number: int) -> UUID:
    """A person with so many activities of his alone, and as many changes of his record."""
    with site.write(ME) as session:
        rtype = session.registry.record_type("contacts")
        person: UUID = service.create_record(session, rtype, {"family": "Quokkason"}).id
    now = clock.now()
    ids = [new_id() for _each in range(number)]
    acts = [
        {"id": each, "kind": "note", "subject": f"{WORD} {n}", "body": f"of {WORD}", "custom": {}}
        | {"status": "done", "version": 1, "created_at": now, "updated_at": now}
        for n, each in enumerate(ids)
    ]
    tables: Any = (Activity.__table__, ActivityParty.__table__, ChangeRow.__table__)
    line = {"at": now, "version": 1, "principal_kind": "system", "principal_name": "test"}
    lines = [
        {**line, "entity": entity, "record_id": record, "verb": "change"}
        | {"diff": {"subject" if entity == "activity" else "notes": [None, f"{WORD} {n}"]}}
        for n, each in enumerate(ids)
        for entity, record in (("activity", each), ("party", person))
    ]
    with site.database.write_engine.begin() as connection:
        for start in range(0, number, 1000):
            connection.execute(tables[0].insert(), acts[start : start + 1000])
            links = [{"activity_id": e, "party_id": person} for e in ids[start : start + 1000]]
            connection.execute(tables[1].insert(), links)
        for start in range(0, len(lines), 1000):
            connection.execute(tables[2].insert(), lines[start : start + 1000])
        word: Any = SearchWord.__table__
        known = connection.execute(word.insert().values(word=WORD).returning(word.c.id)).scalar()
        posting: Any = SearchPosting.__table__
        extra = {"word_id": known, "entity": "activity"}
        rows = [_posting({**extra, "record_id": each}) for each in ids]
        for start in range(0, number, 1000):
            connection.execute(posting.insert(), rows[start : start + 1000])
    return person


def _posting(row: dict[str, Any]) -> dict[str, Any]:
    table: Any = SearchPosting.__table__
    for column in table.c:
        if column.name not in row and not column.nullable and column.default is None:
            row[column.name] = 1
    return row


def asked(site: Site, person: UUID, kind: str) -> UUID:
    with site.write(make_user(site, "administrator")) as session:
        name = erase.subject_name(session, person)
        return requests.ask(session, kind, person, name)


def traces(site: Site) -> list[str]:
    """The tables that still hold the word."""
    with site.database.read_engine.connect() as connection:
        found = []
        for table in (Activity.__table__, ChangeRow.__table__, SearchWord.__table__):
            rows = connection.execute(sa.select(table)).all()
            if any(WORD in str(row) for row in rows):
                found.append(str(table))
        return found


def state(site: Site, request: UUID) -> dict[str, Any]:
    with site.read(ME) as session:
        return requests.get(session, request)


def test_an_erasure_that_was_killed_goes_on(site: Site) -> None:
    person = person_with(site, 120)
    request = asked(site, person, "erase")
    kills = 0
    for dies_at in range(1, 30):
        try:
            requests.run_erasure(Job(site, request, dies_at))
        except KeyboardInterrupt:
            kills += 1
            assert state(site, request)["state"] == "running"
        else:
            break
    assert kills >= 4
    assert state(site, request)["state"] == "done"
    assert traces(site) == []
    with site.database.read_engine.connect() as connection:
        log: Any = ChangeRow.__table__
        lines = connection.execute(sa.select(log).where(log.c.verb == "erase")).all()
    assert len(lines) == 1  # the person himself was erased once
    assert requests.run_erasure(Job(site, request)) == {}


@pytest.mark.parametrize("first", ["export", "erasure"])
def test_no_archive_is_left_of_who_was_erased_meanwhile(
    site: Site, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    person = person_with(site, 3)
    wanted, gone = asked(site, person, "export"), asked(site, person, "erase")
    place = site.settings.home / "privacy"
    if first == "export":
        write = export.write

        def slowly(*given: Any) -> Any:
            counts = write(*given)
            requests.run_erasure(Job(site, gone))
            return counts

        monkeypatch.setattr(export, "write", slowly)
        requests.run_export(Job(site, wanted))
    else:
        finish = slices.finish

        def late(*given: Any) -> Any:
            monkeypatch.undo()
            return finish(*given)

        monkeypatch.setattr(slices, "finish", late)
        with pytest.raises(KeyboardInterrupt):
            requests.run_erasure(Job(site, gone, 2))
        requests.run_export(Job(site, wanted))
        requests.run_erasure(Job(site, gone))
    assert list(place.glob("*.zip*")) == []
    row = state(site, wanted)
    assert (row["state"], row["file"]) == ("done", None)


def test_an_export_that_was_killed_is_removed_by_the_erasure(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = person_with(site, 3)
    wanted, gone = asked(site, person, "export"), asked(site, person, "erase")
    monkeypatch.setattr(folder, "remove", lambda *given: None)
    with pytest.raises(KeyboardInterrupt):
        requests.run_export(Job(site, wanted, 1))
    monkeypatch.undo()
    place = site.settings.home / "privacy"
    assert len(list(place.glob("*.zip"))) == 1
    requests.run_erasure(Job(site, gone))
    assert list(place.glob("*.zip*")) == []


@pytest.mark.nightly
def test_ten_thousand_activities_hold_no_writer_for_a_second(site: Site) -> None:
    """Measured on two cores: see docs/how-to/consent-export-erasure.md."""
    person = person_with(site, 10_000)
    job = Job(site, asked(site, person, "erase"))
    began = time.monotonic()
    requests.run_erasure(job)
    longest = sorted(job.seconds)[-3:]
    print(f"{site.database.dialect}: {time.monotonic() - began:.1f} s, slices {longest}")
    assert traces(site) == []
    assert longest[-1] < 1.0
