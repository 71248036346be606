"""Unique fields hold also against those who write at the same time; indexes are used."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from fields_site import TYPES, Fields
from sqlalchemy import event, select

from kontora.access.principal import system
from kontora.db import run_time_indexes
from kontora.errors import Invalid
from kontora.lifecycle.site import Site
from kontora.parties.models import Party
from kontora.records import service
from kontora.records.custom import define, indexes
from kontora.records.custom.catalogue import rows
from kontora.records.filters import FilterCompiler


def test_a_value_stands_at_one_record_only(fields: Fields) -> None:
    fields.define(key="code", type="text", is_unique=True)
    anna, boris = fields.person("Anna", code="K-Ё 1"), fields.person("Boris", code="K-2")
    for taken in ("K-Ё 1", " k-е  1 "):
        with pytest.raises(Invalid) as refused:
            fields.person("Clara", code=taken)
        assert set(refused.value.errors) == {"custom.code"}
        with pytest.raises(Invalid):
            fields.change("contacts", boris, {"custom": {"code": taken}})
    fields.change("contacts", anna, {"custom": {"code": "K-Ё 1"}})
    fields.change("contacts", anna, {"custom": {"code": "K-3"}})
    fields.change("contacts", boris, {"custom": {"code": "K-Ё 1"}})
    fields.change("contacts", boris, {"custom": {"code": None}})
    assert fields.person("Clara", code="K-Ё 1")


def test_a_record_in_the_bin_keeps_its_value(fields: Fields) -> None:
    fields.define(key="code", type="integer", is_unique=True)
    anna = fields.person("Anna", code=1)
    with fields.site.write(system("test")) as session:
        service.delete_record(session, fields.rtype("contacts"), anna)
    with pytest.raises(Invalid):
        fields.person("Boris", code=1)
    with fields.site.write(system("test")) as session:
        service.restore_record(session, fields.rtype("contacts"), anna)
    assert fields.get("contacts", anna)["custom"] == {"code": 1}


def test_a_refused_save_holds_nothing(fields: Fields) -> None:
    fields.define(key="code", type="text", is_unique=True)
    with (
        fields.site.write(system("test")) as session,
        pytest.raises(Invalid),
        session.begin_nested(),
    ):
        rtype, data = fields.rtype("contacts"), {"custom": {"code": "x"}}
        service.create_record(session, rtype, data)
        service.create_record(session, rtype, data)
    assert fields.person("Anna", code="x")


@pytest.mark.parametrize("on_change", [False, True])
def test_of_many_who_write_one_value_at_once_one_wins(fields: Fields, on_change: bool) -> None:
    fields.define(key="code", type="text", is_unique=True)
    people = [fields.person(f"P{number}") for number in range(6)]
    start, outcomes = threading.Barrier(6), []

    def write(number: int) -> None:
        site = Site(fields.site.settings)
        start.wait()
        try:
            with site.write(system("test")) as session:
                rtype = session.registry.record_type("contacts")
                data = {"custom": {"code": "same"}}
                if on_change:
                    service.change_record(session, rtype, people[number], data)
                else:
                    service.create_record(session, rtype, {"given": "New", **data})
            outcomes.append("saved")
        except Invalid:
            outcomes.append("refused")
        finally:
            site.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["refused"] * 5 + ["saved"]
    assert len(fields.names(("custom.code", "eq", "same"))) == 1


def test_a_field_becomes_unique_only_when_its_values_are(fields: Fields) -> None:
    fields.define(key="code", type="text")
    fields.person("Anna", code="x")
    boris = fields.person("Boris", code="X")
    with pytest.raises(Invalid) as refused:
        fields.redefine("code", is_unique=True)
    assert set(refused.value.errors) == {"is_unique"}
    assert fields.person("Clara", code="x")
    fields.change("contacts", boris, {"custom": {"code": "y"}})
    with pytest.raises(Invalid):
        fields.redefine("code", is_unique=True)


def test_who_still_writes_by_the_old_catalogue_is_waited_for(site: Site) -> None:
    """On PostgreSQL a writer shares the lock of the generation; SQLite has one writer anyhow."""
    fields = Fields(site)
    fields.define(key="code", type="text")
    written, outcomes = threading.Event(), []

    def make_unique() -> None:
        other = Site(site.settings)
        written.wait()
        try:
            with other.write(define.elevated(system("admin"))) as session:
                row = define.find(session, "party", "code")
                define.change(session, row, {"is_unique": True})
            outcomes.append("unique")
        except Invalid:
            outcomes.append("refused")
        finally:
            other.close()

    thread = threading.Thread(target=make_unique)
    thread.start()
    with site.write(system("test")) as session:
        for _number in range(2):
            rtype = session.registry.record_type("contacts")
            service.create_record(session, rtype, {"given": "G", "custom": {"code": "same"}})
        written.set()
        thread.join(timeout=0.7)
        assert outcomes == []
    thread.join()
    assert outcomes == ["refused"]


def _plan(fields: Fields, name: str, op: str, value: Any) -> str:
    """How the engine finds the records of a condition."""
    with fields.site.read(system("test")) as session:
        rtype = session.registry.record_type("contacts")
        condition = FilterCompiler(session, rtype).leaf(name, op, value)
    engine = fields.site.database.read_engine
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"

    def ask(*arguments: Any) -> tuple[str, Any]:
        statement, parameters = arguments[2:4]
        is_select = statement.startswith("SELECT")
        return (f"{explain} {statement}" if is_select else statement), parameters

    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        event.listen(connection, "before_cursor_execute", ask, retval=True)
        result = connection.execute(select(Party.id).where(condition))
        assert result.cursor is not None
        return "\n".join(str(tuple(row)) for row in result.cursor.fetchall())


CONDITIONS: list[tuple[str, str, Any]] = [
    ("word", "eq", "alpha"),
    ("level", "ge", 5),
    ("weight", "lt", "1.5"),
    ("budget", "gt", "5"),
    ("since", "le", "2000-01-01"),
    ("grade", "eq", "gold"),
    ("vip", "eq", True),
    ("friend", "eq", "00000000-0000-7000-8000-000000000000"),
    ("page", "eq", "https://example.org"),
]


def test_an_indexed_field_has_an_index_that_its_filters_use(fields: Fields) -> None:
    for key, *_rest in CONDITIONS:
        fields.define(key=key, **TYPES[key], indexed=True)
    _settle(fields)
    for key, op, value in CONDITIONS:
        assert f"ixr_{key}_" in _plan(fields, f"custom.{key}", op, value), key
    assert _settle(fields) == {"made": [], "dropped": []}
    fields.redefine("level", type="decimal", indexed=True)
    fields.redefine("word", indexed=False)
    done = _settle(fields)
    assert [name.rpartition("_")[0] for name in done["made"]] == ["ixr_level"]
    assert sorted(name.rpartition("_")[0] for name in done["dropped"]) == ["ixr_level", "ixr_word"]
    fields.site.database.dispose()  # a kept statement would show its old plan
    assert "ixr_word" not in _plan(fields, "custom.word", "eq", "alpha")


def _settle(fields: Fields) -> dict[str, list[str]]:
    engine = fields.site.database.write_engine
    with fields.site.read(system("test")) as session:
        wanted = indexes.wanted(session.registry, rows(session), engine.dialect)
    return run_time_indexes.settle(engine, wanted)
