"""Who may do what: every record × shipped role × verb, against the rule in `small_company`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from small_company import ROLES, Company, Item, dump, undone

from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, KontoraError, NotFound
from kontora.ids import new_id
from kontora.records import service
from kontora.records.service import Query

SEED = 20261121
PATHS = ("contacts", "counterparties", "activities", "groups", "branches", "teams", "users")
CHANGES: dict[str, dict[str, Any]] = {
    "contacts": {"middle": "X"},
    "counterparties": {"notes": "X"},
    "activities": {"body": "X"},
    "branches": {"name": "X"},
    "teams": {"name": "X"},
    "users": {"name": "X"},
    "groups": {"description": "X"},
}
Verb = Callable[[ScopedSession, Any, UUID, dict[str, Any]], Any]


def _bulk(session: ScopedSession, rtype: Any, record_id: UUID, data: dict[str, Any]) -> Any:
    (row,) = service.change_many(session, rtype, [record_id], data).rows
    if row.error is not None:
        raise row.error
    return row


VERBS: dict[str, tuple[str, Verb]] = {
    "get": ("view", lambda s, t, i, d: service.get_record(s, t, i)),
    "history": ("view", lambda s, t, i, d: service.history(s, t, i)),
    "ownership": ("view", lambda s, t, i, d: service.ownership(s, t, i)),
    "change": ("edit", lambda s, t, i, d: service.change_record(s, t, i, d)),
    "bulk": ("edit", _bulk),
    "delete": ("delete", lambda s, t, i, d: service.delete_record(s, t, i)),
    "restore": ("delete", lambda s, t, i, d: service.restore_record(s, t, i)),
}


def _outcome(do: Callable[[], Any]) -> str:
    try:
        do()
    except KontoraError as error:
        return f"{type(error).__name__}: {error}"
    return "done"


def expected(company: Company, role: str, verb: str, right: str, item: Item) -> str:
    """What the rule says: done, Forbidden, NotFound or Conflict."""
    if not company.may(role, "view", item) or (item.deleted and verb != "restore"):
        return "NotFound"
    if not company.may(role, right, item):
        return "Forbidden"
    return "Conflict" if verb == "restore" and not item.deleted else "done"


def cells(company: Company, role: str) -> Iterator[tuple[str, str, Item]]:
    """All of them on SQLite, a seeded tenth on PostgreSQL."""
    chance = random.Random(f"{SEED}-{role}")
    whole = company.site.database.dialect == "sqlite"
    for item in company.items:
        for path in (item.path, *item.listed):
            for verb in VERBS:
                if whole or chance.random() < 0.1:
                    yield path, verb, item


@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_with_each_record_what_the_rule_says(company: Company, role: str) -> None:
    before, wrong, count = dump(company), [], 0
    with company.site.write(company.principal(role)) as session:
        for path, verb, item in cells(company, role):
            right, do = VERBS[verb]
            rtype, data = company.rtype(path), CHANGES[path]
            rule = expected(company, role, verb, right, item)
            if rule == "done":
                with undone(session):
                    found = _outcome(lambda: do(session, rtype, item.id, data))
            else:
                # Not rolled back: a refusal writes nothing, which the last line asks.
                found = _outcome(lambda: do(session, rtype, item.id, data))
            count += 1
            if found.partition(":")[0] != rule:
                wrong.append((path, item.place, verb, rule, found))
            absent = _outcome(lambda: do(session, rtype, new_id(), data))
            if rule == "NotFound" and found != absent:
                wrong.append((path, item.place, verb, absent, found))
    assert wrong == []
    assert count > (100 if company.site.database.dialect == "sqlite" else 10)
    assert dump(company) == before


def _seen(company: Company, role: str, path: str, *, deleted: bool = False) -> list[str]:
    return sorted(
        str(item.id)
        for item in company.items
        if path in (item.path, *item.listed)
        and item.deleted is deleted
        and company.may(role, "view", item)
    )


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("role", ROLES)
def test_lists_counts_and_figures_speak_of_what_the_role_sees(
    company: Company, role: str, path: str
) -> None:
    rtype, wanted = company.rtype(path), _seen(company, role, path)
    with company.site.read(company.principal(role)) as session:
        page = service.list_records(session, rtype, Query(limit=200, total=True))
        assert sorted(each["id"] for each in page.items) == wanted
        assert page.total == len(wanted)
        assert service.aggregate(session, rtype, Query()) == [{"count": len(wanted)}]
        rows = service.aggregate(session, rtype, Query(), "created_at")
        assert sum(row["count"] for row in rows) == len(wanted)
        matching = service.matching(session, rtype, Query())
        assert sorted(str(each) for each in matching) == wanted
        page = service.list_records(session, rtype, Query(limit=200, bin=True, total=True))
        in_bin = _seen(company, role, path, deleted=True)
        assert sorted(each["id"] for each in page.items) == in_bin
        assert page.total == len(in_bin)


@pytest.mark.parametrize("role", ROLES)
def test_search_finds_what_the_role_sees(company: Company, role: str) -> None:
    with company.site.read(company.principal(role)) as session:
        for path in PATHS[:4]:
            rtype = company.rtype(path)
            page = service.list_records(session, rtype, Query(q="common", limit=200, total=True))
            assert sorted(each["id"] for each in page.items) == _seen(company, role, path)
            assert page.total == len(page.items)
            for item in company.items:
                if path not in (item.path, *item.listed):
                    continue
                word = f"canary{item.entity}{item.place.replace(' ', '')}".replace("_", "")
                page = service.list_records(session, rtype, Query(q=word, limit=200))
                seen = company.may(role, "view", item) and not item.deleted
                assert (str(item.id) in [each["id"] for each in page.items]) is seen


@pytest.mark.parametrize("role", ROLES)
def test_no_answer_names_what_the_role_does_not_see(company: Company, role: str) -> None:
    """Canaries: the names of unseen records stand in no list, record, history or figure."""
    hidden = [
        f"canary{item.entity}{item.place.replace(' ', '')} ".replace("_", "")
        for item in company.items
        if item.path in PATHS[:4] and not company.may(role, "view", item)
    ]
    answers: list[Any] = []
    with company.site.read(company.principal(role)) as session:
        for path in PATHS:
            rtype = company.rtype(path)
            expand = [each.name for each in rtype.fields if each.on_demand]
            query = Query(limit=200, expand=tuple(expand))
            items = service.list_records(session, rtype, query).items
            answers.append(items)
            answers += [service.history(session, rtype, UUID(each["id"])) for each in items[:5]]
    text = repr(answers).lower()
    assert [word for word in hidden if word in text] == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", PATHS)
def test_creating_takes_the_right(company: Company, role: str, path: str) -> None:
    data: dict[str, Any] = {
        "contacts": {"given": "New"},
        "counterparties": {"display_name": "New"},
        "activities": {"kind": "note"},
    }.get(path, {"name": "New"})
    rtype = company.rtype(path)
    allowed = role not in ("auditor",) if path in PATHS[:4] else role == "administrator"
    with company.site.write(company.principal(role)) as session, undone(session):
        if not allowed:
            with pytest.raises(Forbidden):
                service.create_record(session, rtype, data)
            return
        made = service.create_record(session, rtype, data)
        shown = service.get_record(session, rtype, made.id)
        if path in PATHS[:4]:
            assert shown["owner"]["id"] == str(company.users[role])


def test_negative_control_without_the_row_rules_the_matrix_fails(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScopedSession, "criteria", lambda self, model: None)
    foreign = company.of("contacts", "foreign")
    with company.site.read(company.principal("manager")) as session:
        rtype = company.rtype("contacts")
        assert service.get_record(session, rtype, foreign.id)["id"] == str(foreign.id)
    monkeypatch.undo()
    with company.site.read(company.principal("manager")) as session, pytest.raises(NotFound):
        service.get_record(session, rtype, foreign.id)
