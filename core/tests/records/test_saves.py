"""Saving: nobody overwrites anybody silently, and the history says exactly what was."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from kontora import clock
from kontora.access import identity
from kontora.access.models import FieldRule
from kontora.access.principal import Principal, system
from kontora.errors import Invalid, KontoraError, NotFound, Stale
from kontora.lifecycle.install import add_user
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.records.service import Query


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def place(request: pytest.FixtureRequest, new_site: Any) -> tuple[Site, Principal]:
    site = new_site(request.param)
    with site.write(system("test")) as session:
        made = add_user(session, email="manager@example.org", roles=["manager"])
    return site, principal(site, made)


def principal(site: Site, user: Any) -> Principal:
    with site.read(system("test")) as session:
        found = identity.principal_of_user(session, user)
    assert found is not None
    return found


def test_of_many_writers_with_one_version_exactly_one_wins(
    place: tuple[Site, Principal],
) -> None:
    site, me = place
    rtype = site.registry.record_type("contacts")
    with site.write(me) as session:
        made = service.create_record(session, rtype, {"given": "Anna"})
    version = made.version
    for round_ in range(4):
        outcome: list[str] = []
        barrier = threading.Barrier(4)

        def write(number: int, version: int = version, round_: int = round_) -> None:
            barrier.wait()
            try:
                with site.write(me) as session:
                    data = {"notes": f"{round_}-{number}"}
                    service.change_record(session, rtype, made.id, data, version)
                outcome.append("won")
            except Stale:
                outcome.append("stale")

        threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(outcome) == ["stale", "stale", "stale", "won"]
        version += 1
    with site.read(me) as session:
        assert service.version_of(session, rtype, made.id) == version
        assert len(service.history(session, rtype, made.id)) == 5


def test_appends_to_a_list_are_all_kept(place: tuple[Site, Principal]) -> None:
    """Read, append, write with the version, try again when stale: nothing acknowledged is lost."""
    site, me = place
    rtype = site.registry.record_type("counterparties")
    with site.write(me) as session:
        made = service.create_record(session, rtype, {"display_name": "Acme"})
    kept: list[str] = []

    def append(name: str) -> None:
        for number in range(4):
            while True:
                with site.read(me) as session:
                    version = service.version_of(session, rtype, made.id)
                    tags = service.get_record(session, rtype, made.id)["tags"]
                    if service.version_of(session, rtype, made.id) != version:
                        continue
                try:
                    with site.write(me) as session:
                        tag = f"{name}{number}"
                        data = {"tags": [*tags, tag]}
                        service.change_record(session, rtype, made.id, data, version)
                    kept.append(tag)
                    break
                except Stale:
                    continue

    threads = [threading.Thread(target=append, args=(n,)) for n in ("a", "b", "c")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    with site.read(me) as session:
        assert sorted(service.get_record(session, rtype, made.id)["tags"]) == sorted(kept)
    assert len(kept) == 12


def test_the_stale_writer_is_told_what_changed(place: tuple[Site, Principal]) -> None:
    site, me = place
    rtype = site.registry.record_type("contacts")
    with site.write(me) as session:
        made = service.create_record(session, rtype, {"given": "Anna", "phone": "+380441234567"})
        service.change_record(session, rtype, made.id, {"family": "Petrova"}, 1)
        with pytest.raises(Stale) as caught:
            service.change_record(session, rtype, made.id, {"notes": "x"}, 1)
        assert caught.value.current_version == 2
        assert set(caught.value.changed) == {"family", "display_name"}


def test_history_tells_before_and_after(place: tuple[Site, Principal]) -> None:
    site, me = place
    rtype = site.registry.record_type("contacts")
    with site.write(me) as session:
        given = {"given": "Anna", "tags": ["vip"], "custom": {"level": 1}}
        made = service.create_record(session, rtype, given)
        data = {"given": "Hanna", "tags": ["vip", "new"], "custom": {"level": 2}, "notes": None}
        service.change_record(session, rtype, made.id, data)
        service.change_record(session, rtype, made.id, {"given": "Hanna"})
        service.delete_record(session, rtype, made.id)
        with pytest.raises(NotFound):
            service.get_record(session, rtype, made.id)
        service.restore_record(session, rtype, made.id)
        entries = service.history(session, rtype, made.id)
        assert [each.verb for each in entries] == ["restore", "delete", "change", "create"]
        assert [each.version for each in entries] == [4, 3, 2, 1]
        changed = {name: (old, new) for name, _label, old, new in entries[2].fields}
        assert changed == {
            "given": ("Anna", "Hanna"),
            "display_name": ("Anna", "Hanna"),
            "tags": (["vip"], ["vip", "new"]),
            "custom.level": (1, 2),
        }
        assert entries[2].who == "manager"
        assert entries[3].fields == []


def test_ownership_is_kept_from_when_to_when(place: tuple[Site, Principal]) -> None:
    site, me = place
    rtype = site.registry.record_type("contacts")
    with site.write(system("test")) as session:
        made = service.create_record(session, rtype, {"given": "A", "owner": str(me.user_id)})
        service.change_record(session, rtype, made.id, {"owner": None})
        newest, oldest = service.ownership(session, rtype, made.id)
    assert (oldest["owner_id"], newest["owner_id"]) == (me.user_id, None)
    assert newest["valid_to"] is None
    assert oldest["valid_to"] == newest["valid_from"]


def test_bulk_has_a_result_per_row_and_one_failure_hinders_none(
    place: tuple[Site, Principal],
) -> None:
    site, me = place
    rtype = site.registry.record_type("counterparties")
    with site.write(system("test")) as session:
        lost = service.create_record(session, rtype, {"display_name": "Foreign"}).id
    with site.write(me) as session:
        mine = [
            service.create_record(session, rtype, {"display_name": f"Bulk {n}"}).id
            for n in range(3)
        ]
        result = service.change_many(session, rtype, [mine[0], lost, *mine[1:]], {"notes": "x"})
        assert [row.ok for row in result.rows] == [True, False, True, True]
        assert isinstance(result.rows[1].error, NotFound)
        bad = service.change_many(session, rtype, mine, {"owner": str(lost)})
        assert [type(row.error) for row in bad.rows] == [Invalid] * 3
        again = service.change_many(session, rtype, Query(q="bulk"), {"notes": "y"})
        assert again.done == 3
        for each in mine:
            assert service.get_record(session, rtype, each)["notes"] == "y"


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "\ud800x",
        "e\u0301" * 50,
        "\u202eevil",
        "👩‍👩‍👧",
        "ا" * 250,
        "%_\\'\"; --",
        "李 小龍",
    ],
)
def test_odd_texts_are_kept_or_cleaned_and_found(place: tuple[Site, Principal], text: str) -> None:
    site, me = place
    rtype = site.registry.record_type("counterparties")
    long = (text * 70_000)[:65_000]
    with site.write(me) as session:
        data = {"display_name": text, "notes": long, "custom": {"x": text}, "tags": [text[:60]]}
        made = service.create_record(session, rtype, data)
        shown = service.get_record(session, rtype, made.id)
        clean = text.replace("\x00", "").replace("\ud800", "")
        assert shown["display_name"] == clean
        assert shown["custom"] == {"x": clean}
        with pytest.raises(Invalid):
            service.change_record(session, rtype, made.id, {"notes": "x" * 65_537})
        service.list_records(session, rtype, Query(q=text))
        service.list_records(session, rtype, Query(q="x@" + text))


HIDDEN = {"notes": "secret", "tags": ["hush"], "custom": {"salary": 5}, "email": "who@where.org"}


def test_a_hidden_field_influences_no_answer(place: tuple[Site, Principal]) -> None:
    """Two records that differ in hidden values only answer alike (T-04, small)."""
    site, me = place
    rtype = site.registry.record_type("contacts")
    hidden = ["notes", "tags", "custom.salary", "points", "birth_date"]
    answers = []
    with site.write(system("test")) as session:
        for name in hidden:
            rule = FieldRule(role_key="manager", entity="party", field=name, access="hidden")
            session.add(rule)
    who = principal(site, me.user_id)
    moment = datetime(2026, 11, 21, 12, tzinfo=UTC)
    try:
        for extra in ({}, {**HIDDEN, "birth_date": "1987-05-14"}):
            with site.write(system("test")) as session, clock.frozen(moment):
                data = {"given": "Twin", "owner": str(me.user_id)}
                made = service.create_record(session, rtype, data)
                for name, value in extra.items():
                    service.change_record(session, rtype, made.id, {name: value})
            answers.append(_answers(site, who, rtype, made.id))
            with site.write(system("test")) as session:
                service.delete_record(session, rtype, made.id)
    finally:
        with site.write(system("test")) as session:
            for rule in session.query(FieldRule).all():
                session.delete(rule)
    assert answers[0] == answers[1]
    with site.write(me) as session:
        service.restore_record(session, rtype, made.id)
        assert service.get_record(session, rtype, made.id)["notes"] == "secret"


def _answers(site: Site, who: Principal, rtype: Any, record_id: Any) -> list[Any]:
    found: list[Any] = []

    def ask(do: Any) -> None:
        try:
            found.append(repr(do()).replace(str(record_id), "ID"))
        except KontoraError as error:
            found.append(f"{type(error).__name__}: {error}")

    with site.read(who) as session:
        for q in ("secret", "hush", "who@where.org", "where", "twin", "1987"):
            ask(
                lambda q=q: [
                    r["id"] for r in service.list_records(session, rtype, Query(q=q)).items
                ]
            )
        for name in (
            "notes",
            "tags",
            "custom.salary",
            "points",
            "email",
            "birth_date",
            "points.value",
        ):
            for op, value in (("eq", "secret"), ("empty", True), ("ne", "x")):
                tree = {"field": name, "op": op, "value": value}
                ask(
                    lambda tree=tree: service.list_records(session, rtype, Query(filter=tree)).items
                )
            ask(lambda name=name: service.list_records(session, rtype, Query(sort=(name,))).items)
            ask(lambda name=name: service.aggregate(session, rtype, Query(), name))
            ask(lambda name=name: service.get_record(session, rtype, record_id, fields=[name]))
            ask(lambda name=name: service.get_record(session, rtype, record_id, expand=[name]))
            ask(
                lambda name=name: service.aggregate(session, rtype, Query(), None, (f"max:{name}",))
            )
        shown = service.get_record(session, rtype, record_id)
        assert not {"notes", "tags", "points", "birth_date"} & shown.keys()
        assert shown["custom"] == {}
        for entry in service.history(session, rtype, record_id):
            assert list(entry.fields) == []
    with site.write(who) as session:
        for data in ({"notes": "x"}, {"tags": []}, {"email": "a@b.org"}, {"custom": {"salary": 1}}):
            ask(lambda data=data: service.change_record(session, rtype, record_id, data))
    return found
