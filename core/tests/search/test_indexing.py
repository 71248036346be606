"""The index: texts beside fields, and writing it anew while others work."""

from __future__ import annotations

import threading
import time
from typing import Any
from uuid import UUID

import pytest
from search_crowd import crowd, fill
from sqlalchemy import delete, select

from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.records import reindex, search, search_texts, service
from kontora.records.models import SearchPart, SearchPosting
from kontora.records.service import Query

PARTS: Any = SearchPart.__table__
PLACES: Any = SearchPosting.__table__


def found(site: Site, q: str) -> list[str]:
    with site.read(system("test")) as session:
        rtype = session.registry.record_type("contacts")
        page = service.list_records(session, rtype, Query(q=q, fields=("display_name",)))
        return [each["display_name"] for each in page.items]


def anew(site: Site, path: str = "contacts") -> int:
    rtype = site.registry.record_type(path)
    return reindex.reindex(site.write, system("test"), rtype, lambda _done, _total: None)


def entries(site: Site, table: Any) -> set[tuple[Any, ...]]:
    with site.read(system("test")) as session:
        rows = session.execute(select(table), execution_options=search.DOOR)
        return {tuple(row) for row in rows}


@pytest.fixture
def some(site: Site) -> Site:
    return fill(site, crowd(60))


def test_a_text_finds_its_record_until_it_is_taken_out(
    some: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with some.read(system("test")) as session:
        page = service.list_records(session, session.registry.record_type("contacts"), Query())
    one = page.items[0]
    texts = {"a": "Договор аренды склада", "b": "Warehouse lease"}

    def read(_session: Any, entity: str, ids: Any) -> list[search_texts.Text]:
        mine = UUID(one["id"]) if entity == "party" and UUID(one["id"]) in ids else None
        return [search_texts.Text(mine, part, text) for part, text in texts.items() if mine]

    monkeypatch.setitem(search_texts._sources, "papers", read)
    for part, text in texts.items():
        with some.write(system("test")) as session:
            search.index_text(session, "party", UUID(one["id"]), "papers", text, part)
    assert found(some, "склад") == found(some, "warehouse") == [one["display_name"]]
    before = entries(some, PLACES)
    anew(some)
    assert entries(some, PLACES) == before
    with some.write(system("test")) as session:
        search.index_text(session, "party", UUID(one["id"]), "papers", "", "b")
    assert found(some, "склад") == [one["display_name"]]
    assert found(some, "warehouse") == []


def test_an_address_keeps_only_endings_that_begin_with_its_words() -> None:
    found = search.parts_of("kara.nielsen_x@mail.example.org")
    assert found == [
        "kara.nielsen_x@mail.example.org",
        "nielsen_x@mail.example.org",
        "x@mail.example.org",
        "@mail.example.org",
    ]


def test_a_reindex_brings_back_what_was_lost(some: Site) -> None:
    places, parts = entries(some, PLACES), entries(some, PARTS)
    with some.write(system("test")) as session:
        session.execute(delete(PLACES), execution_options=search.DOOR)
        session.execute(delete(PARTS), execution_options=search.DOOR)
    assert found(some, "Ivan") == []
    reindex.reindex_words(some.write, system("test"), lambda _done, _total: None)
    for path in reindex.paths(some.registry):
        anew(some, path)
    assert entries(some, PLACES) == places
    assert entries(some, PARTS) == parts


def test_nothing_is_missing_and_nobody_waits_long_while_the_index_is_written(some: Site) -> None:
    expected, waits, missing, over = found(some, "Иван"), [], [], threading.Event()
    assert expected

    def work() -> None:
        number = 0
        while not over.is_set():
            began = time.monotonic()
            with some.write(system("test")) as session:
                rtype = session.registry.record_type("contacts")
                service.create_record(session, rtype, {"kind": "person", "family": f"Zz{number}"})
            waits.append(time.monotonic() - began)
            if found(some, "Иван") != expected:
                missing.append(number)
            number += 1

    other = threading.Thread(target=work)
    other.start()
    for _round in range(3):
        anew(some)
    over.set()
    other.join()
    assert not missing
    assert len(waits) > 1
    assert len(found(some, "Zz")) == min(len(waits), 50)


def test_an_ended_reindex_goes_on_where_it_stopped(some: Site) -> None:
    rtype = some.registry.record_type("contacts")

    class Killed(Exception):
        pass

    def stop(done: int, _total: int | None) -> None:
        if done:
            raise Killed

    slices = reindex.SLICE_SECONDS
    reindex.SLICE_SECONDS = 0
    try:
        with pytest.raises(Killed):
            reindex.reindex(some.write, system("test"), rtype, stop)
    finally:
        reindex.SLICE_SECONDS = slices
    rest = reindex.reindex(some.write, system("test"), rtype, lambda _done, _total: None)
    assert 0 < rest < 60
    assert anew(some) == 60
