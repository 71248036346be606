"""What comes in: ids of records that one may not see, and names that nobody may send."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

import pytest
from small_company import ROLES, Company, dump, undone

from kontora.errors import Forbidden, Invalid
from kontora.ids import new_id
from kontora.records import service
from kontora.records.filters import operators
from kontora.records.service import Query
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType

BASE: dict[str, dict[str, Any]] = {
    "contacts": {"given": "New"},
    "counterparties": {"display_name": "New"},
    "activities": {"kind": "note"},
    "branches": {"name": "New"},
    "teams": {"name": "New"},
    "users": {"name": "New"},
}
OTHERS: dict[str, Any] = {
    "role": "client",
    "type": "related_to",
    "organisation": None,
}


def references(rtype: RecordType) -> list[tuple[str, Field, Field]]:
    """All inputs of a record type that take an id: (path, field, the reference itself)."""
    found = []
    for field in rtype.fields:
        if not field.is_input:
            continue
        if field.type is FieldType.REFERENCE:
            found.append((field.name, field, field))
        elif field.collection is not None:
            found += [
                (f"{field.name}.{each.name}", field, each)
                for each in field.collection.fields
                if each.type is FieldType.REFERENCE
            ]
    return found


def test_there_are_as_many_inputs_for_ids_as_we_think(company: Company) -> None:
    found = {
        f"{path}:{name}"
        for path, rtype in company.site.registry.record_types.items()
        for name, _field, _each in references(rtype)
    }
    assert {
        "contacts:owner",
        "contacts:affiliations.organisation",
        "contacts:affiliations.reports_to",
        "contacts:relations.other",
        "contacts:roles.owner",
        "counterparties:parent",
        "activities:parties.party",
        "activities:records.id",
        "users:teams.team",
        "teams:members.user",
    } <= found


def payload(field: Field, inner: Field, given: Any) -> dict[str, Any]:
    """Input with this id in just this place."""
    if field is inner:
        return {field.name: given}
    assert field.collection is not None
    if field.collection.single:
        return {field.name: [given]}
    row: dict[str, Any] = {inner.name: given}
    for each in field.collection.fields:
        if each.required and each.name != inner.name:
            row[each.name] = "party" if field.name == "records" else OTHERS.get(each.name)
    if inner.name == "reports_to":
        row["organisation"] = OTHERS["firm"]
    return {field.name: [row]}


def ids(company: Company, inner: Field) -> list[str]:
    """Ids that must not be accepted."""
    OTHERS["firm"] = str(company.of("counterparties", "team").id)
    parties = [
        company.of("contacts", "foreign"),
        company.of("contacts", "deleted"),
        company.of("contacts", "deleted foreign"),
        company.of("counterparties", "foreign"),
        company.of("counterparties", "deleted"),
    ]
    if inner.target_kind == "organisation":  # visible, but a person
        parties.append(company.of("contacts", "team"))
    elif inner.target_kind == "person":
        parties.append(company.of("counterparties", "team"))
    return [str(new_id()), *(str(each.id) for each in parties)]


WAYS: dict[str, Any] = {
    "create": lambda s, t, i, d: service.create_record(s, t, d),
    "change": lambda s, t, i, d: service.change_record(s, t, i, d),
    "bulk": lambda s, t, i, d: _raise(service.change_many(s, t, [i], d)),
}


def target_of(company: Company, path: str, field: Field | None = None) -> UUID:
    """A record that the manager may edit, of a kind that has the field."""
    if path == "counterparties" and field is not None and field.kinds == ("person",):
        return company.of(path, "by role").id
    return company.of(path, {"branches": "West", "users": "mate"}.get(path, "team")).id


def refusal(do: Any) -> str:
    try:
        do()
    except (Invalid, Forbidden) as error:
        return str(error)
    return "accepted"


@pytest.mark.parametrize("path", BASE)
def test_no_input_takes_the_id_of_a_record_that_one_may_not_see(
    company: Company, path: str
) -> None:
    rtype, before = company.rtype(path), dump(company)
    who = "manager" if path in ("contacts", "counterparties", "activities") else "administrator"
    wrong, count = [], 0
    with company.site.write(company.principal(who)) as session:
        for name, field, inner in references(rtype):
            target = target_of(company, path, field)
            kinds = field.kinds or rtype.kinds
            base = {"given": "New", "kind": "person"} if kinds[:1] == ("person",) else BASE[path]
            for number, given in enumerate(ids(company, inner)):
                sent = payload(field, inner, given if number % 2 else {"id": given, "name": "x"})
                for way, do in WAYS.items():
                    data = {**base, **sent} if way == "create" else sent
                    found = refusal(lambda: do(session, rtype, target, data))
                    count += 1
                    if "There is no such record." not in found and "assign" not in found:
                        wrong.append((way, name, given, found))
    assert wrong == []
    assert count > 10
    assert dump(company) == before


def _raise(result: Any) -> None:
    for row in result.rows:
        if row.error is not None:
            raise row.error


def test_filters_by_an_unseen_id_find_nothing(company: Company) -> None:
    """Neither an id, nor “is not empty”, tells that a hidden record stands there."""
    lost, ours = company.of("counterparties", "foreign"), company.of("counterparties", "team")
    firms = company.rtype("counterparties")
    with company.site.write(company.principal("administrator")) as session, undone(session):
        service.change_record(session, firms, ours.id, {"parent": str(lost.id)})
        session.principal = company.principal("manager")
        session.predicates = type(session.predicates)(
            session.principal, dict(session.registry.models)
        )
        session._criteria.clear()
        shown = service.get_record(session, firms, ours.id)
        assert shown["parent"] is None

        def found(op: str, value: Any) -> bool:
            tree = {"field": "parent", "op": op, "value": value}
            items = service.list_records(session, firms, Query(filter=tree, limit=200)).items
            return str(ours.id) in [each["id"] for each in items]

        assert not found("eq", str(lost.id))
        assert not found("in", [str(lost.id)])
        assert not found("empty", False)
        assert found("empty", True)
        assert found("ne", str(lost.id))
        # Sending back the emptiness that one was shown changes nothing.
        service.change_record(session, firms, ours.id, {"parent": None, "notes": "x"})
        (entry, *_rest) = service.history(session, firms, ours.id)
        assert [each[0] for each in entry.fields] == ["notes"]


FORBIDDEN = """id version created_at updated_at deleted_at sort_key is_counterparty entity guard
owner_id branch_id custom_fields role is_admin admin tenant tenant_id principal rights grants
scope password password_hash token secret history changes ownership external_key party_id
person_id _sa_instance_state __class__ __guard__ metadata registry fields context kind.x
points.0.id normalised raw position search words deleted bin merged_into""".split()
NESTED = ("id", "party_id", "position", "raw", "normalised", "record_id", "owner_id", "__class__")


@pytest.mark.parametrize("path", BASE)
def test_forbidden_names_are_refused_by_name(company: Company, path: str) -> None:
    rtype, before = company.rtype(path), dump(company)
    own = {each.name for each in rtype.fields}
    target = company.of(path, {"branches": "West", "users": "mate"}.get(path, "team"))
    names = [name for name in FORBIDDEN if name not in own]
    names += [each.name for each in rtype.fields if not each.is_input]
    names += [] if path == "activities" else ["kind"]
    with company.site.write(company.principal("administrator")) as session:
        for name in names:
            for value in ("x", None):
                with pytest.raises(Invalid) as caught:
                    service.change_record(session, rtype, target.id, {name: value})
                assert any(str(key).startswith(name) for key in caught.value.errors), name
                if name == "kind":
                    continue
                with pytest.raises(Invalid) as caught:
                    service.create_record(session, rtype, {**BASE[path], name: value})
                assert any(str(key).startswith(name) for key in caught.value.errors), name
        for field in rtype.fields:
            if field.collection is None or field.collection.single or not field.is_input:
                continue
            if not field.applies_to("organisation" if path == "counterparties" else None):
                continue
            for name in NESTED:
                if name in {each.name for each in field.collection.fields}:
                    continue
                with pytest.raises(Invalid) as caught:
                    data = {field.name: [{name: "x"}]}
                    service.change_record(session, rtype, target.id, data)
                assert f"{field.name}.0.{name}" in caught.value.errors
    assert dump(company) == before


@pytest.mark.parametrize("role", [r for r in ROLES if r in ("manager", "assistant")])
@pytest.mark.parametrize("path", ["contacts", "counterparties", "activities"])
def test_giving_away_takes_the_right_to_assign(company: Company, role: str, path: str) -> None:
    rtype, before = company.rtype(path), dump(company)
    mine = company.of(path, f"own {role}").id
    stranger, east = str(company.users["stranger"]), str(company.branches["East"])
    given: list[dict[str, Any]] = [
        {"owner": stranger},
        {"owner": None},
        {"branch": east},
        {"branch": None},
        {"owner": str(company.users["mate"])},
    ]
    if path != "activities":
        client = {"role": "client"}
        given += [
            {"roles": [{**client, key: value}]}
            for key, value in (
                ("owner", stranger),
                ("owner", {"id": stranger}),
                ("branch", east),
                ("owner", str(company.users[role])),
            )
        ]
    with company.site.write(company.principal(role)) as session:
        for data in given:
            with pytest.raises(Forbidden):
                service.change_record(session, rtype, mine, data)
            if "roles" in data and data["roles"][0].get("owner") == str(company.users[role]):
                continue
            if data == {"branch": None} or data == {"owner": None} or data:
                with pytest.raises(Forbidden):
                    service.create_record(session, rtype, {**BASE[path], **data})
    with company.site.write(company.principal(role)) as session, undone(session):
        me = {"owner": str(company.users[role]), "branch": str(company.branches["West"])}
        service.create_record(session, rtype, {**BASE[path], **me})
        service.change_record(session, rtype, mine, me)
    assert dump(company) == before


@pytest.mark.parametrize("path", BASE)
def test_null_in_every_field_is_an_answer_and_never_a_crash(company: Company, path: str) -> None:
    rtype = company.rtype(path)
    target = company.of(path, {"branches": "West", "users": "mate"}.get(path, "team"))
    chance = random.Random(f"nulls of {path}")
    with company.site.write(company.principal("administrator")) as session:
        for field in rtype.fields:
            if not field.is_input:
                continue
            values: list[Any] = [None, "", "  ", [], {}, [None], [{}], "\x00", "\ud800", 10**30]
            values += [{"id": None}, {"id": "x"}, [["x"]], True, -1, "9999-12-31", "0001-01-01"]
            for value in chance.sample(values, 6):
                with undone(session):
                    for data in ({field.name: value}, {**BASE[path], field.name: value}):
                        try:
                            if len(data) == 1:
                                service.change_record(session, rtype, target.id, data)
                            else:
                                service.create_record(session, rtype, data)
                        except (Invalid, Forbidden):
                            pass


@pytest.mark.parametrize("path", BASE)
def test_every_operator_takes_any_value_without_a_crash(company: Company, path: str) -> None:
    rtype = company.rtype(path)
    values: list[Any] = [
        None,
        "",
        "x",
        1,
        True,
        [],
        {},
        [None, 1],
        "\x00",
        "\ud800",
        10**30,
        "%_\\",
    ]
    values += [
        "9999-12-31",
        "0001-01-01",
        "2026-11-21T18:42:00+14:00",
        str(new_id()),
        "me",
        "a" * 5000,
    ]
    names = [each.name for each in rtype.fields] + ["id", "kind", "created_at", "custom.level"]
    names += [
        f"{each.name}.{inner.name}"
        for each in rtype.fields
        if each.collection is not None
        for inner in each.collection.fields
    ]
    every = ("eq", "ne", "in", "nin", "contains", "starts", "lt", "le", "gt", "ge", "empty")
    worked, chance = 0, random.Random(f"operators of {path}")
    cells = [(name, op, value) for name in names for op in every for value in values]
    with company.site.read(company.principal("manager")) as session:
        for name, op, value in chance.sample(cells, 120):
            tree = {"field": name, "op": op, "value": value}
            try:
                service.list_records(session, rtype, Query(filter=tree, limit=1))
                worked += 1
            except Invalid:
                pass
    assert worked > 15
    assert all(operators(each) for each in rtype.fields)


@pytest.mark.parametrize(
    "tree",
    [
        "x",
        5,
        ["and"],
        {"and": []},
        {"and": "x"},
        {"or": [1]},
        {"not": "x"},
        {"foo": 1},
        {"and": [{"field": "id", "op": "eq", "value": "x"}], "or": []},
        {"field": "given", "op": "eq", "value": "x", "and": []},
        {"field": "nothing", "op": "eq", "value": "x"},
        {"field": "given", "op": "regexp", "value": "x"},
        {"field": ["given"], "op": {"x": 1}, "value": "x"},
    ],
)
def test_what_is_no_filter_is_refused(company: Company, tree: Any) -> None:
    with company.site.read(company.principal("manager")) as session:
        rtype = company.rtype("contacts")
        with pytest.raises(Invalid):
            service.list_records(session, rtype, Query(filter=tree))
        deep: Any = {"field": "given", "op": "eq", "value": "x"}
        for _level in range(20):
            deep = {"not": deep}
        with pytest.raises(Invalid):
            service.list_records(session, rtype, Query(filter=deep))
        wide = {"or": [{"field": "given", "value": "x"}] * 60}
        with pytest.raises(Invalid):
            service.list_records(session, rtype, Query(filter=wide))


def test_ids_that_are_garbage_are_not_there(company: Company) -> None:
    from kontora.errors import NotFound

    with company.site.write(company.principal("manager")) as session:
        for path in BASE:
            rtype = company.rtype(path)
            for garbage in (UUID(int=0), UUID(int=2**128 - 1)):
                with pytest.raises(NotFound):
                    service.get_record(session, rtype, garbage)
                with pytest.raises(NotFound):
                    service.history(session, rtype, garbage)
