"""The catalogue: a field is there at once and everywhere, and goes without loss."""

from __future__ import annotations

from typing import Any

import pytest
from fields_site import CHOICES, Fields
from sqlalchemy import event

from kontora.access.principal import system
from kontora.errors import Conflict, Invalid, NotFound
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.records.custom import define
from kontora.rest.openapi import document


def test_another_process_sees_a_new_field_without_restart(fields: Fields) -> None:
    other = Site(fields.site.settings)
    with other.read(system("test")) as session:
        assert session.registry.record_type("contacts").field_named("custom.level") is None
    fields.define(key="level", type="integer")
    with other.read(system("test")) as session:
        rtype = session.registry.record_type("contacts")
        assert rtype.field_named("custom.level") is not None
        shape = document(session.registry)["components"]["schemas"]["ContactsCreate"]
    assert shape["properties"]["custom"]["properties"]["level"]["type"] == ["integer", "null"]
    with other.write(system("test")) as session, pytest.raises(Invalid):
        service.create_record(session, fields.rtype("contacts"), {"custom": {"level": "x"}})
    fields.redefine("level", label="Level of trust", type="integer")
    with other.read(system("test")) as session:
        found = session.registry.record_type("contacts").field_named("custom.level")
        assert found.label == "Level of trust"
    other.close()


def test_the_generation_costs_a_session_one_statement(fields: Fields) -> None:
    fields.define(key="level", type="integer")
    with fields.site.read(system("test")) as session:
        assert session.registry  # builds the catalogue of this process
    seen: list[str] = []
    engine = fields.site.database.read_engine

    def note(*arguments: Any) -> None:
        if arguments[2] != "BEGIN":
            seen.append(arguments[2])

    event.listen(engine, "before_cursor_execute", note)
    try:
        with fields.site.read(system("test")) as session:
            first = session.registry
            assert session.registry is first
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(seen) == 1, seen
    assert "site_state" in seen[0]


def test_no_statement_is_added_per_record(fields: Fields) -> None:
    for key, data in {"level": {"type": "integer"}, "word": {"type": "text"}}.items():
        fields.define(key=key, **data)
    counts = []
    for number in (1, 10):
        for each in range(number):
            fields.person(f"P{number}-{each}", level=each, word="x")
        seen: list[str] = []
        engine = fields.site.database.read_engine

        def note(*arguments: Any, seen: list[str] = seen) -> None:
            seen.append(arguments[2])

        event.listen(engine, "before_cursor_execute", note)
        fields.names(sort=("custom.level",))
        event.remove(engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_field_that_was_rolled_back_was_never_there(fields: Fields) -> None:
    with fields.site.write(define.elevated(system("admin"))) as session:
        with pytest.raises(RuntimeError), session.begin_nested():
            define.create(session, "party", {"label": "L", "key": "level", "type": "integer"})
            contacts = session.registry.record_type("contacts")
            assert contacts.field_named("custom.level") is not None
            raise RuntimeError
        assert session.registry.record_type("contacts").field_named("custom.level") is None
    with fields.site.read(system("test")) as session:
        assert session.registry.record_type("contacts").field_named("custom.level") is None


def test_required_and_default_hold_for_new_records(fields: Fields) -> None:
    fields.define(key="level", type="integer", required=True)
    fields.define(key="grade", type="choice", options=CHOICES, required=True, default_value="gold")
    fields.define(key="firm", type="text", required=True, kinds=["organisation"])
    fields.define(key="rate", type="decimal", required=True, roles=["dealer"])
    with pytest.raises(Invalid) as refused:
        fields.person("Anna")
    assert set(refused.value.errors) == {"custom.level"}
    anna = fields.person("Anna", level=1)
    assert fields.get("contacts", anna)["custom"] == {"level": 1, "grade": "gold"}
    with pytest.raises(Invalid) as refused:
        fields.change("contacts", anna, {"custom": {"level": None}})
    assert set(refused.value.errors) == {"custom.level"}
    with pytest.raises(Invalid) as refused:
        dealer = {"given": "D", "roles": [{"role": "dealer"}], "custom": {"level": 1}}
        fields.make("contacts", dealer)
    assert set(refused.value.errors) == {"custom.rate"}


def test_a_field_of_one_kind_does_not_exist_for_another(fields: Fields) -> None:
    fields.define(key="pets", type="integer", kinds=["person"])
    firm = {"display_name": "Firm", "custom": {"pets": 1}}
    with pytest.raises(Invalid):
        fields.make("counterparties", firm)
    assert fields.make("counterparties", {**firm, "kind": "person"})


def test_an_archived_field_keeps_its_values_and_shows_them_nowhere(fields: Fields) -> None:
    fields.define(key="word", type="text")
    anna = fields.person("Anna", word="secretword")
    with fields.site.write(define.elevated(system("admin"))) as session:
        define.archive(session, define.find(session, "party", "word"))
    assert fields.get("contacts", anna)["custom"] == {}
    assert fields.names(q="secretword") == []
    for do in (
        lambda: fields.names(("custom.word", "eq", "secretword")),
        lambda: fields.change("contacts", anna, {"custom": {"word": "x"}}),
    ):
        with pytest.raises(Invalid):
            do()
    with fields.site.write(define.elevated(system("admin"))) as session:
        define.archive(session, define.find(session, "party", "word"), back=True)
    assert fields.get("contacts", anna)["custom"] == {"word": "secretword"}
    assert fields.names(q="secretword") == ["Anna"]


def test_deleting_takes_the_key_typed_and_leaves_the_history(fields: Fields) -> None:
    fields.define(key="word", type="text", is_unique=True, profile=True)
    anna = fields.person("Anna", word="gone")
    with fields.site.write(define.elevated(system("admin"))) as session:
        row = define.find(session, "party", "word")
        assert define.lost_with(session, row) == 1
        with pytest.raises(Invalid):
            define.remove(session, row, "words")
        define.remove(session, row, "word")
    assert fields.get("contacts", anna)["custom"] == {}
    assert fields.names(q="gone") == []
    with fields.site.read(system("test")) as session:
        newest = service.history(session, fields.rtype("contacts"), anna)[0]
        assert newest.fields == [("custom.word", "custom.word", "gone", None)]
    fields.define(key="word", type="text", is_unique=True)
    assert fields.person("Boris", word="gone")


def test_a_new_type_converts_what_it_can_and_keeps_the_rest_beside(fields: Fields) -> None:
    fields.define(key="level", type="text")
    people = {given: fields.person(given, level=given) for given in ("5", "7,0", "high")}
    with fields.site.read(system("test")) as session:
        row = define.find(session, "party", "level")
        seen = define.preview(session, row, {"type": "integer"})
    assert seen is not None
    assert (seen.values, seen.lost, seen.examples) == (3, 1, ("high",))
    with pytest.raises(Conflict):
        fields.redefine("level", type="integer")
    assert fields.get("contacts", people["5"])["custom"] == {"level": "5"}
    fields.redefine("level", confirmed=True, type="integer")
    shown = {given: fields.get("contacts", one)["custom"] for given, one in people.items()}
    assert shown == {"5": {"level": 5}, "7,0": {"level": 7}, "high": {"level_old": "high"}}
    assert fields.names(("custom.level", "gt", 5)) == ["7,0"]
    with fields.site.read(system("test")) as session:
        newest = service.history(session, fields.rtype("contacts"), people["high"])[0]
    assert {each[0] for each in newest.fields} == {"custom.level", "custom.level_old"}


def test_values_that_nobody_declared_become_those_of_a_new_field(fields: Fields) -> None:
    anna = fields.person("Anna", shoe="38", hat="wide")
    fields.define(key="shoe", type="integer")
    fields.define(key="hat", type="integer")
    assert fields.get("contacts", anna)["custom"] == {"shoe": 38, "hat_old": "wide"}
    assert fields.names(("custom.shoe", "ge", 38)) == ["Anna"]


def test_a_choice_that_is_taken_away_stays_where_it_stands(fields: Fields) -> None:
    fields.define(key="grade", type="choice", options=CHOICES)
    anna = fields.person("Anna", grade="gold")
    fields.redefine("grade", options=[{"value": "new", "label": "New"}])
    assert fields.get("contacts", anna)["custom"] == {"grade": "gold"}
    with fields.site.read(system("test")) as session:
        field = session.registry.record_type("contacts").field_named("custom.grade")
    assert [(each.value, each.retired) for each in field.choices] == [
        ("new", False),
        ("gold", True),
    ]
    with pytest.raises(Invalid):
        fields.person("Boris", grade="gold")
    assert fields.names(("custom.grade", "eq", "gold")) == ["Anna"]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"label": ""}, "label"),
    ({"key": "Ключ"}, "key"),
    ({"key": "a.b"}, "key"),
    ({"key": 'x"] OR 1=1 --'}, "key"),
    ({"type": "json"}, "type"),
    ({"type": "choice"}, "options"),
    ({"type": "choice", "options": [{"value": 'a"b', "label": "x"}]}, "options"),
    ({"type": "reference", "target": "change"}, "target"),
    ({"type": "boolean", "is_unique": True}, "is_unique"),
    ({"type": "choices", "options": CHOICES, "indexed": True}, "indexed"),
    ({"type": "decimal", "places": 40}, "places"),
    ({"kinds": ["robot"]}, "kinds"),
    ({"roles": ["king"]}, "roles"),
    ({"type": "integer", "default_value": "many"}, "default_value"),
]


@pytest.mark.parametrize(("data", "member"), BAD)
def test_a_definition_that_makes_no_sense_is_refused(
    site: Site, data: dict[str, Any], member: str
) -> None:
    with site.write(define.elevated(system("admin"))) as session:
        given = {"label": "L", "key": "good", "type": "text", **data}
        with pytest.raises(Invalid) as refused:
            define.create(session, "party", given)
        assert set(refused.value.errors) == {member}
        with pytest.raises(NotFound):
            define.create(session, "change", {"label": "L", "type": "text"})


def test_a_label_in_any_alphabet_gets_a_key(site: Site) -> None:
    with site.write(define.elevated(system("admin"))) as session:
        made = [
            define.create(session, "activity", {"label": label, "type": "text"}).key
            for label in ("VIP level!", "VIP-level", "Возраст", "Сім’я")
        ]
    assert made == ["vip_level", "vip_level_2", "field_1", "field_2"]
